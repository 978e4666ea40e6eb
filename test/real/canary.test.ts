import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import { appRole, SNAPSHOT_POLICY } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { run } from '../system/program.ts';
import { expectTidy, makeScene, type Settings } from '../system/scene.ts';
import { manifestsIn } from './told.ts';

const RIGHTS = '{ capabilities = ["create", "update", "read"] }';

describe('a canary', () => {
  let vault: VaultNode;

  beforeAll(async () => {
    vault = await startVault();
    for (const [mount, version] of [
      ['secret', '2'],
      ['teams/deep', '2'],
      ['legacy', '1'],
    ]) {
      await vault.write(`sys/mounts/${mount}`, { type: 'kv', options: { version } });
    }
    // A mount of version 2 is made ready behind its answer.
    for (const mount of ['secret', 'teams/deep']) {
      await until(mount, async () => (await vault.request('GET', `${mount}/data/none`, undefined, vault.rootToken)).status === 404);
    }
  });

  afterAll(() => removeVault(vault));

  async function once(canary: Settings, policy: string) {
    const role = await appRole(vault, { policy: `${SNAPSHOT_POLICY}${policy}` });
    const scene = await makeScene(vault.address, role, { canary, log: { format: 'json', level: 'debug' } });
    const ended = await run(['--once', '--config', scene.config]);
    return { scene, ended, manifest: (await manifestsIn(scene.destination))[0] };
  }

  async function held(path: string): Promise<unknown> {
    return (await vault.request('GET', path, undefined, vault.rootToken)).json.data;
  }

  it.each([
    { what: 'version 2, with what the documentation grants', canary: { mount: 'secret' }, path: 'secret/data/check_timestamp', version: 2 },
    { what: 'version 1', canary: { mount: 'legacy', path: 'ops/check', field: 'at' }, path: 'legacy/ops/check', version: 1 },
    { what: 'version 2, further down', canary: { mount: 'teams/deep', path: 'a/b' }, path: 'teams/deep/data/a/b', version: 2 },
    { what: 'version 2, as is said', canary: { mount: 'secret', path: 'said', kv_version: '2' }, path: 'secret/data/said', version: 2 },
  ])('is in a store of $what, as the manifest says', async ({ canary, path, version }) => {
    const { scene, ended, manifest } = await once(canary, `path "${path}" ${RIGHTS}`);
    expect(ended.code, ended.stderr).toBe(0);
    const found = (await held(path)) as { readonly data?: object };
    const field = 'field' in canary ? canary.field : 'value';
    expect(version === 2 ? found.data : found).toEqual({ [field ?? '']: manifest?.canary?.value, round_id: manifest?.round_id });
    expect(manifest).toMatchObject({ canary: { mount: canary.mount, field, kv_version: version, round_id: manifest?.round_id }, canary_error: null });
    expect(Date.parse(manifest!.canary!.written_at)).toBeLessThanOrEqual(Date.parse(manifest!.taken_at));
    await expectTidy(scene, 1);
  });

  it.each([
    {
      what: 'the policy does not grant it',
      canary: { mount: 'secret', path: 'other' },
      policy: `path "secret/data/check_timestamp" ${RIGHTS}`,
      code: 'vault_denied',
    },
    { what: 'there is no such store', canary: { mount: 'nowhere' }, policy: 'path "nowhere/*" { capabilities = ["update"] }', code: 'vault_denied' },
    { what: 'that is no KV store', canary: { mount: 'cubbyhole' }, policy: '', code: 'vault_error' },
    {
      what: 'the version is said wrongly',
      canary: { mount: 'secret', kv_version: '1' },
      policy: 'path "secret/*" { capabilities = ["create", "update"] }',
      code: 'vault_error',
    },
  ])('costs a warning where $what, and the snapshot where it is required', async ({ canary, policy, code }) => {
    const loose = await once(canary, policy);
    expect(loose.ended.code, loose.ended.stderr).toBe(0);
    expect(loose.manifest?.canary).toBeNull();
    expect(loose.manifest?.canary_error).toContain('vault: ');
    const [line] = loose.ended.stderr.split('\n').filter((text) => text.includes('canary_failed'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 'warn', code, advice: expect.stringMatching(/canary\.mount|the token needs|KV store/) });

    const strict = await once({ ...canary, required: true }, policy);
    expect(strict.ended.code).not.toBe(0);
    expect(strict.ended.stderr).toContain('canary: vault: ');
    expect(strict.manifest).toBeUndefined();
  });

  it('is not what tells of new unseal keys: a rekey is, once', async () => {
    const role = await appRole(vault);
    const scene = await makeScene(vault.address, role);
    const once = async () => expect(await run(['--once', '--config', scene.config])).toMatchObject({ code: 0 });
    await once();
    await once();
    const { nonce } = await vault.write('sys/rekey/init', { secret_shares: 1, secret_threshold: 1 });
    const { keys_base64: keys } = await vault.write('sys/rekey/update', { key: vault.keys[0], nonce });
    vault.keys = keys as string[];
    const after = await run(['--once', '--config', scene.config]);
    expect(after.stderr).toMatch(/the snapshots before \S+Z need the unseal keys of before/);
    expect((await run(['--once', '--config', scene.config])).stderr).not.toContain('keys of before');
    const manifests = await manifestsIn(scene.destination);
    const eras = manifests.map(({ key_era }) => key_era);
    expect(eras).toEqual([0, 0, 2, 2].map((at) => manifests[at]?.taken_at));
  });
});
