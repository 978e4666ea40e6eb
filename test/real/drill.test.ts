import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchDirectory } from '../fakes/scratch.ts';
import { serverBinary, VAULT } from '../servers/binaries.ts';
import { type Cluster, startCluster } from '../servers/cluster.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { type DrillScene, fillSource, makeDrillScene } from './drill-scene.ts';
import { manifestsIn } from './told.ts';

const CHECKS = { mounts: ['secret', 'old/'], auth: ['approle'], policies: ['drill'], paths: ['secret/data/app'] };

describe('a drill', () => {
  let single: Cluster;
  let three: Cluster;
  let leader: VaultNode;

  beforeAll(async () => {
    [single, three] = await Promise.all([startCluster(1, { shares: 1, threshold: 1 }), startCluster(3, { shares: 5, threshold: 3 })]);
    leader = await three.leader();
    await Promise.all([fillSource(await single.leader()), fillSource(leader)]);
  });

  afterAll(async () => {
    await Promise.all([single?.remove(), three?.remove()]);
  });

  async function scenes(): Promise<readonly [DrillScene, DrillScene]> {
    return await Promise.all([makeDrillScene(await single.leader()), makeDrillScene(leader)]);
  }

  it('reads the canary back from one server with one share, and from three with three shares of five', async () => {
    const all = await scenes();
    await Promise.all(all.map((scene) => scene.take()));
    const keys = [(await single.leader()).keys, leader.keys.slice(2)];
    const hosts = await Promise.all(all.map((scene, at) => scene.host(keys[at]!, { drill: CHECKS })));
    const drills = await Promise.all(hosts.map((host) => host.drill()));
    for (const { told, ended } of drills) {
      expect(told.error, ended.stderr).toBeNull();
      expect(told).toMatchObject({ outcome: 'ok', level: 'canary-read', exit_code: 0, isolated: true, proof: 'seal', token_way: 'login', left_behind: [] });
      expect(told).toMatchObject({ server: { product: 'vault', version: '1.21.0' }, canary: { equals_manifest: true } });
      expect(told.checks.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
      expect(told.rto_seconds).toBeGreaterThan(1);
      expect(ended.stderr).toContain('canary 0m old and equal');
    }
    expect(drills.map(({ told }) => [told.seal?.threshold, told.seal?.shares])).toEqual([
      [1, 1],
      [3, 5],
    ]);
    await expectRecord(all[1]);
  });

  it('starts its server with nothing of our surroundings, and without the autopilot that a restore could meet at work', async () => {
    const [scene] = await scenes();
    await scene.take();
    const directory = await scratchDirectory();
    const [binary, seen] = [join(directory, 'vault'), join(directory, 'seen')];
    await writeFile(binary, `#!/bin/sh\n[ "$1" = server ] && env > ${seen}\nexec ${await serverBinary(VAULT)} "$@"\n`, { mode: 0o755 });
    const host = await scene.host((await single.leader()).keys, { drill: { binary } });
    const { told } = await host.drill([], { VAULT_TOKEN: 'token-of-the-shell', VAULT_ADDR: 'http://127.0.0.1:1' });
    expect(told.error).toBeNull();
    const names = (await readFile(seen, 'utf8')).split('\n').map((line) => line.split('=')[0]);
    expect(names.filter((name) => /^(VAULT|BAO)_/.test(name!)).sort()).toEqual(['BAO_RAFT_AUTOPILOT_DISABLE', 'VAULT_RAFT_AUTOPILOT_DISABLE']);
  });

  /** Beside the snapshot, for people and for daemons; never a secret. */
  async function expectRecord({ destination }: DrillScene): Promise<void> {
    const [manifest] = await manifestsIn(destination);
    const records = (await readdir(join(destination, 'manifests'))).filter((name) => name.includes('.verified-'));
    expect(records).toHaveLength(1);
    const text = await readFile(join(destination, 'manifests', records[0]!), 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      kind: 'drill',
      level: 'canary-read',
      archive_sha256: manifest?.archive_sha256,
      server_version: '1.21.0',
      canary: { value: manifest?.canary?.value, equals_manifest: true },
      rto_seconds: expect.any(Number) as number,
    });
    for (const key of leader.keys) expect(text).not.toContain(key);
  }

  it('goes as far as it is wanted, and says where it stopped short', async () => {
    const scene = await makeDrillScene(leader);
    await scene.take();
    const bare = await makeDrillScene(leader, { canary: {} });
    await bare.take();
    const right = leader.keys.slice(0, 3);
    // Well made, and of nobody: a share ends with its number.
    const wrong = right.map((_, at) =>
      Buffer.alloc(33, 7)
        .fill(at + 1, 32)
        .toString('base64'),
    );
    const opening = { drill: { role_id: '', secret_id: '' } };
    const rows = await Promise.all([
      (await scene.host([])).drill(['--level', 'verified', '--no-record']),
      (await scene.host([])).drill(['--level', 'installed', '--no-record']),
      (await scene.host([])).drill(['--no-record']),
      (await scene.host(right.slice(1))).drill(['--no-record']),
      (await scene.host(wrong)).drill(['--no-record']),
      (await scene.host(right, opening)).drill(['--level', 'unsealed', '--no-record']),
      (await bare.host(right)).drill(['--no-record']),
    ]);
    const seen = rows.map(({ told }) => [told.exit_code, told.level, told.error?.code ?? 'ok']);
    expect(seen).toEqual([
      [0, 'verified', 'ok'],
      [0, 'installed', 'ok'],
      [11, 'installed', 'level_installed'],
      [11, 'installed', 'level_installed'],
      [1, 'installed', 'wrong_unseal_keys'],
      [0, 'unsealed', 'ok'],
      [12, 'unsealed', 'level_unsealed'],
    ]);
    expect(rows[0]?.told.steps.map(({ name }) => name)).toEqual(['choose', 'read']);
    // Without any key, the server itself tells of what it holds.
    expect(rows[1]?.told.seal).toMatchObject({ type: 'shamir', shares: 5, threshold: 3 });
    const [manifest] = await manifestsIn(scene.destination);
    expect(rows[4]?.told.error?.advice).toContain(`fingerprint ${manifest?.seal_fingerprint?.slice(0, 12)}, in use since`);
    for (const { ended } of rows) for (const key of [...leader.keys, ...wrong]) expect(`${ended.stdout}${ended.stderr}`).not.toContain(key);
  });
});
