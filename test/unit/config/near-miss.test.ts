import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';

const FIXTURES = new URL('../../fixtures/configs/', import.meta.url);

it.each([
  ['consul-agent.json', 'this is the configuration of the snapshot agent of Consul ("snapshot_agent"), not of Vault: write one for Vault'],
  [
    'vault-raft-snapshotter.json',
    'this is the configuration of vault_raft_snapshotter ("vault_config"): run "vault-snapshotd import" to turn it into one of ours',
  ],
  [
    'enterprise-auto-snapshot.json',
    'this is an automated snapshot of Vault Enterprise (sys/storage/raft/snapshot-auto/config): run "vault-snapshotd import" to turn it into one of ours',
  ],
  ['vault-server.hcl', 'this is HCL, as Vault and Consul have it; the configuration here is JSON: run "vault-snapshotd import" to turn it into one of ours'],
  ['successor.yaml', 'this is the YAML of vault-raft-snapshot-agent, the successor: run "vault-snapshotd import" to turn it into one of ours'],
  ['successor.toml', 'this is the TOML of vault-raft-snapshot-agent, the successor: run "vault-snapshotd import" to turn it into one of ours'],
  [
    'successor.json',
    'this is the configuration of vault-raft-snapshot-agent, the successor ("snapshots"): run "vault-snapshotd import" to turn it into one of ours',
  ],
])('says what %s is, in one line', async (name, message) => {
  const path = fileURLToPath(new URL(name, FIXTURES));
  await expect(loadConfig({ path, env: {} })).rejects.toMatchObject({ code: 'config_invalid', message: `${path}: ${message}` });
});
