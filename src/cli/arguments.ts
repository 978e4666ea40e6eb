import { parseArgs } from 'node:util';
import { parseLongDuration } from '../config/duration.ts';
import { SnapshotError } from '../errors.ts';
import type { Selection } from '../inventory/selection.ts';

export const DEFAULT_CONFIG_PATH = '/etc/vault.d/snapshot.json';
const DEFAULT_PREFIX_DEPTH = 2;

interface Common {
  readonly configPath: string;
  readonly envFile: string | undefined;
  readonly json: boolean;
}

interface AtDestinations extends Common {
  /** Undefined: all of them. */
  readonly destination: string | undefined;
}

/** What was asked for on the command line. */
export type Command =
  | ({ readonly verb: 'daemon' | 'once' } & Common)
  | ({ readonly verb: 'check'; readonly offline: boolean } & Common)
  | ({ readonly verb: 'list' } & AtDestinations)
  | ({
      readonly verb: 'inspect';
      /** One, or two to compare: files or names. */
      readonly archives: readonly string[];
      readonly prefixDepth: number;
      /** A word that could be a file or a name is then a name. */
      readonly isConfigGiven: boolean;
    } & AtDestinations)
  | ({
      readonly verb: 'verify';
      /** Instead of what is at destinations. */
      readonly file: string | undefined;
      readonly selection: Selection;
      readonly maxAgeMs: number | undefined;
      readonly isRecording: boolean;
    } & AtDestinations)
  | ({
      readonly verb: 'prune';
      readonly isDryRun: boolean;
      /** Instead of the configured fuse; 0: none. */
      readonly maxDeletes: number | undefined;
    } & AtDestinations)
  | { readonly verb: 'help' }
  | { readonly verb: 'version' };

export const VERBS = ['check', 'list', 'inspect', 'verify', 'prune', 'help', 'version'] as const;
/** Words that messages of ours name already, or will: never taken for the path of a file. */
const LATER_VERBS = ['status', 'init', 'import', 'restore', 'drill', 'bootstrap'];

export const OPTIONS = {
  config: { type: 'string' },
  'env-file': { type: 'string' },
  once: { type: 'boolean' },
  json: { type: 'boolean' },
  offline: { type: 'boolean' },
  destination: { type: 'string' },
  'prefix-depth': { type: 'string' },
  snapshot: { type: 'string' },
  all: { type: 'boolean' },
  newest: { type: 'string' },
  sample: { type: 'string' },
  'max-age': { type: 'string' },
  'no-record': { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  'max-deletes': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/** Flags that only some verbs take. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  offline: ['check'],
  destination: ['list', 'inspect', 'verify', 'prune'],
  'prefix-depth': ['inspect'],
  snapshot: ['verify'],
  all: ['verify'],
  newest: ['verify'],
  sample: ['verify'],
  'max-age': ['verify'],
  'no-record': ['verify'],
  'dry-run': ['prune'],
  'max-deletes': ['prune'],
};

/** Wrong use is a SnapshotError `usage`. */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parseStrictly(argv);
  const [first, ...rest] = positionals;
  const verb = VERBS.find((known) => known === first);
  if (values.help || verb === 'help') return { verb: 'help' };
  if (values.version || verb === 'version') return { verb: 'version' };

  if (first !== undefined && LATER_VERBS.includes(first)) throw usage(`${first}: this version does not have it yet`);
  for (const [flag, owners] of Object.entries(OWNERS)) {
    if (flag in values && !owners.includes(verb ?? '')) throw usage(`--${flag} belongs to ${owners.join(', ')}`);
  }
  if (verb !== undefined && values.once) throw usage(`${verb} does not take --once`);
  // Their arguments are archives; the configuration has its flag.
  const takesArchives = verb === 'inspect' ? 2 : verb === 'verify' ? 1 : 0;
  const [bare, unexpected] = takesArchives > 0 ? [undefined, rest[takesArchives]] : verb === undefined ? positionals : rest;
  if (unexpected !== undefined) throw usage(`unexpected argument: ${JSON.stringify(unexpected)}`);
  if ((values.config ?? bare) === '') throw usage('the path of the configuration is empty');
  if (bare !== undefined && values.config !== undefined) throw usage(`unexpected argument beside --config: ${JSON.stringify(bare)}`);
  const common = { configPath: values.config ?? bare ?? DEFAULT_CONFIG_PATH, envFile: values['env-file'], json: values.json ?? false };
  const there = { ...common, destination: values.destination };

  if (verb === 'check') return { verb, ...common, offline: values.offline ?? false };
  if (verb === 'list') return { verb, ...there };
  if (verb === 'inspect') {
    const prefixDepth = parseCount('prefix-depth', values['prefix-depth']) ?? DEFAULT_PREFIX_DEPTH;
    const isConfigGiven = values.config !== undefined || values.destination !== undefined;
    return { verb, ...there, archives: rest.length > 0 ? rest : ['latest'], prefixDepth, isConfigGiven };
  }
  if (verb === 'verify') return { verb, ...there, ...parseVerify(rest[0], values) };
  if (verb === 'prune') return { verb, ...there, isDryRun: values['dry-run'] ?? false, maxDeletes: parseCount('max-deletes', values['max-deletes']) };
  if (values.json && !values.once) throw usage('--json belongs to --once or a verb');
  return { verb: values.once ? 'once' : 'daemon', ...common };
}

type Values = ReturnType<typeof parseStrictly>['values'];

function parseVerify(file: string | undefined, values: Values) {
  const chosen = (['snapshot', 'all', 'newest', 'sample'] as const).filter((flag) => flag in values);
  if (chosen.length > 1) throw usage(`--${chosen[1]} does not go with --${chosen[0]}`);
  const besides = (['config', 'destination', 'max-age', 'no-record', ...chosen] as const).find((flag) => flag in values);
  if (file !== undefined && besides !== undefined) throw usage(`--${besides} does not go with a file: ${JSON.stringify(file)}`);
  return { file, selection: parseSelection(values), maxAgeMs: parseAge(values['max-age']), isRecording: !values['no-record'] };
}

function parseSelection(values: Values): Selection {
  if (values.all) return { kind: 'all' };
  const count = parseCount('newest', values.newest);
  if (count !== undefined) return { kind: 'newest', count };
  const percent = parseCount('sample', values.sample?.replace(/%$/, ''));
  if (percent !== undefined && (percent < 1 || percent > 100)) throw usage(`--sample: must be a percentage from 1 to 100, got ${percent}`);
  if (percent !== undefined) return { kind: 'sample', percent };
  const name = values.snapshot ?? 'latest';
  return name === 'latest' ? { kind: 'latest' } : { kind: 'name', name };
}

function parseAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ns = parseLongDuration(text);
  if (ns !== undefined && ns > 0n) return Number(ns / 1_000_000n);
  throw usage(`--max-age: must be a duration such as 26h or 8d, got ${JSON.stringify(text)}`);
}

function parseCount(flag: string, text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw usage(`--${flag}: must be a whole number of 0 or more, got ${JSON.stringify(text)}`);
}

function parseStrictly(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // Node explains at length how to pass such a thing as a positional; the first sentence is enough.
    const [sentence = text] = text.split('. ');
    throw usage(sentence.charAt(0).toLowerCase() + sentence.slice(1), error);
  }
}

function usage(message: string, cause?: unknown): SnapshotError {
  return new SnapshotError('usage', message, cause === undefined ? {} : { cause });
}
