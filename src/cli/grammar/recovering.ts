import { address } from '../../config/address.ts';
import { COLD_ENDS, CONFIG_ENDS, CONFIGURED, JSON_REPORT, STOP_ENDS, STORAGE_ENDS, THAW, VAULT_ENDS } from './common.ts';
import { choice, duration, keyed, text, time } from './flag.ts';
import type { Verb } from './verb.ts';

export const RESTORE = {
  summary: 'bring a server back to a snapshot',
  story:
    'The snapshot is read and proved first, then compared with the server and shown as a plan. Nothing is touched before every guard agrees and the name of the ' +
    'cluster is typed. A snapshot of the server as it is comes first: the way back. Then it sends, waits until the server has really applied it, and tells what is left to do.',
  flags: {
    ...CONFIGURED,
    destination: text('NAME', 'take it from this destination; if nothing is said, from any that has it whole'),
    bucket: text('BUCKET', 'take it from the destinations in this bucket or container'),
    to: text('URL', 'the server to restore into: the leader itself'),
    snapshot: text('NAME', 'the snapshot of this name; "latest" is the newest proved one'),
    before: time('TIME', 'the newest proved one from before, such as 2026-01-02T03:04:05Z'),
    file: text('FILE', 'a snapshot in a file of this host', 'file'),
    confirm: text('CLUSTER', 'the name of the cluster that is overwritten, instead of typing it'),
    lose: duration('D', 'how much time of work may be lost; 1d if nothing is said'),
    force: { doc: 'although the server was rekeyed since: it will open with the shares of before' },
    foreign: { doc: 'although the server is another cluster; never on more than one server' },
    'cluster-id': text('ID', 'the cluster the snapshot is of, where no manifest tells it'),
    'dry-run': { doc: 'show the plan and the guards; nothing is touched' },
    safety: text('PLACE', 'the destination, or the directory with a "/" in its path, for the snapshot that is taken first'),
    'no-safety-snapshot': { doc: 'take none: there is no way back' },
    unseal: { doc: 'unseal the restored server with "recovery.shares" of the configuration' },
    ...THAW,
    'thaw-wait': duration('D', 'wait so long for it instead of ending'),
    'check-canary': { doc: 'read the canary of the snapshot back in the end' },
    'restore-timeout': duration('D', 'how long the server may take to apply it; 15m if nothing is said'),
    ...JSON_REPORT,
  },
  apart: ['snapshot', 'before', 'file'],
  needs: { 'thaw-wait': 'thaw' },
  example: {
    asked: 'vault-snapshotd restore --to https://vault-1:8200 --snapshot latest --dry-run',
    prints: `restore: local: raft_snapshot-1767323045000000000.snap into https://vault-1:8200

                SNAPSHOT                      SERVER
cluster         vault-cluster-1fa0a37c        vault-cluster-1fa0a37c
taken           2026-01-02 03:04:05Z (35m)    now
…
ok    guard: age: 35 min of work will be lost`,
  },
  ok: 'restored and proved; with --dry-run: it would be sent',
  ends: [
    ...CONFIG_ENDS,
    'refused',
    'cluster_mismatch',
    'server_too_old',
    ...COLD_ENDS,
    'not_found',
    'archive_corrupt',
    'server_refused',
    'upload_cut',
    'restore_timeout',
    'target_lost',
    'wrong_unseal_keys',
    'level_installed',
    'level_unsealed',
    ...VAULT_ENDS,
    'spool_no_space',
    ...STORAGE_ENDS,
    ...STOP_ENDS,
  ],
} as const satisfies Verb;

export const DRILL = {
  summary: 'try a snapshot out on a server that is thrown away',
  story:
    'The snapshot is read, proved and restored into an empty server of your own vault or bao, which can reach nothing and is gone afterwards. It is opened with ' +
    '"recovery.shares", and its canary, and what "drill" lists in the configuration, is read back. A drill never takes an older snapshot in place of a bad one.',
  flags: {
    ...CONFIGURED,
    destination: text('NAME', 'take it from this destination; if nothing is said, from any that has it whole'),
    snapshot: text('NAME', 'the snapshot of this name; "latest", the newest proved one, if nothing is said'),
    file: text('FILE', 'a snapshot in a file of this host', 'file'),
    level: choice('LEVEL', 'how far to go; canary-read if nothing is said', ['verified', 'installed', 'unsealed', 'canary-read']),
    'server-binary': text('FILE', 'the vault or bao to restore with', 'file'),
    address: keyed('URL', 'an empty server to restore into instead; you keep it apart and throw it away', address),
    'max-age': duration('D', 'how old the canary may be; "drill.max_age" of the configuration if nothing is said'),
    'restore-timeout': duration('D', 'how long the server may take to apply it; 15m if nothing is said'),
    ...THAW,
    'write-canary': { doc: 'write a new canary into the copy in the end, and read it back' },
    'no-record': { doc: 'write no record of it beside the snapshot' },
    'dry-run': { doc: 'only read the snapshot, and see whether a drill could be done here' },
    ...JSON_REPORT,
  },
  apart: ['snapshot', 'file'],
  example: {
    asked: 'vault-snapshotd drill --config /etc/vault.d/recovery.json',
    prints: `drill: local: raft_snapshot-1767323045000000000.snap, 35m old: canary-read
      restored in 19 s, canary 35m old and equal`,
  },
  ok: 'the wanted level is proved; with --dry-run: it could be done here',
  ends: [
    ...CONFIG_ENDS,
    'refused',
    'cluster_mismatch',
    'server_too_old',
    ...COLD_ENDS,
    'egress_open',
    'no_namespace',
    'stale',
    'canary_stale',
    'level_verified',
    'level_installed',
    'level_unsealed',
    'not_found',
    'archive_corrupt',
    'init_failed',
    'server_exited',
    'server_refused',
    'restore_timeout',
    'seal_config_differs',
    'wrong_unseal_keys',
    'node_removed',
    'audit_blocked',
    'no_token',
    'canary_missing',
    'canary_differs',
    'check_failed',
    'spool_no_space',
    ...STORAGE_ENDS,
    ...STOP_ENDS,
  ],
} as const satisfies Verb;
