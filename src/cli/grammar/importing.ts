import { ORIGINS } from '../../config/import/convert.ts';
import { JSON_REPORT } from './common.ts';
import { choice, text } from './flag.ts';
import type { Verb } from './verb.ts';

export const IMPORT = {
  summary: 'convert the configuration of another program',
  story:
    'Reads YAML, TOML and JSON, and finds out by itself whose it is: vault-raft-snapshot-agent (successor), vault_raft_snapshotter (nbis), the snapshot ' +
    'agent of Consul, or the automated snapshots of Vault Enterprise. Ours goes to stdout; what cannot be carried over, or means something else here, to stderr.',
  argument: { name: 'FILE', doc: 'the configuration of the other program', min: 1, max: 1, offers: 'file' },
  flags: {
    from: choice('PROGRAM', 'whose it is, if that is not clear', ORIGINS),
    out: text('FILE', 'write it there; never over what is there already', 'file'),
    ...JSON_REPORT,
  },
  example: {
    asked: 'vault-snapshotd import /etc/vault.d/snapshots.yaml --out /etc/vault.d/snapshot.json',
    prints: 'lost  vault.auth.ldap: cannot log in so: log in with AppRole, …',
  },
  ok: 'everything was carried over',
  ends: ['not_carried', 'usage', 'config_invalid', 'config_unreadable', 'refused'],
} as const satisfies Verb;
