export interface LoggedEvent {
  readonly level: string;
  /** Those it has besides `event`; most failures have `code`, `error` and `advice`. */
  readonly fields: string;
  readonly means: string;
  readonly remedy: string;
}

const FAILURE = 'code, error, advice';
const NOTHING = 'nothing to do';
const BY_CODE = 'act on `advice`; [errors.md](errors.md) has each `code`';

/** Every line there is, by its `event`. The names never change their meaning. */
export const EVENTS = {
  started: {
    level: 'info',
    fields: 'version, config, vault, destinations, state',
    means: 'The daemon works with this configuration; of a reload, the new one has been read.',
    remedy: NOTHING,
  },
  config_warning: { level: 'warn', fields: '', means: 'Something in the configuration is better changed; the message says what.', remedy: 'change it' },
  config_reloaded: { level: 'info', fields: 'path', means: 'From now on the new configuration counts.', remedy: NOTHING },
  reload_refused: {
    level: 'error',
    fields: FAILURE,
    means: 'The file was read again and is no good, or cannot be served. The old configuration goes on.',
    remedy: 'correct it as `vault-snapshotd check --offline` says, then reload again',
  },
  listening: { level: 'info', fields: 'address', means: 'Metrics and status are served at the address of `listen`.', remedy: NOTHING },
  lock_failed: {
    level: 'warn',
    fields: 'code, error, advice',
    means: 'The state directory takes no lock: a second daemon there would not be noticed.',
    remedy: 'look at `error`; the file system must take sockets',
  },
  status_socket_failed: {
    level: 'warn',
    fields: FAILURE,
    means: 'The socket in the state directory cannot be made: `status` will find nobody. Rounds go on.',
    remedy: BY_CODE,
  },
  answer_failed: {
    level: 'error',
    fields: 'path, code, error',
    means: 'Who asked for that path got a 500.',
    remedy: 'report it: it is a fault of the program',
  },
  notify_failed: {
    level: 'warn',
    fields: 'error',
    means: '`systemd-notify` cannot be run: systemd hears nothing, and will kill the unit when its watchdog waits.',
    remedy: 'install it (it belongs to systemd), or remove `WatchdogSec=` and `Type=notify`',
  },
  spool_in_memory: {
    level: 'warn',
    fields: 'path',
    means: 'The spool lies on a tmpfs, so each snapshot takes its size in memory while a round runs.',
    remedy: 'point `spool_path` at a disk',
  },
  history_ignored: { level: 'warn', fields: 'path, error', means: 'The record of past rounds cannot be read; a new one is begun.', remedy: NOTHING },
  history_failed: {
    level: 'warn',
    fields: 'path, error',
    means: 'Past rounds cannot be noted down, so a restart will forget them. Said once until it works again.',
    remedy: 'free space where the state directory lies, or mend its permissions',
  },
  leadership: { level: 'debug', fields: 'role, reason', means: 'Who leads, and by what this was decided; when that changes.', remedy: NOTHING },
  standby: { level: 'info', fields: 'reason', means: 'A round was due, but another node leads: it takes the snapshot.', remedy: NOTHING },
  next_round: { level: 'debug', fields: 'at', means: 'The daemon waits.', remedy: NOTHING },
  trigger_ignored: { level: 'warn', fields: '', means: 'SIGUSR1 came while a round ran.', remedy: 'send it again after the round, if you still want one' },
  tick_skipped: {
    level: 'warn',
    fields: 'destination, skipped',
    means: 'A round took longer than the interval; those due meanwhile are skipped, not made up for.',
    remedy: 'lengthen `frequency`, or find what is slow',
  },
  round_progress: { level: 'info', fields: '', means: '`--once` says how far it is, every ten seconds.', remedy: NOTHING },
  round_done: {
    level: 'info',
    fields: 'outcome, name, size, sha256, index, term, cluster_id, vault_version, delivered, missed, pruned',
    means: 'A snapshot was taken and proved. `outcome=partial`: a destination has it not, see `destination_missed`.',
    remedy: NOTHING,
  },
  round_failed: { level: 'error', fields: `stage, ${FAILURE}`, means: 'There is no snapshot of this round anywhere. It is tried again soon.', remedy: BY_CODE },
  snapshot_delivered: {
    level: 'info',
    fields: 'destination, location, key, size, ms',
    means: 'This destination has it, read back and with its manifest.',
    remedy: NOTHING,
  },
  destination_missed: {
    level: 'error',
    fields: `destination, stage, ${FAILURE}`,
    means: 'This destination has not the snapshot of this round.',
    remedy: BY_CODE,
  },
  upload_retry: {
    level: 'warn, debug after the first of a round',
    fields: 'destination, code, error, delay_ms',
    means: 'A try failed; the next one reads the spool from its first byte.',
    remedy: 'nothing, unless `destination_missed` follows',
  },
  alias_failed: {
    level: 'error',
    fields: `destination, key, ${FAILURE}`,
    means: 'The snapshot is there under its own name, but the alias still holds an older one.',
    remedy: BY_CODE,
  },
  readback_denied: {
    level: 'warn',
    fields: `destination, key, ${FAILURE}`,
    means: 'The snapshot is written and its manifest says `read_back: false`: the credentials may not read it, so nobody has compared it.',
    remedy: '`verify` it with credentials that may read, from another host; or let these read',
  },
  intent_failed: { level: 'warn', fields: FAILURE, means: 'A kill just now would leave a snapshot without a manifest.', remedy: BY_CODE },
  spool_left: { level: 'warn', fields: FAILURE, means: 'The working copy of the round is still on the disk; the next start removes it.', remedy: BY_CODE },
  leftover_removed: {
    level: 'warn',
    fields: 'what',
    means: 'A process was killed in the middle of its work; what it left is gone.',
    remedy: 'find out what killed it',
  },
  snapshot_adopted: {
    level: 'info',
    fields: 'destination, key',
    means: 'A kill came between commit and manifest; the snapshot was read back and has one.',
    remedy: NOTHING,
  },
  canary_written: { level: 'debug', fields: 'mount, path, kv_version, value', means: 'Vault holds the canary that a restore will look for.', remedy: NOTHING },
  canary_failed: { level: 'warn', fields: FAILURE, means: 'The snapshot goes without a canary: a restore of it can prove less.', remedy: BY_CODE },
  keys_changed: {
    level: 'warn',
    fields: 'destination, before, seal_fingerprint',
    means: 'Vault was rekeyed: older snapshots open with the unseal keys of before only.',
    remedy: 'keep the old keys as long as those snapshots',
  },
  snapshot_kept: { level: 'debug', fields: 'destination, key, reasons', means: 'Why `retain` keeps it.', remedy: NOTHING },
  snapshot_pruned: { level: 'info', fields: 'destination, key, reason', means: 'It is deleted, because `retain` keeps it no longer.', remedy: NOTHING },
  snapshot_locked: {
    level: 'info',
    fields: 'destination, count, key, reason',
    means: 'An object lock keeps what would be deleted; it goes when the lock ends.',
    remedy: NOTHING,
  },
  prune_frozen: {
    level: 'warn',
    fields: 'destination, reason',
    means: 'Something is wrong with what is stored there, so nothing is deleted.',
    remedy: 'clear up `reason`; [retention.md](retention.md) has them all',
  },
  prune_postponed: {
    level: 'warn',
    fields: 'destination, deleted, postponed',
    means: 'More is to go than one round may delete.',
    remedy: '`prune`, or a larger `max_deletes`',
  },
  prune_failed: {
    level: 'warn',
    fields: `destination, key, ${FAILURE}`,
    means: 'It could not be deleted, or nothing could be listed; the next round tries again.',
    remedy: BY_CODE,
  },
  look_failed: { level: 'warn', fields: `what, ${FAILURE}`, means: 'What is stored there, or in the spool, could not be seen. Rounds go on.', remedy: BY_CODE },
  cluster_assumed: {
    level: 'warn',
    fields: 'cluster_id, code, error',
    means: '`prune` could not ask Vault which cluster this is, and goes by `cluster.id`.',
    remedy: NOTHING,
  },
  snapshot_verified: {
    level: 'info',
    fields: 'destination, key, bytes, ms',
    means: '`verify_schedule`: a stored snapshot was read back in full and is whole.',
    remedy: NOTHING,
  },
  snapshot_damaged: {
    level: 'error',
    fields: `destination, key, ${FAILURE}`,
    means: '`verify_schedule`: a stored snapshot is not what was proved. It is left there.',
    remedy: 'see with `vault-snapshotd list` where else it is, and copy it from there; find out what changed it',
  },
  verify_warning: {
    level: 'warn',
    fields: 'destination, key, warning',
    means: 'Something about a stored snapshot is odd besides, or no record of its verification could be written.',
    remedy: 'read `warning`',
  },
  snapshot_unread: {
    level: 'warn',
    fields: `destination, key, ${FAILURE}`,
    means: 'A stored snapshot could not be read to its end, which says nothing about it. Up to three tries, a round between them.',
    remedy: BY_CODE,
  },
  drill_done: {
    level: 'info',
    fields: 'key, level, seconds, rto_seconds',
    means: '`drill_schedule`: the newest snapshot was tried out on a server that is thrown away.',
    remedy: NOTHING,
  },
  drill_failed: {
    level: 'error',
    fields: `key, level, seconds, ${FAILURE}`,
    means: '`drill_schedule`: a restore of the newest snapshot does not work.',
    remedy: BY_CODE,
  },
  drill_warning: { level: 'warn', fields: 'warning', means: 'Something about a restore drill is odd, or is left of it.', remedy: 'read `warning`' },
  vault_login: { level: 'debug', fields: 'method, life_ms', means: 'A login gave a token.', remedy: NOTHING },
  vault_token_renewed: { level: 'debug', fields: 'life_ms', means: 'The token lives on.', remedy: NOTHING },
  vault_token_not_revoked: { level: 'debug', fields: 'code', means: 'At the end, our own token could not be revoked; it ends by itself.', remedy: NOTHING },
  vault_token_trouble: {
    level: 'warn',
    fields: 'code, reason, advice',
    means: 'The token cannot be renewed, or no new one can be had. Said once for each `code`.',
    remedy: BY_CODE,
  },
  vault_token_recovered: { level: 'info', fields: '', means: 'The trouble with the token is over.', remedy: NOTHING },
  vault_clock_skew: {
    level: 'warn',
    fields: 'skew_seconds',
    means: 'The clocks of this host and of Vault are more than a minute apart.',
    remedy: 'set both by NTP',
  },
  storage_unconditional: {
    level: 'warn',
    fields: 'destination',
    means: 'The store ignores `If-None-Match`; a look before each commit replaces it.',
    remedy: 'nothing, if nobody else writes there',
  },
  storage_sdk: { level: 'warn, debug', fields: 'destination, said', means: 'The SDK of AWS says something.', remedy: NOTHING },
  ping_sent: { level: 'debug', fields: 'target, about, round', means: 'A dead man’s switch was told.', remedy: NOTHING },
  ping_failed: {
    level: 'warn, debug after the first of a round',
    fields: `target, about, round, ${FAILURE}`,
    means: 'It was not told, and will raise the alarm if that goes on.',
    remedy: BY_CODE,
  },
  webhook_sent: { level: 'debug', fields: 'target, about, round', means: 'A webhook was told.', remedy: NOTHING },
  webhook_failed: { level: 'warn, debug after the first of a round', fields: `target, about, round, ${FAILURE}`, means: 'It was not told.', remedy: BY_CODE },
  textfile_failed: {
    level: 'warn',
    fields: 'path, error',
    means: 'The file for node_exporter cannot be written. Said once until it works again.',
    remedy: 'see `ReadWritePaths=` and the permissions of its directory',
  },
} as const satisfies Readonly<Record<string, LoggedEvent>>;
