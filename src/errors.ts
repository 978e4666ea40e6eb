/** What a code means to whoever meets it: how the process ends, whether waiting can help, what to do. */
interface CodeMeaning {
  readonly exitCode: number;
  readonly isRetryable: boolean;
  readonly advice: string;
}

/** The one table. Codes are public: they stand in reports, logs and docs, and never change their meaning. */
export const ERROR_CODES = {
  failed: { exitCode: 1, isRetryable: false, advice: 'read the lines above this one in the journal' },
  usage: { exitCode: 2, isRetryable: false, advice: 'run "vault-snapshotd help" for the commands and flags' },
  partial: { exitCode: 3, isRetryable: false, advice: 'the snapshot is safe elsewhere; mend the destinations named as missed' },
  internal: { exitCode: 70, isRetryable: false, advice: 'this is a fault of vault-snapshotd: please report it with the log' },
  stopped_int: { exitCode: 130, isRetryable: false, advice: 'it was stopped before its end; run it again' },
  stopped: { exitCode: 143, isRetryable: false, advice: 'it was stopped before its end; run it again' },

  config_invalid: { exitCode: 78, isRetryable: false, advice: 'correct the configuration; "vault-snapshotd check --offline" reads it again' },
  config_unreadable: { exitCode: 78, isRetryable: false, advice: 'check that the file exists and that the user of the service may read it' },
  secret_unavailable: { exitCode: 78, isRetryable: true, advice: 'check that the file, variable or credential exists and is readable' },

  vault_unreachable: { exitCode: 69, isRetryable: true, advice: 'check that Vault runs and that "addr" is its listener' },
  vault_tls: { exitCode: 69, isRetryable: true, advice: 'set "tls": {"ca_cert": …} to the CA that signed the certificate of Vault' },
  vault_sealed: { exitCode: 69, isRetryable: true, advice: 'unseal Vault' },
  vault_uninitialized: { exitCode: 69, isRetryable: true, advice: 'initialise Vault, or restore a snapshot into it' },
  vault_no_leader: { exitCode: 69, isRetryable: true, advice: 'the cluster has no leader: look at the other servers' },
  vault_standby: { exitCode: 69, isRetryable: true, advice: 'set "addr" to the listener of the Vault on this host, not to a load balancer' },
  vault_not_raft: { exitCode: 78, isRetryable: false, advice: 'raft snapshots need integrated storage: storage "raft" in the configuration of Vault' },
  vault_denied: { exitCode: 77, isRetryable: false, advice: 'the token needs: path "sys/storage/raft/snapshot" { capabilities = ["read"] }' },
  vault_login_failed: { exitCode: 77, isRetryable: false, advice: 'check role_id, secret_id and the mount of the auth method' },
  vault_rate_limited: { exitCode: 75, isRetryable: true, advice: 'exempt the address of this host from the rate limit quota' },
  vault_error: { exitCode: 69, isRetryable: true, advice: 'look at the log of Vault' },
  vault_bad_answer: { exitCode: 69, isRetryable: true, advice: 'something between here and Vault answers in its place: set "addr" to the listener of Vault' },
  vault_cut: { exitCode: 69, isRetryable: true, advice: 'the connection ended before the archive did: look at the log of Vault and at proxies in between' },
  vault_stalled: { exitCode: 69, isRetryable: true, advice: 'Vault sent nothing for too long; a very large or slow Vault needs a longer "stall_timeout"' },

  archive_corrupt: { exitCode: 65, isRetryable: true, advice: 'what Vault sent is not a whole snapshot: look at the log of Vault and at proxies in between' },
  archive_stale: { exitCode: 65, isRetryable: true, advice: 'the snapshot is older than what the leader had applied: set "addr" to the leader itself' },
  round_timeout: { exitCode: 75, isRetryable: true, advice: 'give the round more time with "snapshot_timeout", or find what is slow in the lines above' },
  spool_no_space: { exitCode: 73, isRetryable: true, advice: 'free space where "spool_path" lies, or move it' },
  spool_failed: { exitCode: 74, isRetryable: true, advice: 'check the directory of "spool_path": it must exist, be writable and lie on a sound disk' },
  listen_failed: {
    exitCode: 73,
    isRetryable: true,
    advice: 'another program listens there, or it is no address of this host: choose another "listen"',
  },

  storage_denied: { exitCode: 77, isRetryable: false, advice: 'give the user or key of this destination the right to create, read, list and delete' },
  storage_unavailable: { exitCode: 69, isRetryable: true, advice: 'check that the destination is up and reachable' },
  storage_no_space: { exitCode: 73, isRetryable: true, advice: 'free space at the destination or lower "retain"' },
  storage_failed: { exitCode: 74, isRetryable: true, advice: 'look at the destination itself: its disk, its log' },
  storage_exists: {
    exitCode: 73,
    isRetryable: false,
    advice: 'an object of this name is there already and is never replaced; is another daemon writing to the same place?',
  },
  storage_mismatch: { exitCode: 65, isRetryable: true, advice: 'what was read back is not what was written: check the disk or store of this destination' },
  storage_unsupported: { exitCode: 78, isRetryable: false, advice: 'the destination lacks what a safe commit needs: the line names it; use another one' },
  storage_misconfigured: { exitCode: 78, isRetryable: false, advice: 'correct the block of this destination; "vault-snapshotd check" tries it' },
  storage_locked: {
    exitCode: 1,
    isRetryable: false,
    advice: 'a lock or hold at the destination keeps this object; it is deleted once that has run out',
  },

  not_carried: { exitCode: 3, isRetryable: false, advice: 'decide by hand what becomes of the places named; the rest was converted' },
  notify_failed: { exitCode: 69, isRetryable: true, advice: 'check that the address of "notify" can be reached from this host' },
  notify_refused: { exitCode: 78, isRetryable: false, advice: 'the address or what belongs to it is wrong: correct it under "notify"' },

  no_daemon: { exitCode: 69, isRetryable: true, advice: 'start the daemon; if it runs, ask as its user or as root, with its configuration' },
  not_found: { exitCode: 1, isRetryable: false, advice: 'list the destination: the snapshot asked for is not there' },
  stale: { exitCode: 4, isRetryable: false, advice: 'all is well but too old: find out why no newer snapshot was taken' },
  refused: { exitCode: 5, isRetryable: false, advice: 'a guard refused; nothing was touched' },
  cluster_mismatch: { exitCode: 5, isRetryable: false, advice: 'this is another cluster than the one configured: check "addr" and "cluster"' },
  object_cold: { exitCode: 5, isRetryable: false, advice: 'the object lies in cold storage: --thaw asks for it, or name one that does not' },
  object_thawing: { exitCode: 75, isRetryable: true, advice: 'it is on its way: run the same command again then; "restore" waits for it with --thaw-wait' },
  server_too_old: { exitCode: 5, isRetryable: false, advice: 'restore into a server of the version of the snapshot, or a newer one of the same product' },
  server_refused: { exitCode: 1, isRetryable: false, advice: 'nothing was changed; the words of the server tell why, and its log tells more' },
  upload_cut: { exitCode: 1, isRetryable: false, advice: 'nothing was changed; raise "http_read_timeout" in the listener of the server and run it again' },
  restore_timeout: { exitCode: 1, isRetryable: false, advice: 'look at the log of the server; do not send it again before you know what became of it' },
  target_lost: { exitCode: 1, isRetryable: false, advice: 'restart the server and see which keys open it: those of before, or those of the snapshot' },
  wrong_unseal_keys: { exitCode: 1, isRetryable: false, advice: 'give the shares that were in use when the snapshot was taken' },
  node_removed: { exitCode: 1, isRetryable: false, advice: 'start again on an empty server whose "node_id" is one of the raft servers of the snapshot' },
  no_token: { exitCode: 1, isRetryable: false, advice: 'configure a login that the snapshot itself knows, or allow generate-root on the restored server' },
  canary_missing: {
    exitCode: 1,
    isRetryable: false,
    advice: 'what was written right before the snapshot is not in the restored server: take another snapshot',
  },
  canary_differs: { exitCode: 1, isRetryable: false, advice: 'the restored server holds another state than the snapshot: take another snapshot, find out why' },
  canary_stale: { exitCode: 4, isRetryable: false, advice: 'the newest snapshot is too old: find out why no newer one was taken' },
  egress_open: { exitCode: 5, isRetryable: false, advice: 'a copy of a cluster that can reach others revokes their leases: shut that way, then run it again' },
  no_namespace: {
    exitCode: 5,
    isRetryable: false,
    advice: 'allow user namespaces to this user, or cut the host off yourself and say so with "drill": {"isolation": "external"}',
  },
  server_exited: { exitCode: 1, isRetryable: false, advice: 'the last words of the server tell why it ended' },
  init_failed: { exitCode: 1, isRetryable: false, advice: 'look at the words of the server: it must be empty, and its seal must work here' },
  seal_config_differs: { exitCode: 1, isRetryable: false, advice: 'what the server took is not this snapshot: look at its version, and at the snapshot' },
  audit_blocked: {
    exitCode: 1,
    isRetryable: false,
    advice: 'an audit device of the snapshot cannot be opened here: name the directory of its file in "drill": {"private_dirs": […]}',
  },
  check_failed: { exitCode: 1, isRetryable: false, advice: 'what was to be in the snapshot is not there: look at Vault itself, and at older snapshots' },
  no_snapshot: { exitCode: 1, isRetryable: false, advice: 'if there never was one, initialise the server by hand; else look at the destinations' },
  no_good_snapshot: {
    exitCode: 1,
    isRetryable: false,
    advice: 'every one that was tried is damaged or not there: name another with --snapshot, or try more with --fallback; "vault-snapshotd list" shows them',
  },
  source_alive: { exitCode: 5, isRetryable: false, advice: 'stop the old cluster for good first: two copies would both revoke the leases, and drift apart' },
  daemon_running: {
    exitCode: 75,
    isRetryable: true,
    advice: 'stop the other daemon, or give this one a "spool_path" of its own; "--once" may run beside it',
  },
  bootstrap_running: { exitCode: 5, isRetryable: true, advice: 'let it end; if it waits for people, unseal the server as it says' },
  lease_denied: {
    exitCode: 77,
    isRetryable: false,
    advice: 'give its service account a Role with the verbs get, create and update on leases of coordination.k8s.io: docs/bootstrap.md',
  },
  lease_unavailable: { exitCode: 69, isRetryable: true, advice: 'check that the API server of Kubernetes can be reached from this pod, and is well' },
  lease_lost: {
    exitCode: 5,
    isRetryable: true,
    advice: 'another one is at work now; if this server was initialised by then, empty it: bootstrap --clean --data-dir DIR',
  },
  seal_mismatch: { exitCode: 1, isRetryable: false, advice: 'give the server the key of the source in its "seal" stanza, empty it, and run this again' },
  half_done: { exitCode: 1, isRetryable: false, advice: 'stop the server, empty it with "bootstrap --clean --data-dir DIR", start it, and run this again' },
  level_verified: { exitCode: 10, isRetryable: false, advice: 'only the archive was proved; the wanted level was not reached' },
  level_installed: { exitCode: 11, isRetryable: false, advice: 'restored but sealed: give the shares to go further' },
  level_unsealed: { exitCode: 12, isRetryable: false, advice: 'restored and unsealed, but the canary could not be read' },
} as const satisfies Record<string, CodeMeaning>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Every failure an operator can meet. Its message names the thing first; the advice comes from the table or is more exact. */
export class SnapshotError extends Error {
  readonly code: ErrorCode;
  readonly advice: string;
  /** What the other side asked for; 0 if nothing. */
  readonly retryAfterMs: number;

  constructor(code: ErrorCode, message: string, options: { readonly cause?: unknown; readonly advice?: string; readonly retryAfterMs?: number } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'SnapshotError';
    this.code = code;
    this.advice = options.advice ?? ERROR_CODES[code].advice;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exitCode;
  }

  get isRetryable(): boolean {
    return ERROR_CODES[this.code].isRetryable;
  }
}

/** Anything thrown, as one of ours; what is not ours is a fault of this program. */
export function toSnapshotError(thrown: unknown): SnapshotError {
  if (thrown instanceof SnapshotError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new SnapshotError('internal', message, { cause: thrown });
}

/** Why a signal ended the work: its own reason if that is one of ours, else that time ran out or somebody said stop. */
export function abortReason(signal: AbortSignal): SnapshotError {
  const { reason } = signal;
  if (reason instanceof SnapshotError) return reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') return new SnapshotError('round_timeout', 'time ran out', { cause: reason });
  return new SnapshotError('stopped', 'stopped before its end', { cause: reason });
}
