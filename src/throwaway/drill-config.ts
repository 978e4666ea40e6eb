import type { Format, Table } from '../config/format.ts';
import { absolutePath, choice, duration, mount, text } from '../config/formats.ts';
import type { SecretSource } from '../config/secret.ts';
import { secret } from '../config/secret-format.ts';
import type { Contents } from '../recovery/drill-checks.ts';

/** How a snapshot is tried out on a server that is thrown away. */
export interface DrillSettings {
  /** Undefined: as the snapshot's product is called, from PATH. */
  readonly binary: string | undefined;
  readonly sealFile: string | undefined;
  readonly isolation: 'namespace' | 'external';
  readonly probe: readonly HostPort[];
  /** What it needs, the KMS of its seal. */
  readonly allow: readonly HostPort[];
  readonly privateDirectories: readonly string[];
  /** An identity in the snapshot. */
  readonly login: { readonly mount: string; readonly roleId: SecretSource; readonly secretId: SecretSource | undefined } | undefined;
  readonly contents: Contents;
  readonly maxAgeMs: number;
  readonly timeoutMs: number;
  readonly pingUrl: SecretSource | undefined;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const hostPort: Format<HostPort> = {
  rule: '"host:port"',
  jsonSchema: { type: 'string' },
  parse(json) {
    const [, inBrackets, name, digits] = (json.kind === 'string' && /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(json.value)) || [];
    const port = Number(digits);
    if (!(port >= 1 && port <= 65_535)) return { remedy: 'write for example "db.example.com:5432"' };
    return { value: { host: inBrackets ?? name ?? '', port }, shown: `${inBrackets ?? name}:${port}` };
  },
};

function listOf<T>(one: Format<T>): Format<readonly T[]> {
  return {
    rule: `a list, each ${one.rule}`,
    jsonSchema: { type: 'array', items: one.jsonSchema },
    parse(json, env) {
      if (json.kind !== 'list') return { remedy: 'write a list, also of one' };
      const parsed = json.items.map((item) => one.parse(item, env));
      const wrong = parsed.find((item) => 'remedy' in item);
      if (wrong && 'remedy' in wrong) return wrong;
      const sound = parsed.flatMap((item) => ('remedy' in item ? [] : [item]));
      return { value: sound.map(({ value }) => value), shown: sound.map(({ shown }) => shown).join(', ') };
    },
  };
}

/** For drills, whoever runs them. */
export const drillTable = {
  binary: {
    doc: 'The `vault` or `bao` that a snapshot is restored with: not older than the servers it was taken from.',
    format: absolutePath,
    since: 'new',
    defaultNote: 'by the product of the snapshot, from `PATH`',
  },
  seal_file: {
    doc: 'A file with the `seal` stanza that opens the snapshot, for a cluster with auto-unseal. Its KMS must be in reach, so it goes with `external` only.',
    format: absolutePath,
    since: 'new',
  },
  isolation: {
    doc: 'How the server is kept from reaching anything: in a user and network namespace of its own (`namespace`), or by you (`external`).',
    format: choice('namespace', 'external'),
    since: 'new',
    default: 'namespace',
  },
  probe: {
    doc: 'Addresses that the server must not reach, besides `addr`: a drill that finds one open ends before the server starts.',
    format: listOf(hostPort),
    since: 'new',
  },
  allow: {
    doc: 'Addresses that the server must reach, as the KMS of `seal_file`, even where `probe` or `addr` names them. A drill that cannot ends before it starts. Only with `external`.',
    format: listOf(hostPort),
    since: 'new',
  },
  private_dirs: {
    doc: 'Directories the server is to see empty and may write to, such as those of the audit logs of the cluster. They must exist; only with `namespace`.',
    format: listOf(absolutePath),
    since: 'new',
  },
  role_id: {
    doc: 'AppRole inside the snapshot: the role id of an identity that may only read. It must not be bound to addresses.',
    format: secret,
    since: 'new',
  },
  secret_id: { doc: 'AppRole inside the snapshot: the secret id, one that does not expire.', format: secret, since: 'new' },
  approle: { doc: 'AppRole inside the snapshot: the path it is mounted at.', format: mount, since: 'new', default: 'approle' },
  mounts: { doc: 'Secret engines that must be there, by their paths.', format: listOf(text), since: 'new' },
  auth: { doc: 'Auth methods that must be there, by their paths.', format: listOf(text), since: 'new' },
  policies: { doc: 'Policies that must be there.', format: listOf(text), since: 'new' },
  paths: { doc: 'Paths that must be readable, as in `secret/data/team/app`.', format: listOf(text), since: 'new' },
  max_age: {
    doc: 'How old the canary may be or, where there is none, the snapshot.',
    format: duration({ atLeastMs: 1_000, hasDays: true }),
    since: 'new',
    default: '8d',
  },
  timeout: { doc: 'How long a whole drill may take.', format: duration({ atLeastMs: 1_000, hasDays: true }), since: 'new', default: '30m' },
  ping_url: { doc: 'The ping address of a check that hears of each drill; `/fail` is added for one that failed.', format: secret, since: 'new' },
} as const satisfies Table;

/** At the top of the file. */
export const drillScheduleTable = {
  drill_schedule: {
    doc: 'A cron expression: when the node that leads tries the newest snapshot out by itself, as `drill` does. Without shares that ends at the level `installed`.',
    format: text,
    since: 'new',
  },
} as const satisfies Table;
