import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../fakes/scratch.ts';
import { removeVault, startEmptyVault, startVault } from '../servers/vault.ts';
import { createToken } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { type DrillScene, fillSource, makeDrillScene } from './drill-scene.ts';

describe('a drill of a cluster that unseals itself', () => {
  let keeperOfKeys: VaultNode;
  let source: VaultNode;
  let token: string;

  /** The stanza of a seal by that key. */
  const sealedWith = (key: string) => `seal "transit" {
  address = "${keeperOfKeys.address}"
  token = "${token}"
  disable_renewal = "true"
  key_name = "${key}"
  mount_path = "transit/"
}`;

  const kms = () => new URL(keeperOfKeys.address).host;

  beforeAll(async () => {
    keeperOfKeys = await startVault({ ip: '127.0.0.9' });
    await keeperOfKeys.write('sys/mounts/transit', { type: 'transit' });
    for (const key of ['ours', 'theirs']) await keeperOfKeys.write(`transit/keys/${key}`);
    token = await createToken(keeperOfKeys, {}, 'path "transit/*" { capabilities = ["create", "update", "read"] }');
    source = await startEmptyVault({ nodeId: 'first', extraConfig: sealedWith('ours') });
    const { json } = await source.request('PUT', 'sys/init', { recovery_shares: 3, recovery_threshold: 2 });
    source.rootToken = json.root_token as string;
    await untilServing();
    await fillSource(source);
  });

  afterAll(async () => {
    await removeVault(source);
    await removeVault(keeperOfKeys);
  });

  const untilServing = () => until('the source to serve', async () => (await source.request('GET', 'sys/health')).status === 200);

  /** A snapshot, and then kept apart as an operator would do it: where the drill runs, the cluster does not answer. */
  async function taken(): Promise<DrillScene> {
    if (!source.isRunning) await source.start();
    await untilServing();
    const scene = await makeDrillScene(source);
    await scene.take();
    await source.terminate();
    return scene;
  }

  async function drill(scene: DrillScene, key: string | undefined, settings: object = {}) {
    const file = join(await scratchDirectory(), 'seal.hcl');
    if (key !== undefined) await writeFile(file, sealedWith(key), { mode: 0o600 });
    const seal = key === undefined ? {} : { seal_file: file, isolation: 'external' };
    const host = await scene.host([], { drill: { ...seal, ...settings } });
    return await host.drill();
  }

  it('reads the canary without anybody where its server has the same key', async () => {
    const { told, ended } = await drill(await taken(), 'ours', { allow: [kms()], probe: [kms()] });
    expect(told.error, ended.stderr).toBeNull();
    expect(told).toMatchObject({ level: 'canary-read', exit_code: 0, isolated: false, token_way: 'login', seal: { type: 'transit' } });
    expect(told.canary).toMatchObject({ equals_manifest: true });
    expect(`${ended.stdout}${ended.stderr}`).not.toContain(token);
  });

  it('names another key as what it is', async () => {
    const { told } = await drill(await taken(), 'theirs', { allow: [kms()] });
    expect(told).toMatchObject({ exit_code: 1, stage: 'apply', level: 'verified', error: { code: 'seal_mismatch' } });
    expect(told.error?.advice).toContain('seal_file');
  }, 120_000);

  it('refuses a KMS that does not answer, one that is to be out of reach, and a server without that seal, before it starts any', async () => {
    const scene = await taken();
    const silent = await drill(scene, 'ours', { allow: ['127.0.0.9:1'] });
    const closed = await drill(scene, 'ours', { probe: [kms()] });
    const none = await drill(scene, undefined);
    expect(silent.told).toMatchObject({ exit_code: 5, stage: 'isolation', error: { code: 'refused' } });
    expect(silent.told.error?.message).toContain('could not reach 127.0.0.9:1');
    expect(closed.told).toMatchObject({ exit_code: 5, stage: 'isolation', error: { code: 'egress_open' } });
    expect(none.told).toMatchObject({ exit_code: 5, stage: 'server', error: { code: 'refused' } });
    expect(none.told.error?.message).toBe('server: would be sealed with shamir, the snapshot was sealed with transit');
    expect(none.told.error?.advice).toContain('"isolation": "external"');
    for (const { told } of [silent, closed, none]) expect(told.steps.map(({ name }) => name)).not.toContain('start');
  });
});
