import { corrupt } from './archive-checks.ts';
import type { ArchiveMeta, Proof } from './proof.ts';

type Fields = Readonly<Record<string, unknown>>;

/** meta.json; every whole number is read as a bigint, for an index may lie beyond 2^53. */
export function parseMeta(json: string): ArchiveMeta {
  const meta = parseJson(json);
  if (!meta) throw corrupt('meta.json', 'a JSON object', 'something else');
  if (meta.Version !== 1n) throw corrupt('meta.json', 'Version 1', String(meta.Version));
  const stateBytes = wholeNumber(meta, 'Size', 0n);
  if (stateBytes > BigInt(Number.MAX_SAFE_INTEGER)) throw corrupt('meta.json', 'a possible Size', `${stateBytes}`);
  return { index: wholeNumber(meta, 'Index', 1n), term: wholeNumber(meta, 'Term', 0n), stateBytes: Number(stateBytes), servers: parseServers(meta) };
}

/** SHA256SUMS: the sums by name. The server writes the two lines in any order. */
export function parseSums(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n');
  const sums = new Map<string, string>();
  for (const line of lines.slice(0, -1)) {
    const [, sum, name] = /^([0-9a-f]{64}) {2}(meta\.json|state\.bin)$/.exec(line) ?? [];
    if (!sum || !name || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');
    sums.set(name, sum);
  }
  if (sums.size !== 2 || lines.at(-1) !== '') throw corrupt('SHA256SUMS', 'two whole lines', `${sums.size}`);
  return sums;
}

/** The value of core/seal-config. Where it is none, because a server wraps it, it is none of our business. */
export function parseSealConfig(json: string): Proof['seal'] {
  const config = parseJson(json);
  const [type, shares, threshold] = [config?.type, config?.secret_shares, config?.secret_threshold];
  if (typeof type !== 'string' || typeof shares !== 'bigint' || typeof threshold !== 'bigint') return undefined;
  return { type, shares: Number(shares), threshold: Number(threshold) };
}

/** Undefined for what is no JSON object. */
function parseJson(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json, (_key, parsed: unknown, context?: { readonly source?: string }) =>
      typeof parsed === 'number' && /^\d+$/.test(context!.source!) ? BigInt(context!.source!) : parsed,
    );
    return isFields(value) ? value : undefined;
  } catch (error) {
    // A RangeError: nested deeper than the stack reaches.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function wholeNumber(meta: Fields, name: string, least: bigint): bigint {
  const value = meta[name];
  if (typeof value === 'bigint' && value >= least && value < 2n ** 64n) return value;
  throw corrupt('meta.json', `${name} of at least ${least}`, String(value));
}

/** Who was a member then. A help for people, so what is not readable is left out. */
function parseServers(meta: Fields): ArchiveMeta['servers'] {
  const servers = isFields(meta.Configuration) ? meta.Configuration.Servers : undefined;
  if (!Array.isArray(servers)) return [];
  return servers.filter(isFields).flatMap(({ ID, Suffrage }) => (typeof ID === 'string' ? [{ id: ID, voter: Suffrage === 0n }] : []));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
