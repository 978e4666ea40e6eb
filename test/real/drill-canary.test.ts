import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Canary, Manifest } from '../../src/snapshot/manifest.ts';
import { scratchDirectory } from '../fakes/scratch.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { fillSource, makeDrillScene } from './drill-scene.ts';

describe('what a drill finds', () => {
  let source: VaultNode;

  beforeAll(async () => {
    source = await startVault({ nodeId: 'first', shares: 3, threshold: 2 });
    await fillSource(source);
  });

  afterAll(async () => {
    if (source) await removeVault(source);
  });

  it('is the canary of the manifest, or it says what is wrong with it', async () => {
    const scene = await makeDrillScene(source);
    const name = await scene.take();
    const old = await makeDrillScene(source, { canary: { mount: 'old' } });
    await old.take();
    /** The same snapshot with another story about its canary. */
    const told = async (change: Partial<Canary>, shares = source.keys, drill = {}) => {
      const path = join(await scratchDirectory(), 'snapshots');
      await cp(scene.destination, path, { recursive: true });
      const manifest = join(path, 'manifests', `${name}.json`);
      const was = JSON.parse(await readFile(manifest, 'utf8')) as Manifest;
      await writeFile(manifest, JSON.stringify({ ...was, canary: { ...was.canary, ...change } }));
      return await scene.host(shares, { local_storage: { path }, drill });
    };
    const aWeekAgo = String(Math.floor(Date.now() / 1000) - 7 * 86_400);
    const drills = await Promise.all([
      (await old.host(source.keys, { drill: { role_id: '', secret_id: '' } })).drill(['--write-canary']),
      (await told({ path: 'nowhere' })).drill(),
      (await told({ value: aWeekAgo })).drill(),
      (await told({ round_id: 'another' })).drill(),
      (await told({})).drill(['--max-age', '1s']),
      (await told({}, source.keys, { paths: ['secret/data/app', 'secret/data/none'], mounts: ['gone'] })).drill(),
    ]);
    expect(drills.map(({ told: { exit_code, stage, error } }) => [exit_code, stage, error?.code])).toEqual([
      [0, null, undefined],
      [1, 'canary', 'canary_missing'],
      [1, 'canary', 'canary_differs'],
      [1, 'canary', 'canary_differs'],
      [4, 'canary', 'canary_stale'],
      [1, 'checks', 'check_failed'],
    ]);
    expect(drills[0]?.told.steps.at(-3)).toMatchObject({ name: 'write', ok: true });
    const [right, , differs, , stale, lacking] = drills.map((one) => one.told);
    expect(right).toMatchObject({ token_way: 'shares', level: 'canary-read' });
    expect(differs).toMatchObject({ level: 'unsealed', canary: { equals_manifest: false } });
    expect(stale).toMatchObject({ canary: { equals_manifest: true } });
    expect(lacking?.error?.message).toContain('mount gone: is not there; path secret/data/none:');
    // What went wrong leaves no record that it went well.
    const records = (await readdir(join(scene.destination, 'manifests'))).filter((file) => file.includes('.verified-'));
    expect(records).toEqual([]);
  });

  it('is read with shares where the login of the snapshot is bound to an address, or is none', async () => {
    const bound = await appRole(source, {
      role: 'bound',
      policy: 'path "secret/data/*" { capabilities = ["read"] }',
      settings: { secret_id_bound_cidrs: ['10.0.0.0/8'] },
    });
    const scene = await makeDrillScene(source);
    await scene.take();
    const login = { role_id: bound.roleId, secret_id: bound.secretId };
    const [byShares, byNobody, refused] = await Promise.all([
      (await scene.host(source.keys, { drill: login })).drill(['--no-record']),
      (await scene.host(source.keys, { drill: { role_id: 'x', secret_id: 'y' } })).drill(['--no-record']),
      (await scene.host([], { drill: login })).drill(['--no-record']),
    ]);
    expect(byShares?.told).toMatchObject({ exit_code: 0, token_way: 'shares' });
    expect(byNobody?.told).toMatchObject({ exit_code: 0, token_way: 'shares' });
    for (const one of [byShares, byNobody])
      expect(one?.told.warnings).toEqual([expect.stringMatching(/^the login led nowhere, and a root token was made .*login/)]);
    expect(refused?.told).toMatchObject({ exit_code: 11 });
    // The source never hears of it: its own shares make no root token there.
    expect((await source.request('GET', 'sys/generate-root/attempt')).json).toMatchObject({ started: false });
  });

  it('writes to no audit log of the cluster, and says how to go on where it cannot open one', async () => {
    const logs = await scratchDirectory();
    const file = join(logs, 'audit.log');
    await source.write('sys/audit/file', { type: 'file', options: { file_path: file } });
    const scene = await makeDrillScene(source);
    await scene.take();
    const hidden = await scene.host(source.keys, { drill: { private_dirs: [logs] } });
    const before = (await stat(file)).size;
    expect((await hidden.drill()).told).toMatchObject({ exit_code: 0, level: 'canary-read' });
    expect((await stat(file)).size).toBe(before);
    await rm(logs, { recursive: true });
    await writeFile(logs, 'in the way');
    const { told } = await (await scene.host(source.keys)).drill(['--no-record']);
    expect(told).toMatchObject({ exit_code: 1, stage: 'unseal', error: { code: 'audit_blocked' } });
    expect(told.error?.advice).toContain('private_dirs');
  });
});
