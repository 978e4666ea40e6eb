import { bytesOf } from '../observability/units.ts';
import type { Inspection, PrefixCount } from '../snapshot/inspection.ts';
import { exactNumber, type Manifest } from '../snapshot/manifest.ts';
import { alignColumns } from './units.ts';

/** One archive that was looked into. */
export interface Inspected {
  readonly name: string;
  /** Undefined where it is not known. */
  readonly size: number | undefined;
  readonly manifest: Manifest | undefined;
  readonly inspection: Inspection;
  /** When it was proved again; none for a file. */
  readonly records: readonly InspectedRecord[];
  /** The oldest snapshot at the destinations that has the same unseal keys. */
  readonly sealSince: { readonly destination: string; readonly manifest: Manifest } | undefined;
}

export interface InspectedRecord {
  readonly key: string;
  readonly at: string;
}

/** Of an archive as a whole, name and value, so that two can be set side by side. */
function factsOf({ size, manifest, inspection, records, sealSince }: Inspected): readonly (readonly [string, string])[] {
  const { meta, state, sha256, versions } = inspection;
  const seal = state?.seal;
  const servers = meta?.servers.map(({ id, voter }) => (voter ? id : `${id} (no voter)`)).join(', ');
  return [
    ['complete', inspection.damage ? 'no' : 'yes'],
    ['size', size === undefined ? '-' : `${size} bytes (${bytesOf(size)})`],
    ['sha256', sha256 ?? '-'],
    ['raft index', `${meta?.index ?? '-'}`],
    ['raft term', `${meta?.term ?? '-'}`],
    ['raft servers', servers || '-'],
    ['server', serverOf(versions, manifest)],
    ['seal', seal ? `${seal.type}, ${seal.threshold} of ${seal.shares} shares` : '-'],
    ['seal fingerprint', state?.sealFingerprint ?? '-'],
    ...(sealSince
      ? [['these unseal keys', `since ${sealSince.manifest.taken_at} at least: ${sealSince.manifest.key} at ${sealSince.destination}`] as const]
      : []),
    ['entries', `${state?.entries ?? '-'}`],
    ...(records.length > 0 ? [['proved again', records.map(({ at }) => at).join(', ')] as const] : []),
    ...(manifest ? manifestFacts(manifest) : []),
  ];
}

function manifestFacts(manifest: Manifest): readonly (readonly [string, string])[] {
  return [
    ['taken', `${manifest.taken_at} by ${manifest.node}`],
    ['cluster', `${manifest.cluster_name} ${manifest.cluster_id}`],
  ];
}

/** OpenBao left Vault at 1.14 and counts from 2.0, where Vault arrived later: its versions alone do not tell the two apart. */
function serverOf(versions: readonly string[], manifest: Manifest | undefined): string {
  const list = versions.length === 0 ? '' : `led by ${versions.join(', ')}`;
  const product = productOf(versions, manifest);
  if (manifest) return `${manifest.product} ${manifest.server_version}${list && `, ${list}`}`;
  return product === null ? list && `Vault or OpenBao, ${list}` : `${product}, ${list}`;
}

function productOf(versions: readonly string[], manifest: Manifest | undefined): string | null {
  if (manifest) return manifest.product;
  return versions.length > 0 && versions.every((version) => version.startsWith('1.')) ? 'vault' : null;
}

export function renderText(all: readonly Inspected[]): string {
  const [one, other] = all;
  if (!one) return '';
  return other ? renderDifference(one, other) : renderOne(one);
}

function renderOne(inspected: Inspected): string {
  const { members, prefixes, damage } = inspected.inspection;
  const facts = alignColumns([['archive', inspected.name], ...factsOf(inspected)]);
  const memberLines = alignColumns([['MEMBER', 'BYTES', 'SHA256'], ...members.map(({ name, bytes, sha256 }) => [name, `${bytes}`, sha256])]);
  const prefixLines = alignColumns([['PREFIX', 'ENTRIES', 'BYTES'], ...prefixes.map(({ prefix, entries, bytes }) => [prefix, `${entries}`, `${bytes}`])]);
  const problems = problemsOf(inspected);
  const hint = damage ? ['what follows the damage is not counted here'] : [];
  return [...facts, '', ...memberLines, '', ...prefixLines, ...(problems.length > 0 ? ['', ...problems.map((text) => `problem: ${text}`), ...hint] : [])]
    .map((line) => `${line}\n`)
    .join('');
}

/** Every fact of both, those that differ marked; then the prefixes that grew or shrank, the largest change first. */
function renderDifference(one: Inspected, other: Inspected): string {
  const others = new Map(factsOf(other));
  const names = [...new Set([...factsOf(one).map(([name]) => name), ...others.keys()])];
  const ones = new Map(factsOf(one));
  const rows = names.map((name) => [ones.get(name) === others.get(name) ? ' ' : '*', name, ones.get(name) ?? '-', others.get(name) ?? '-']);
  const facts = alignColumns([[' ', 'archive', one.name, other.name], ...rows]);
  const changes = differences(one.inspection.prefixes, other.inspection.prefixes);
  const changeRows = changes.map(({ prefix, entries, bytes }) => [prefix, signed(entries), signed(bytes)]);
  const changed = changes.length === 0 ? ['no prefix has more or fewer entries or bytes'] : alignColumns([['PREFIX', 'ENTRIES', 'BYTES'], ...changeRows]);
  const problems = [one, other].flatMap((each) => problemsOf(each).map((text) => `problem: ${each.name}: ${text}`));
  return [...facts, '', ...changed, ...(problems.length > 0 ? ['', ...problems] : [])].map((line) => `${line}\n`).join('');
}

/** What the second has more, or fewer. */
function differences(before: readonly PrefixCount[], after: readonly PrefixCount[]): readonly PrefixCount[] {
  const changes = new Map(after.map((count) => [count.prefix, count]));
  for (const { prefix, entries, bytes } of before) {
    const now = changes.get(prefix) ?? { prefix, entries: 0, bytes: 0 };
    changes.set(prefix, { prefix, entries: now.entries - entries, bytes: now.bytes - bytes });
  }
  return [...changes.values()]
    .filter(({ entries, bytes }) => entries !== 0 || bytes !== 0)
    .sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes) || (a.prefix < b.prefix ? -1 : 1));
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : `${value}`;
}

function problemsOf({ manifest, inspection }: Inspected): readonly string[] {
  const { damage, sha256, state } = inspection;
  if (damage) return [damage.message];
  const isAnother = manifest !== undefined && manifest.archive_sha256 !== sha256;
  return [...(state?.suspicious ?? []), ...(isAnother ? [`its manifest is of an archive with the sha256 ${manifest.archive_sha256}`] : [])];
}

export function renderJson(all: readonly Inspected[]): string {
  const [one, other] = all;
  if (!one) return '';
  if (!other) return `${JSON.stringify(toJson(one))}\n`;
  return `${JSON.stringify({ archives: [toJson(one), toJson(other)], difference: differences(one.inspection.prefixes, other.inspection.prefixes) })}\n`;
}

function toJson(inspected: Inspected): object {
  const { name, size, manifest, inspection, records, sealSince } = inspected;
  const since = sealSince ? { destination: sealSince.destination, key: sealSince.manifest.key, taken_at: sealSince.manifest.taken_at } : null;
  const { meta, members, state, sha256, versions, prefixes, damage } = inspection;
  return {
    archive: { name, bytes: size ?? null, sha256: sha256 ?? null, members },
    complete: damage === undefined,
    meta: meta ? { index: exactNumber(meta.index), term: exactNumber(meta.term), state_bytes: meta.stateBytes, servers: meta.servers } : null,
    state: state ? { entries: state.entries, suspicious: damage ? [] : state.suspicious, prefixes } : null,
    seal: { ...(state?.seal ?? { type: null, shares: null, threshold: null }), fingerprint: state?.sealFingerprint ?? null, since },
    server: { product: productOf(versions, manifest), versions },
    manifest: manifest ?? null,
    records,
    problems: problemsOf(inspected),
  };
}
