import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { itAlongside, onTestFinished } from '../fakes/test-end.ts';
import { removeVault, startEmptyVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { expectWhole, tree } from '../system/scene.ts';
import { makeRestoreScene } from './restore-scene.ts';

describe('a restore across other unseal keys', () => {
  async function started(starting: Promise<VaultNode>): Promise<VaultNode> {
    const node = await starting;
    onTestFinished(() => removeVault(node));
    return node;
  }

  async function withSecret(node: VaultNode, value: string): Promise<void> {
    await node.write('sys/mounts/app', { type: 'kv', options: { version: '1' } });
    await node.write('app/secret', { value });
  }

  async function secretOf(node: VaultNode): Promise<unknown> {
    return ((await node.request('GET', 'app/secret', undefined, node.rootToken)).json.data as { readonly value?: string } | undefined)?.value;
  }

  itAlongside('of before a rekey wants --force, and tells that the shares of before come back', async () => {
    const node = await started(startVault({ shares: 3, threshold: 2 }));
    await withSecret(node, 'before');
    const scene = await makeRestoreScene(node);
    const name = await scene.take();
    const old = node.keys;
    await node.write('app/secret', { value: 'after' });
    await rekey(node);

    const flags = ['--snapshot', name, '--confirm', scene.clusterName];
    const refused = await scene.restore(node.address, ...flags);
    expect(refused.told).toMatchObject({ exit_code: 5, stage: 'safety', error: { code: 'refused' } });
    expect(refused.told.error?.message).toContain('was rekeyed since');
    // Without the safety snapshot the keys are known by the newest snapshot, which is that one.
    const planned = await scene.restore(node.address, ...flags, '--dry-run');
    expect(planned.told).toMatchObject({ exit_code: 5, stage: 'guards' });
    expect(await secretOf(node)).toBe('after');

    const forced = await scene.restore(node.address, ...flags, '--force');
    expect(forced.told).toMatchObject({ exit_code: 0, proof: 'token' });
    expect(forced.told.next_steps.join('\n')).toContain('2 of 3 shares of the fingerprint');
    expect(await secretOf(node)).toBe('before');
    await node.terminate();
    await node.start();
    node.keys = old;
    node.threshold = 2;
    await node.unseal();
    expect(await secretOf(node)).toBe('before');
  });

  itAlongside('of a cluster that is gone goes into a lone server of a known name, and opens with the shares of the source', async () => {
    const source = await started(startVault({ shares: 3, threshold: 2, nodeId: 'first' }));
    await withSecret(source, 'source');
    const scene = await makeRestoreScene(source);
    await scene.take();
    await source.kill();

    const stranger = await started(startVault({ nodeId: 'stranger' }));
    const fresh = await started(startVault({ shares: 3, threshold: 2, nodeId: 'first' }));
    const share = join(scene.directory, 'shares');
    await writeFile(share, `${source.keys.join('\n')}\n`, { mode: 0o600 });
    await chmod(share, 0o600);
    const nameOf = async (node: VaultNode) => (await node.request('GET', 'sys/seal-status')).json.cluster_name as string;
    const asRoot = (node: VaultNode) => scene.configure({ role_id: '', secret_id: '', token: node.rootToken, recovery: { shares: [{ file: share }] } });
    const foreign = async (node: VaultNode, ...more: readonly string[]) => {
      await asRoot(node);
      return scene.restore(node.address, '--snapshot', 'latest', '--confirm', await nameOf(node), ...more);
    };

    expect((await foreign(fresh)).told).toMatchObject({ exit_code: 5, error: { code: 'cluster_mismatch' } });
    expect((await foreign(fresh, '--foreign')).told.error?.advice).toContain('--safety PATH');
    const unknown = await foreign(stranger, '--foreign', '--no-safety-snapshot');
    expect(unknown.told).toMatchObject({ exit_code: 5, error: { code: 'refused' } });
    expect(unknown.told.error?.advice).toContain('"node_id" of the target to one of first');

    const safety = join(scene.directory, 'safety');
    const done = await foreign(fresh, '--foreign', '--safety', safety, '--unseal');
    fresh.adopt(source);
    expect(done.told).toMatchObject({ exit_code: 0, outcome: 'ok', level: 'unsealed', proof: 'sealed' });
    expect(await secretOf(fresh)).toBe('source');
    expect(done.told.safety_snapshot).toContain(safety);
    expect(await tree(safety)).toHaveLength(3);
    await expectWhole(safety);
  });

  itAlongside('tells how it stands without shares, with too few, and with wrong ones', async () => {
    const source = await started(startVault({ shares: 3, threshold: 2, nodeId: 'first' }));
    const { directory, destination, take } = await makeRestoreScene(source);
    await take();
    await source.kill();
    const standsAt = async (given: (fresh: VaultNode) => readonly string[], code: string, exit: number) => {
      const fresh = await started(startVault({ shares: 3, threshold: 2, nodeId: 'first' }));
      const share = join(directory, `shares-of-${fresh.settings.port}`);
      const shares = given(fresh);
      await writeFile(share, `${shares.join('\n')}\n`, { mode: 0o600 });
      const login = { role_id: '', secret_id: '', token: fresh.rootToken };
      const scene = await makeRestoreScene(fresh, { ...login, local_storage: { path: destination }, recovery: { shares: [{ file: share }] } });
      const flags = ['--snapshot', 'latest', '--confirm', scene.clusterName, '--foreign', '--no-safety-snapshot'];
      const { ended, told } = await scene.restore(fresh.address, ...flags, ...(shares.length === 0 ? [] : ['--unseal']));
      expect(told).toMatchObject({ exit_code: exit, stage: 'unseal', level: 'installed', error: { code } });
      expect(told.next_steps[0]).toContain(`unseal ${fresh.address} with 2 of 3 shares`);
      for (const key of [...source.keys, ...fresh.keys, fresh.rootToken]) expect(`${ended.stdout}${ended.stderr}`).not.toContain(key);
      fresh.adopt(source);
      await fresh.unseal();
      await until('it to serve', async () => (await fresh.request('GET', 'sys/health')).status === 200);
    };
    await Promise.all([
      standsAt(() => [], 'level_installed', 11),
      standsAt(() => source.keys.slice(0, 1), 'level_installed', 11),
      standsAt((fresh) => fresh.keys, 'wrong_unseal_keys', 1),
    ]);
  });

  itAlongside('refuses an empty server, which bootstrap is for, and a sealed one', async () => {
    const source = await started(startVault());
    const scene = await makeRestoreScene(source);
    await scene.take();
    const empty = await started(startEmptyVault());
    const flags = ['--snapshot', 'latest', '--confirm', scene.clusterName];
    expect((await scene.restore(empty.address, ...flags)).told.error?.advice).toContain('bootstrap');
    await source.seal();
    expect((await scene.restore(source.address, ...flags)).told).toMatchObject({ exit_code: 5, error: { code: 'refused' } });
    expect((await source.request('GET', 'sys/seal-status')).json).toMatchObject({ sealed: true });
  });
});

describe('a restore with nothing but a root token', () => {
  itAlongside('proves it by a child of that token, and by the canary', async () => {
    const node = await startVault();
    onTestFinished(() => removeVault(node));
    await node.write('sys/mounts/app', { type: 'kv', options: { version: '1' } });
    const root = { role_id: '', secret_id: '', token: node.rootToken };
    const scene = await makeRestoreScene(node, root);
    const without = await scene.take();
    await scene.configure({ ...root, canary: { mount: 'app', path: 'check_timestamp' } });
    const name = await scene.take();
    await node.write('app/check_timestamp', { value: 'changed' });

    const flags = ['--confirm', scene.clusterName, '--no-safety-snapshot', '--check-canary'];
    const { told } = await scene.restore(node.address, '--snapshot', name, ...flags);
    expect(told).toMatchObject({ exit_code: 0, level: 'canary-read', proof: 'token' });
    const accessors = await node.request('LIST', 'auth/token/accessors', undefined, node.rootToken);
    expect((accessors.json.data as { readonly keys: readonly string[] }).keys).toHaveLength(1);

    const lower = await scene.restore(node.address, '--snapshot', without, ...flags);
    expect(lower.told).toMatchObject({ exit_code: 12, stage: 'canary', level: 'unsealed', proof: 'token', error: { code: 'level_unsealed' } });
  });
});

/** To two of three new shares. */
async function rekey(node: VaultNode): Promise<void> {
  const begun = await node.request('PUT', 'sys/rekey/init', { secret_shares: 3, secret_threshold: 2 }, node.rootToken);
  const { nonce } = begun.json;
  let last: Record<string, unknown> = {};
  for (const key of node.keys.slice(0, node.threshold)) last = (await node.request('PUT', 'sys/rekey/update', { key, nonce }, node.rootToken)).json;
  node.keys = last.keys_base64 as string[];
}
