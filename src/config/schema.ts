import { listenTable, watchTable } from '../observability/listen-config.ts';
import { notifyTable } from '../observability/notify/config.ts';
import { DEFAULT_NAME_TEMPLATE, NAME_FIELDS } from '../snapshot/name.ts';
import { drillScheduleTable, drillTable } from '../throwaway/drill-config.ts';
import { canaryTable } from '../vault/canary-config.ts';
import { recoveryTable } from '../vault/shares-config.ts';
import { address } from './address.ts';
import type { Table } from './format.ts';
import { absolutePath, choice, duration, flag, frequencyDuration, mount, text, timezone, uuid, wholeNumber } from './formats.ts';
import { nameTemplate } from './name-template-format.ts';
import { retain } from './retain-format.ts';
import { secret } from './secret-format.ts';
import { verifyTable } from './verification.ts';

const atLeastOneSecond = duration({ atLeastMs: 1_000, hasDays: true });

const NAME_FIELD_LIST = Object.entries(NAME_FIELDS)
  .map(([field, meaning]) => `\`{${field}}\` (${meaning})`)
  .join(', ');

const vaultTable = {
  addr: {
    doc: 'The listener of the Vault on this host, not a load balancer.',
    format: address,
    since: 'ancestor',
    default: 'https://127.0.0.1:8200',
    env: ['BAO_ADDR', 'VAULT_ADDR'],
    example: 'https://127.0.0.1:8200',
  },
  namespace: {
    doc: 'The namespace to log in to. It goes with logins only: snapshots belong to the root namespace.',
    format: text,
    since: 'new',
    env: ['BAO_NAMESPACE', 'VAULT_NAMESPACE'],
  },
  leader_check: {
    doc: 'How to find out that this host is the leader: `auto`, by address (`ip`), by what Vault says of itself (`is_self`), or not at all (`off`).',
    format: choice('auto', 'ip', 'is_self', 'off'),
    since: 'new',
    default: 'auto',
  },
  skip_ssl_verify: { doc: 'The same as `tls.skip_verify`.', format: flag, since: 'fork' },
} as const satisfies Table;

export const authTable = {
  vault_auth_method: {
    doc: 'How to log in: `approle`, `kubernetes` (also `k8s`) or `token`. Left out or empty, it follows from the keys that are there, as with the ancestor.',
    format: choice('approle', 'k8s', 'kubernetes', 'token'),
    since: 'ancestor',
  },
  role_id: { doc: 'AppRole: the role id.', format: secret, since: 'ancestor', example: { file: '/etc/vault.d/snapshot-role-id' } },
  secret_id: {
    doc: 'AppRole: the secret id. Leave it out for a role with `bind_secret_id=false`.',
    format: secret,
    since: 'ancestor',
    example: { credential: 'secret_id' },
  },
  secret_id_wrapped: { doc: 'AppRole: `secret_id` is a response-wrapping token that holds the secret id.', format: flag, since: 'new', default: false },
  approle: { doc: 'AppRole: the path the auth method is mounted at.', format: mount, since: 'ancestor', default: 'approle' },
  k8s_auth_role: {
    doc: 'Kubernetes: the role.',
    format: text,
    since: 'ancestor',
    aliases: ['vault_auth_role'],
  },
  k8s_auth_path: {
    doc: 'Kubernetes: the path the auth method is mounted at, without `auth/`.',
    format: mount,
    since: 'ancestor',
    aliases: ['vault_auth_path'],
  },
  k8s_jwt_path: {
    doc: 'Kubernetes: the file of the service account token, read again at each login.',
    format: absolutePath,
    since: 'new',
    default: '/var/run/secrets/kubernetes.io/serviceaccount/token',
  },
  token_path: {
    doc: 'A file with a token, for example the sink of a Vault Agent. Given, AppRole is skipped. Read again when it changes.',
    format: absolutePath,
    since: 'new',
  },
  token: {
    doc: 'A token. The environment counts only when the file has no other way to log in.',
    format: secret,
    since: 'fork',
    env: ['BAO_TOKEN', 'VAULT_TOKEN'],
  },
} as const satisfies Table;

const tlsTable = {
  ca_cert: {
    doc: 'PEM file of the CA that signed the certificate of Vault.',
    format: absolutePath,
    since: 'new',
    env: ['BAO_CACERT', 'VAULT_CACERT'],
    example: '/etc/vault.d/ca.pem',
  },
  ca_path: { doc: 'Directory of PEM files, as `ca_cert`.', format: absolutePath, since: 'new', env: ['BAO_CAPATH', 'VAULT_CAPATH'] },
  client_cert: {
    doc: 'PEM file of the certificate this host shows to Vault.',
    format: absolutePath,
    since: 'new',
    env: ['BAO_CLIENT_CERT', 'VAULT_CLIENT_CERT'],
  },
  client_key: { doc: 'PEM file of the key of `client_cert`.', format: absolutePath, since: 'new', env: ['BAO_CLIENT_KEY', 'VAULT_CLIENT_KEY'] },
  server_name: {
    doc: 'The name to look for in the certificate of Vault, when `addr` is an address it does not hold.',
    format: text,
    since: 'new',
    env: ['BAO_TLS_SERVER_NAME', 'VAULT_TLS_SERVER_NAME'],
  },
  skip_verify: {
    doc: 'Talk to whoever answers, as the ancestor always did. Whoever sits in between can then take the token and all secrets.',
    format: flag,
    since: 'new',
    default: false,
    env: ['BAO_SKIP_VERIFY', 'VAULT_SKIP_VERIFY'],
  },
} as const satisfies Table;

const roundTable = {
  frequency: {
    doc: 'The time from one snapshot to the next, from start to start.',
    format: frequencyDuration,
    since: 'ancestor',
    default: '1h',
    example: '1h',
  },
  schedule: { doc: 'A cron expression of five or six fields, instead of `frequency`.', format: text, since: 'new' },
  timezone: {
    doc: 'The time zone `schedule` and `verify_schedule` are meant in. A run in the hour that is left out in spring comes right after it; one in the hour that comes twice runs once, unless it is hourly.',
    format: timezone,
    since: 'new',
    default: 'UTC',
  },
  jitter: {
    doc: 'Each round starts later by a random time up to this one, so that many clusters do not start at once.',
    format: duration({ atLeastMs: 0, hasDays: true }),
    since: 'new',
    default: '0s',
  },
  retain: {
    doc: 'How many snapshots each destination keeps: the newest N, or a policy. 0 keeps everything.',
    format: retain,
    since: 'ancestor',
    default: 0,
    example: { last: 24, daily: 14, weekly: 8, monthly: 12 },
  },
  max_deletes: {
    doc: 'The most snapshots one round may delete at each destination, the oldest first; the rest goes in later rounds. 0: any number.',
    format: wholeNumber,
    since: 'new',
    defaultNote: 'a tenth of what is there, but at least 10',
  },
  snapshot_timeout: {
    doc: 'The longest a whole round may take, delivery included.',
    format: atLeastOneSecond,
    since: 'fork',
    defaultNote: 'the interval, but from 5m to 1h',
  },
  stall_timeout: { doc: 'A transfer that moves no byte for this long is given up.', format: atLeastOneSecond, since: 'new', default: '60s' },
  stop_grace: {
    doc: 'How long a round may go on after the stop signal. The unit must allow more.',
    format: duration({ atLeastMs: 0, hasDays: true }),
    since: 'new',
    default: '90s',
  },
  spool_path: {
    doc: 'Directory for the one working copy of a running round.',
    format: absolutePath,
    since: 'new',
    defaultNote: 'the state directory of the service',
  },
  name_template: {
    doc: `The name of a snapshot, with ${NAME_FIELD_LIST}. It needs a time, and \`.snap\` at its end.`,
    format: nameTemplate,
    since: 'new',
    default: DEFAULT_NAME_TEMPLATE,
  },
  daemon: { doc: '`false`: take one snapshot, then end, as `--once` does.', format: flag, since: 'fork', default: true },
} as const satisfies Table;

const clusterTable = {
  name: {
    doc: 'What the cluster is called in names, labels and pages.',
    format: text,
    since: 'new',
    defaultNote: 'the cluster_name of Vault',
    example: 'production',
  },
  id: { doc: 'Pins the cluster_id: snapshots of another cluster are refused.', format: uuid, since: 'new' },
} as const satisfies Table;

const logTable = {
  level: { doc: 'The least important lines to write.', format: choice('debug', 'info', 'warn', 'error'), since: 'new', default: 'info' },
  format: { doc: '`text`, `json`, or `auto`.', format: choice('auto', 'text', 'json'), since: 'new', default: 'auto' },
} as const satisfies Table;

/** What stands at the top of the file, beside the blocks. */
export const topTable = { ...vaultTable, ...authTable, ...roundTable, ...verifyTable, ...drillScheduleTable, ...watchTable } as const satisfies Table;

/** The same by subject, for the reference. */
export const TOP_GROUPS: readonly { readonly title: string; readonly table: Table }[] = [
  { title: 'Vault', table: vaultTable },
  { title: 'Logging in', table: authTable },
  { title: 'Rounds', table: roundTable },
  { title: 'Verifying what is stored', table: verifyTable },
  { title: 'Drills', table: drillScheduleTable },
  { title: 'Watching it', table: watchTable },
];

/** The blocks that are no destinations. */
export const SECTIONS = {
  tls: tlsTable,
  cluster: clusterTable,
  log: logTable,
  listen: listenTable,
  notify: notifyTable,
  canary: canaryTable,
  recovery: recoveryTable,
  drill: drillTable,
} as const satisfies Readonly<Record<string, Table>>;

/** Sections that may be written as one string, and the key it stands for. */
export const SHORTHANDS: Readonly<Record<string, string | undefined>> = { listen: 'address' };

/** Keys of the forks that cannot be honoured, and what replaces them. */
export const REPLACED_KEYS: Readonly<Record<string, string>> = {
  file_encryption_pass:
    'snapshots are not encrypted a second time; their secrets are already encrypted by Vault: remove it and use encryption at the destination (s3_server_side_encryption)',
  swift_storage: 'Swift has no storage of its own here: use aws_storage with the S3 interface of Swift as s3_endpoint',
};
