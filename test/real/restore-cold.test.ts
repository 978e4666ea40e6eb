import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AZURITE_ACCOUNT, AZURITE_KEY, type Azurite, startAzurite } from '../servers/azurite.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { makeRestoreScene, nothingInSpool, type RestoreScene } from './restore-scene.ts';

describe('a restore of a snapshot in cold storage', () => {
  let node: VaultNode;
  let azurite: Azurite;
  let scene: RestoreScene;
  let container: string;

  beforeAll(async () => {
    [node, azurite] = await Promise.all([startVault(), startAzurite()]);
  });

  afterAll(async () => {
    await Promise.all([node && removeVault(node), azurite?.stop()]);
  });

  async function begin(): Promise<string> {
    container = await azurite.newContainer();
    const azure_storage = { account_name: AZURITE_ACCOUNT, account_key: AZURITE_KEY, container_name: container, endpoint: azurite.endpoint };
    scene = await makeRestoreScene(node, { local_storage: undefined, azure_storage });
    return await scene.take();
  }

  const freeze = (key: string) => azurite.service.getContainerClient(container).getBlockBlobClient(key).setAccessTier('Archive');
  const restore = (...flags: readonly string[]) => scene.restore(node.address, '--snapshot', 'latest', '--dry-run', ...flags);

  it('is refused with the way out, asked for when told, and goes through the next time', async () => {
    const name = await begin();
    await freeze(name);
    const refused = await restore();
    expect(refused.told).toMatchObject({ exit_code: 5, stage: 'read', error: { code: 'object_cold', advice: expect.stringContaining('--thaw') } });
    const asked = await restore('--thaw');
    expect(asked.told).toMatchObject({ exit_code: 75, stage: 'read', error: { code: 'object_thawing', message: expect.stringContaining('up to 15 hours') } });
    await nothingInSpool(scene);
    expect((await restore('--thaw')).told).toMatchObject({ exit_code: 0, level: 'verified' });
  });

  it('is waited for when told, its manifest too', async () => {
    const name = await begin();
    await Promise.all([freeze(name), freeze(`manifests/${name}.json`)]);
    const { ended, told } = await restore('--thaw', '--thaw-wait', '1m');
    expect(told).toMatchObject({ exit_code: 0, level: 'verified' });
    expect(ended.stderr.match(/asked for; it takes .*: waiting/g)).toHaveLength(2);
    await nothingInSpool(scene);
  });
});
