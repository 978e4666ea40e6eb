import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startEmptyVault, startVault } from '../servers/vault.ts';
import { createToken } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { beside, empty, leavesNothing, makeSource, type Source, secretOf } from './bootstrap-scene.ts';

describe('a server that unseals itself', () => {
  let keeperOfKeys: VaultNode;
  let source: Source;
  let token: string;

  /** The stanza of a seal by that key. */
  const sealedWith = (key: string) => `seal "transit" {
  address = "${keeperOfKeys.address}"
  token = "${token}"
  disable_renewal = "true"
  key_name = "${key}"
  mount_path = "transit/"
}`;

  beforeAll(async () => {
    keeperOfKeys = await startVault({ ip: '127.0.0.9' });
    await keeperOfKeys.write('sys/mounts/transit', { type: 'transit' });
    for (const key of ['ours', 'theirs']) await keeperOfKeys.write(`transit/keys/${key}`);
    token = await createToken(keeperOfKeys, {}, 'path "transit/*" { capabilities = ["create", "update", "read"] }');
    const node = await startEmptyVault({ nodeId: 'first', extraConfig: sealedWith('ours') });
    const { json } = await node.request('PUT', 'sys/init', { recovery_shares: 3, recovery_threshold: 2 });
    node.rootToken = json.root_token as string;
    await until('the source to serve', async () => (await node.request('GET', 'sys/health')).status === 200);
    source = await makeSource(node);
    await source.take('of the source');
    await node.terminate();
  });

  afterAll(async () => {
    await source.remove();
    await removeVault(keeperOfKeys);
  });

  it('by the key of the source is filled, and serves without anybody', async () => {
    const node = await empty({ extraConfig: sealedWith('ours') });
    const host = await beside(node, source);
    const { told } = await host.bootstrap();
    expect(told).toMatchObject({ exit_code: 0, reason: 'restored', level: 'canary-read', waiting_for: null });
    expect(await secretOf(node, source)).toBe('of the source');
    await leavesNothing(host);
  });

  it('by another key stays sealed, and that is told', async () => {
    const node = await empty({ extraConfig: sealedWith('theirs') });
    const host = await beside(node, source);
    const { told } = await host.bootstrap();
    expect(told).toMatchObject({ exit_code: 1, stage: 'unseal', level: 'installed', error: { code: 'seal_mismatch' } });
  }, 120_000);

  it('of another kind is refused before anything is done to it', async () => {
    const node = await empty();
    const host = await beside(node, source);
    const { told } = await host.bootstrap();
    expect(told).toMatchObject({ exit_code: 5, stage: 'guards', acted: false, error: { code: 'refused' } });
    expect(told.error?.message).toContain('the snapshot was sealed with transit');
    expect((await node.request('GET', 'sys/seal-status')).json.initialized).toBe(false);
  });
});
