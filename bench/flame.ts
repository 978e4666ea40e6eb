import { basename } from 'node:path';

/** What `node --cpu-prof` writes, as far as it is read here. */
export interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** A function under its caller, with all that it called. */
interface Frame {
  readonly name: string;
  ms: number;
  readonly callees: Map<string, Frame>;
}

const [WIDTH, ROW, TOP, LEAST_SHARE] = [1200, 16, 40, 0.002];
const COLOURS = { node: '#b9c3cd', runtime: '#e0a458', ours: '#6fb7a4' };

export function nameOf({ callFrame: { functionName, url } }: ProfileNode): string {
  return `${functionName || '(anonymous)'} ${basename(url)}`.trim();
}

/** Milliseconds each node was seen at work itself. */
export function selfMs({ samples, timeDeltas }: Profile): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  for (const [nth, id] of samples.entries()) times.set(id, (times.get(id) ?? 0) + (timeDeltas[nth] ?? 0) / 1000);
  return times;
}

/** Callers above, what they called below, as wide as the time it took; idling is left out. */
export function renderFlame(profile: Profile, title: string): string {
  const root = gather(profile);
  const rows: string[] = [];
  const depth = draw(root, { x: 0, row: 0, scale: WIDTH / root.ms, all: root.ms }, rows);
  const height = TOP + (depth + 1) * ROW + 8;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11" role="img" aria-labelledby="title">`,
    `<title id="title">${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="8" y="22" font-size="15" font-weight="bold">${escaped(title)}: ${Math.round(root.ms)} ms on the main thread</text>`,
    ...rows,
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

function gather(profile: Profile): Frame {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const times = selfMs(profile);
  const add = (node: ProfileNode, into: Frame): number => {
    const name = nameOf(node);
    if (name === '(idle)') return 0;
    const frame = into.callees.get(name) ?? { name, ms: 0, callees: new Map() };
    into.callees.set(name, frame);
    const below = (node.children ?? []).map((id) => add(nodes.get(id)!, frame)).reduce((sum, ms) => sum + ms, 0);
    const ms = (times.get(node.id) ?? 0) + below;
    frame.ms += ms;
    return ms;
  };
  const all: Frame = { name: 'all', ms: 0, callees: new Map() };
  all.ms = add(profile.nodes[0]!, all);
  return all.callees.get('(root)') ?? all;
}

/** Resolves with how deep it went. */
function draw(frame: Frame, place: { readonly x: number; readonly row: number; readonly scale: number; readonly all: number }, rows: string[]): number {
  const width = frame.ms * place.scale;
  const y = TOP + place.row * ROW;
  const share = `${frame.name}: ${frame.ms.toFixed(1)} ms, ${((100 * frame.ms) / place.all).toFixed(1)} %`;
  const box = `<rect x="${place.x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colourOf(frame.name)}"/>`;
  const fits = Math.floor((width - 4) / 6);
  const label = fits < 3 ? '' : `<text x="${(place.x + 2).toFixed(1)}" y="${y + 11}">${escaped(frame.name.slice(0, fits))}</text>`;
  rows.push(`<g><title>${escaped(share)}</title>${box}${label}</g>`);
  let [x, deepest] = [place.x, place.row];
  for (const callee of [...frame.callees.values()].sort((a, b) => b.ms - a.ms)) {
    if (callee.ms / place.all < LEAST_SHARE) continue;
    deepest = Math.max(deepest, draw(callee, { ...place, x, row: place.row + 1 }, rows));
    x += callee.ms * place.scale;
  }
  return deepest;
}

/** The runtime's own work, Node's, and the program's with its packages. */
function colourOf(name: string): string {
  if (/^\((root|program|garbage collector)\)/.test(name)) return COLOURS.runtime;
  return /\.(js|ts)$/.test(name) ? COLOURS.ours : COLOURS.node;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
