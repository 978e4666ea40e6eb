import { parseArgs } from 'node:util';
import { SnapshotError } from '../errors.ts';

const DEFAULT_CONFIG_PATH = '/etc/vault.d/snapshot.json';

/** What was asked for on the command line. */
export type Command =
  | { readonly verb: 'daemon' | 'once'; readonly configPath: string; readonly envFile: string | undefined; readonly json: boolean }
  | { readonly verb: 'check'; readonly configPath: string; readonly envFile: string | undefined; readonly json: boolean; readonly offline: boolean }
  | {
      readonly verb: 'prune';
      readonly configPath: string;
      readonly envFile: string | undefined;
      readonly json: boolean;
      /** Undefined: all of them. */
      readonly destination: string | undefined;
      readonly isDryRun: boolean;
      /** Instead of the configured fuse; 0: none. */
      readonly maxDeletes: number | undefined;
    }
  | { readonly verb: 'help' }
  | { readonly verb: 'version' };

const VERBS = ['check', 'prune', 'help', 'version'] as const;
/** Words that messages of ours name already, or will: never taken for the path of a file. */
const LATER_VERBS = ['list', 'inspect', 'verify', 'status', 'init', 'import', 'restore', 'drill', 'bootstrap'];

const OPTIONS = {
  config: { type: 'string' },
  'env-file': { type: 'string' },
  once: { type: 'boolean' },
  json: { type: 'boolean' },
  offline: { type: 'boolean' },
  destination: { type: 'string' },
  'dry-run': { type: 'boolean' },
  'max-deletes': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

/** Flags that one verb alone takes. */
const OWNERS = { offline: 'check', destination: 'prune', 'dry-run': 'prune', 'max-deletes': 'prune' } as const;

export const HELP = `vault-snapshotd: proved raft snapshots of Vault and OpenBao

usage
  vault-snapshotd [--config FILE] [--env-file FILE]                 run as a daemon
  vault-snapshotd --once [--config FILE] [--json]                   take one snapshot now, if this host leads
  vault-snapshotd check [--config FILE] [--offline] [--json]        show the configuration in effect and ask Vault
  vault-snapshotd prune [--config FILE] [--destination NAME]        delete what "retain" keeps no longer
                        [--dry-run] [--max-deletes N] [--json]
  vault-snapshotd help | version

flags
  --config FILE     default ${DEFAULT_CONFIG_PATH}; a bare first argument is taken as FILE too
  --env-file FILE   variables for what the environment leaves out
  --once            one round: exit 0 taken or standby, 3 some destinations missed, 1 or the cause's code failed
  --json            the report on stdout as one JSON object; log lines stay on stderr
  --offline         check only reads the configuration: exit 0 or 78
  --destination     prune only there
  --dry-run         prune deletes nothing and shows each snapshot with its reasons
  --max-deletes     prune deletes at most so many at each destination, instead of "max_deletes"; 0 is any number

signals
  SIGTERM, SIGINT   end, after the round in progress if it can within "stop_grace"; a second one ends at once
  SIGHUP            read the configuration again; a bad one is refused and the old one goes on
  SIGUSR1           take a snapshot now
`;

/** Wrong use is a SnapshotError `usage`. */
export function parseCommand(argv: readonly string[]): Command {
  const { values, positionals } = parseStrictly(argv);
  const [first, ...rest] = positionals;
  const verb = VERBS.find((known) => known === first);
  if (values.help || verb === 'help') return { verb: 'help' };
  if (values.version || verb === 'version') return { verb: 'version' };

  if (first !== undefined && LATER_VERBS.includes(first)) throw new SnapshotError('usage', `${first}: this version does not have it yet`);
  const [bare, unexpected] = verb === undefined ? positionals : rest;
  if (unexpected !== undefined) throw new SnapshotError('usage', `unexpected argument: ${JSON.stringify(unexpected)}`);
  if (bare !== undefined && values.config !== undefined) throw new SnapshotError('usage', `unexpected argument beside --config: ${JSON.stringify(bare)}`);
  const common = { configPath: values.config ?? bare ?? DEFAULT_CONFIG_PATH, envFile: values['env-file'], json: values.json ?? false };

  for (const [flag, owner] of Object.entries(OWNERS)) {
    if (flag in values && verb !== owner) throw new SnapshotError('usage', `--${flag} belongs to ${owner}`);
  }
  if (verb !== undefined && values.once) throw new SnapshotError('usage', `${verb} does not take --once`);
  if (verb === 'check') return { verb, ...common, offline: values.offline ?? false };
  if (verb === 'prune')
    return { verb, ...common, destination: values.destination, isDryRun: values['dry-run'] ?? false, maxDeletes: parseCount(values['max-deletes']) };
  if (values.json && !values.once) throw new SnapshotError('usage', '--json belongs to --once, check or prune');
  return { verb: values.once ? 'once' : 'daemon', ...common };
}

function parseCount(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new SnapshotError('usage', `--max-deletes: must be a whole number of 0 or more, got ${JSON.stringify(text)}`);
}

function parseStrictly(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    // Node explains at length how to pass such a thing as a positional; the first sentence is enough.
    const [sentence = text] = text.split('. ');
    throw new SnapshotError('usage', sentence.charAt(0).toLowerCase() + sentence.slice(1), { cause: error });
  }
}
