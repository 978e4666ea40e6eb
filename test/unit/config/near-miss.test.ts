import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { faultsOf } from './load-text.ts';

const FIXTURES = new URL('../../fixtures/configs/', import.meta.url);

it.each([
  ['consul-agent.json', 'this is the configuration of the snapshot agent of Consul ("snapshot_agent"), not of Vault: "vault-snapshotd import" converts it'],
  ['vault-raft-snapshotter.json', 'this is the configuration of vault_raft_snapshotter ("vault_config"): "vault-snapshotd import" converts it'],
  [
    'enterprise-auto-snapshot.json',
    'this is an automated snapshot of Vault Enterprise (sys/storage/raft/snapshot-auto/config): "vault-snapshotd import" converts it',
  ],
  ['vault-server.hcl', 'this is HCL, as Vault and Consul have it; the configuration here is JSON: write one of ours after docs/config.md'],
  ['successor.yaml', 'this is the YAML of vault-raft-snapshot-agent, the successor: "vault-snapshotd import" converts it'],
  ['successor.toml', 'this is the TOML of vault-raft-snapshot-agent, the successor: "vault-snapshotd import" converts it'],
  ['successor.json', 'this is the configuration of vault-raft-snapshot-agent, the successor ("snapshots"): "vault-snapshotd import" converts it'],
])('says what %s is, in one line', async (name, message) => {
  const path = fileURLToPath(new URL(name, FIXTURES));
  await expect(loadConfig({ path, env: {} })).rejects.toMatchObject({ code: 'config_invalid', message: `${path}: ${message}` });
});

const WRITE = 'write one of ours after docs/config.md';

it.each([
  [{ request_id: 'x', data: { interval: 86400, storage_type: 'local', local_max_space: 1 } }, /^this is an automated snapshot of Vault Enterprise/],
  [{ storage: { raft: { path: '/data' } }, listener: [{ tcp: {} }] }, /^this is the configuration of a Vault server/],
  [{ vault: { url: 'x' } }, /successor \("vault"\)/],
  ['name: x\nretain: 3\n', `this is YAML; the configuration here is JSON: ${WRITE}`],
  ['# my own\nretain = 3\n', `this is TOML or an environment file; the configuration here is JSON: ${WRITE}`],
])('says what %j is', async (content, message) => {
  expect(await faultsOf(content)).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
});

it.each([
  [{ local_storage: { path: '/snapshots' }, storage_type: 'local' }, 'storage_type'],
  [{ addr: 'https://v:8200', vault: {} }, 'vault'],
])('tells an unknown key in a file of ours from a file of others: %j', async (content, key) => {
  expect(await faultsOf(content)).toEqual([expect.stringMatching(new RegExp(`^${key}: unknown key`))]);
});
