import { AT_DESTINATIONS, COLD_ENDS, CONFIG_ARGUMENT, CONFIG_ENDS, JSON_REPORT, STOP_ENDS, STORAGE_ENDS, THAW, VAULT_ENDS } from './common.ts';
import { count, duration, percent, text } from './flag.ts';
import type { Verb } from './verb.ts';

export const LIST = {
  summary: 'show the snapshots of all destinations, and gaps',
  argument: CONFIG_ARGUMENT,
  flags: { ...AT_DESTINATIONS, ...JSON_REPORT },
  example: {
    asked: 'vault-snapshotd list --destination aws',
    prints: `cluster 3b1c5a0e-9d4f-4f4e-8d2a-7f6f2c0e9a11
TAKEN                 AGE  SIZE     INDEX  STANDING  PROVED   AT   MISSING  NAME
2026-01-02 03:04:05Z  35m  31.8 kB  4242   proved    35m ago  aws  -        raft_snapshot-1767323045000000000.snap

aws: 1 snapshot`,
  },
  ok: 'every destination was looked at, whatever it holds',
  ends: [...CONFIG_ENDS, 'partial', ...STORAGE_ENDS, ...STOP_ENDS],
} as const satisfies Verb;

export const INSPECT = {
  summary: 'show what a snapshot holds, or how two differ',
  story: 'Neither Vault nor unseal keys are needed. Of a damaged archive it shows what lies before the damage.',
  argument: {
    name: 'ARCHIVE',
    doc: 'the path of a file, which needs no configuration; the name of a snapshot at a destination; or "latest", which is meant if nothing is said',
    min: 0,
    max: 2,
    offers: 'file',
  },
  flags: {
    ...AT_DESTINATIONS,
    'prefix-depth': count('N', 'count entries by so many parts of a key, 2 if nothing is said; 0 is every key'),
    ...JSON_REPORT,
  },
  example: {
    asked: 'vault-snapshotd inspect /srv/backups/raft_snapshot-1767323045000000000.snap',
    prints: `complete    yes
size        31846 bytes (31.8 kB)
raft index  4242
…`,
  },
  ok: 'the archive is whole',
  ends: [...CONFIG_ENDS, 'archive_corrupt', 'not_found', ...STORAGE_ENDS, ...STOP_ENDS],
} as const satisfies Verb;

export const VERIFY = {
  summary: 'read stored snapshots back and prove them again',
  story: 'A corrupt one is named and never deleted. What was proved is recorded beside the manifest. Without a choice, "latest" is meant.',
  argument: { name: 'ARCHIVE', doc: 'a file, instead of what is at destinations; needs no configuration', min: 0, max: 1, offers: 'file' },
  flags: {
    ...AT_DESTINATIONS,
    snapshot: text('NAME', 'only the one of this name; "latest" is the newest proved one'),
    all: { doc: 'every snapshot' },
    newest: count('N', 'so many, the newest'),
    sample: percent('PCT', 'so many of a hundred, drawn by chance, but at least one'),
    'max-age': duration('D', 'exit 4 when the newest is older, such as 26h or 8d'),
    ...THAW,
    'no-record': { doc: 'write nothing' },
    ...JSON_REPORT,
  },
  apart: ['snapshot', 'all', 'newest', 'sample'],
  example: {
    asked: 'vault-snapshotd verify --max-age 26h',
    prints: 'ok    verify: aws: prod/raft_snapshot-1767323045000000000.snap: 31.8 kB, index 4242, 512 entries, taken 35m ago, recorded',
  },
  ok: 'what was read is whole, and young enough',
  ends: [...CONFIG_ENDS, 'stale', 'archive_corrupt', 'storage_mismatch', 'cluster_mismatch', 'not_found', ...COLD_ENDS, ...STORAGE_ENDS, ...STOP_ENDS],
} as const satisfies Verb;

export const PRUNE = {
  summary: 'delete what "retain" keeps no longer',
  argument: CONFIG_ARGUMENT,
  flags: {
    ...AT_DESTINATIONS,
    'dry-run': { doc: 'delete nothing, and show each snapshot with its reasons' },
    'max-deletes': count('N', 'delete at most so many at each destination, instead of "max_deletes"; 0 is any number'),
    ...JSON_REPORT,
  },
  example: {
    asked: 'vault-snapshotd prune --dry-run',
    prints: `destination aws: keeps the last 2
  kept     2026-01-02 03:04:05Z   35m  proved    raft_snapshot-1767323045000000000.snap  last 1
1 kept`,
  },
  ok: 'done at every destination',
  ends: [...CONFIG_ENDS, 'partial', 'refused', 'cluster_mismatch', ...VAULT_ENDS, ...STORAGE_ENDS, 'round_timeout', ...STOP_ENDS],
} as const satisfies Verb;
