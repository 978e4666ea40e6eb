import { type Figures, ratioToCurl, runsOf, type SizeFigures, spreadOf, TITLES, type WayName } from './figures.ts';

const SHOWN: readonly WayName[] = ['curl', 'save-rclone', 'save-restic', 'pipe', 'local', 's3', 'four'];
const [LABEL_WIDTH, PANEL_WIDTH, BAR_WIDTH, ROW_HEIGHT, TOP] = [390, 210, 140, 24, 64];
const [OURS, OTHERS] = ['#1f6f5c', '#9aa5b1'];

interface Panel {
  readonly title: string;
  readonly of: (name: WayName) => number | undefined;
  readonly write: (value: number) => string;
}

/** Bars for the largest size that every way was measured at. */
export function renderPicture({ sizes }: Figures): string {
  const size = sizes.filter((one) => runsOf(one, 'four').length > 0).at(-1) ?? sizes.at(-1);
  if (size === undefined) return '<svg xmlns="http://www.w3.org/2000/svg"/>\n';
  const names = SHOWN.filter((name) => runsOf(size, name).length > 0);
  const panels = panelsOf(size);
  const [width, height] = [LABEL_WIDTH + panels.length * PANEL_WIDTH, TOP + names.length * ROW_HEIGHT + 16];
  const labels = names.map((name, row) => text(12, TOP + row * ROW_HEIGHT + 15, TITLES[name].replaceAll('`', '')));
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-labelledby="title">`,
    '<title id="title">Time, connection to Vault, memory and wait of a seal, for each way of taking a snapshot</title>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(12, 24, `A snapshot of ${size.snapshotMb} MB, shorter is better`, 'font-size="15" font-weight="bold"'),
    ...labels,
    ...panels.flatMap((panel, nth) => bars(panel, names, LABEL_WIDTH + nth * PANEL_WIDTH)),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

function panelsOf(size: SizeFigures): readonly Panel[] {
  const times = (value: number) => `${value.toFixed(2)} ×`;
  return [
    { title: 'time, to curl', of: (name) => ratioToCurl(size, name, 'wallSeconds').median, write: times },
    { title: 'Vault held, to curl', of: (name) => ratioToCurl(size, name, 'vaultSeconds').median, write: times },
    { title: 'memory', of: (name) => spreadOf(runsOf(size, name).map(({ peakMb }) => peakMb)).median, write: (value) => `${value} MB` },
    {
      title: 'a seal waits, stores at 5 MB/s',
      of: (name) => size.seals.find((seal) => seal.name === name)?.seconds,
      write: (value) => `${value.toFixed(1)} s`,
    },
  ];
}

function bars({ title, of, write }: Panel, names: readonly WayName[], x: number): readonly string[] {
  const most = Math.max(...names.map((name) => of(name) ?? 0), Number.MIN_VALUE);
  const rows = names.flatMap((name, row) => {
    const [value, y] = [of(name), TOP + row * ROW_HEIGHT];
    if (value === undefined) return [text(x, y + 15, '–')];
    const width = Math.max(1, Math.round((value / most) * BAR_WIDTH));
    const isOurs = name === 'local' || name === 's3' || name === 'four';
    return [
      `<rect x="${x}" y="${y + 3}" width="${width}" height="${ROW_HEIGHT - 8}" fill="${isOurs ? OURS : OTHERS}"/>`,
      text(x + width + 5, y + 15, write(value)),
    ];
  });
  return [text(x, TOP - 10, title, 'font-weight="bold"'), ...rows];
}

function text(x: number, y: number, content: string, more = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" fill="#1b1f24"${more && ` ${more}`}>${escaped}</text>`;
}
