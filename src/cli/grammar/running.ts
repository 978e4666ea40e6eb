import { CONFIG_ARGUMENT, CONFIG_ENDS, CONFIGURED, JSON_REPORT, STOP_ENDS, STORAGE_ENDS, VAULT_ENDS } from './common.ts';
import type { Verb } from './verb.ts';

export const DAEMON = {
  summary: 'take snapshots for ever; meant if no command is given',
  story:
    'SIGTERM and SIGINT end it, after the round in progress if it can within "stop_grace"; a second one ends it at once. ' +
    'SIGHUP reads the configuration again; a bad one is refused and the old one goes on. SIGUSR1 takes a snapshot now.',
  argument: CONFIG_ARGUMENT,
  flags: {
    ...CONFIGURED,
    once: { doc: 'one round now, if this host leads, and then the end' },
    json: { doc: 'with --once: the report on stdout as one JSON object; log lines stay on stderr' },
  },
  needs: { json: 'once' },
  example: {
    asked: 'vault-snapshotd --once --json',
    prints: '{"outcome":"taken","name":"raft_snapshot-1767323045000000000.snap","size":31846,…}',
  },
  ok: 'stopped; with --once: a snapshot was taken, or another host leads and has to',
  ends: [
    ...CONFIG_ENDS,
    'partial',
    'failed',
    ...VAULT_ENDS,
    'archive_corrupt',
    'round_timeout',
    'daemon_running',
    'spool_no_space',
    'spool_failed',
    ...STORAGE_ENDS,
    ...STOP_ENDS,
  ],
} as const satisfies Verb;

export const CHECK = {
  summary: 'show the configuration, ask Vault, try each destination',
  story: 'Each destination gets a small object that is listed, read back and removed again.',
  argument: CONFIG_ARGUMENT,
  flags: { ...CONFIGURED, offline: { doc: 'only read the configuration; nobody is asked' }, ...JSON_REPORT },
  example: {
    asked: 'vault-snapshotd check --offline',
    prints: `addr       https://127.0.0.1:8200  default
frequency  1h                      file`,
  },
  ok: 'all is well',
  ends: [...CONFIG_ENDS, ...VAULT_ENDS, 'spool_failed', ...STORAGE_ENDS, 'round_timeout'],
} as const satisfies Verb;
