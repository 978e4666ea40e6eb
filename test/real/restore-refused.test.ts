import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Manifest } from '../../src/snapshot/manifest.ts';
import { scratchDirectory } from '../fakes/scratch.ts';
import { type Cluster, startCluster } from '../servers/cluster.ts';
import { appRole, SNAPSHOT_POLICY } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { tree } from '../system/scene.ts';
import { Gate } from './gate.ts';
import { has, makeRestoreScene, nothingInSpool, type RestoreScene } from './restore-scene.ts';

const UPLOADS = ['POST sys/storage/raft/snapshot', 'POST sys/storage/raft/snapshot-force'];
const OTHER_ID = '11111111-2222-3333-4444-555555555555';

describe('a restore that must not be', () => {
  let cluster: Cluster;
  let leader: VaultNode;
  let scene: RestoreScene;
  let gate: Gate;
  let name: string;
  let left: readonly string[];

  beforeAll(async () => {
    cluster = await startCluster(3, { patience: 4 });
    leader = await cluster.leader();
    await leader.write('sys/mounts/app', { type: 'kv', options: { version: '1' } });
  });

  afterAll(async () => {
    await cluster.remove();
  });

  beforeEach(async () => {
    await leader.request('DELETE', 'app/later', undefined, leader.rootToken);
    scene = await makeRestoreScene(leader);
    name = await scene.take();
    await leader.write('app/later', { value: 'later' });
    gate = await Gate.open(leader.address);
    const opened = gate;
    onTestFinished(() => opened.close());
    left = await tree(scene.destination);
  });

  const changeManifest = async (change: Partial<Manifest>) => {
    const path = join(scene.destination, 'manifests', `${name}.json`);
    await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, 'utf8')) as Manifest), ...change }));
  };

  const restore = (...flags: readonly string[]) => scene.restore(gate.address, ...flags);
  const named = () => ['--confirm', scene.clusterName];

  /** Not one byte of an archive was sent, nothing was written anywhere, and what came later is still there. */
  async function expectUntouched(): Promise<void> {
    expect(UPLOADS.map((upload) => gate.count(upload))).toEqual([0, 0]);
    expect(await has(leader, 'app/later')).toBe(true);
    expect(await tree(scene.destination)).toEqual(left);
    await nothingInSpool(scene);
  }

  it.each([
    {
      what: 'another name typed',
      flags: ['--snapshot', 'latest', '--confirm', 'vault-cluster-other'],
      stage: 'confirm',
      code: 'refused',
      says: 'vault-cluster-other',
    },
    { what: 'nobody to ask', flags: ['--snapshot', 'latest'], stage: 'confirm', code: 'refused', says: 'nobody is here' },
    { what: 'more lost than said', flags: ['--snapshot', 'latest', '--lose', '1ms'], stage: 'guards', code: 'refused', says: 'of work would be lost' },
    { what: 'none from before', flags: ['--before', '2020-01-01'], stage: 'choose', code: 'not_found', says: 'no proved snapshot' },
    { what: 'a name that is not there', flags: ['--snapshot', 'raft_snapshot-1.snap'], stage: 'choose', code: 'not_found', says: 'is not there' },
    {
      what: 'another cluster wanted',
      flags: ['--snapshot', 'latest', '--cluster-id', OTHER_ID],
      stage: 'choose',
      code: 'not_found',
      says: 'no proved snapshot',
    },
    { what: 'a safety place that is none', flags: ['--snapshot', 'latest', '--safety', 'nowhere'], stage: 'restore', code: 'usage', says: 'nowhere' },
  ])('refuses $what', async ({ flags, stage, code, says }) => {
    const { told } = await restore(...flags, ...(flags.includes('--confirm') || says === 'nobody is here' ? [] : named()));
    expect(told).toMatchObject({ stage, error: { code }, left_behind: [] });
    expect(told.error?.message).toContain(says);
    await expectUntouched();
  });

  it.each([
    { what: 'of a newer server', change: { server_version: '1.99.0' }, code: 'server_too_old', says: '1.99.0' },
    { what: 'of another product', change: { product: 'openbao' as const }, code: 'server_too_old', says: 'openbao' },
    { what: 'with another seal', change: { seal_type: 'awskms' }, code: 'refused', says: 'awskms' },
    { what: 'of another cluster, whatever is said', change: { cluster_id: OTHER_ID }, code: 'cluster_mismatch', says: 'a cluster of 3 servers' },
  ])('refuses a snapshot $what', async ({ change, code, says }) => {
    await changeManifest(change);
    const { told } = await restore('--snapshot', 'latest', '--foreign', '--force', '--no-safety-snapshot', ...named());
    expect(told).toMatchObject({ exit_code: 5, stage: 'guards', level: 'verified', error: { code } });
    expect(told.error?.message).toContain(says);
    await expectUntouched();
  });

  it('refuses a file that nobody tells the cluster of, until somebody says it', async () => {
    const file = join(await scratchDirectory(), basename(name));
    await copyFile(join(scene.destination, name), file);
    const { told } = await restore('--file', file, ...named());
    expect(told).toMatchObject({ exit_code: 5, error: { code: 'refused' } });
    expect(told.error?.advice).toContain('--cluster-id');
    const id = (await leader.request('GET', 'sys/seal-status')).json.cluster_id as string;
    const said = await restore('--file', file, '--cluster-id', id, '--dry-run');
    expect(said.told).toMatchObject({ exit_code: 0, outcome: 'ok' });
    await expectUntouched();
  });

  it('shows in a dry run what it would do, and does nothing', async () => {
    const { ended, told } = await restore('--snapshot', name, '--dry-run');
    expect(told).toMatchObject({ exit_code: 0, outcome: 'ok', level: 'verified', proof: null });
    expect(told.guards.every(({ ok }) => ok)).toBe(true);
    expect(ended.stderr).toContain('dry run: nothing was touched');
    await expectUntouched();
  });

  it('refuses an identity that may only take snapshots, and says what it lacks', async () => {
    const { roleId, secretId } = await appRole(leader, {
      role: 'taker',
      policy: `${SNAPSHOT_POLICY}path "sys/storage/raft/autopilot/state" { capabilities = ["read"] }`,
    });
    await scene.configure({ role_id: roleId, secret_id: secretId });
    const { told } = await restore('--snapshot', 'latest', ...named());
    expect(told).toMatchObject({ exit_code: 5, stage: 'guards', error: { code: 'refused' } });
    expect(told.error?.advice).toContain('capabilities = ["read", "update"]');
    await expectUntouched();
  });

  it('refuses a standby, naming the leader, and sends it no token', async () => {
    const [standby] = await cluster.followers();
    const { told } = await scene.restore(standby?.address ?? '', '--snapshot', 'latest', ...named());
    expect(told).toMatchObject({ exit_code: 5, stage: 'ask', error: { code: 'refused' } });
    expect(told.error?.message).toContain(leader.address);
    await expectUntouched();
  });

  it('refuses a cluster of which a server is away', async () => {
    const [follower] = await cluster.followers();
    await follower?.kill();
    onTestFinished(async () => {
      await follower?.start();
      await follower?.unseal();
    });
    let told = (await restore('--snapshot', 'latest', '--dry-run')).told;
    // The leader needs some seconds to notice.
    while (told.exit_code === 0) told = (await restore('--snapshot', 'latest', '--dry-run')).told;
    expect(told).toMatchObject({ exit_code: 5, error: { code: 'refused' } });
    expect(told.error?.message).toContain(`${follower?.settings.nodeId} not`);
    await expectUntouched();
  });

  it.each([
    { what: 'lost its last byte', spoil: (bytes: Buffer) => bytes.subarray(0, -1) },
    { what: 'lost its last half', spoil: (bytes: Buffer) => bytes.subarray(0, bytes.length / 2) },
    { what: 'has a byte behind its end', spoil: (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])]) },
    { what: 'is empty', spoil: () => Buffer.alloc(0) },
    { what: 'has one wrong bit', spoil: (bytes: Buffer) => bytes.map((byte, at) => (at === Math.floor(bytes.length / 3) ? byte ^ 4 : byte)) },
  ])('sends no byte of one that $what', async ({ spoil }) => {
    const path = join(scene.destination, name);
    const whole = await readFile(path);
    await writeFile(path, spoil(whole));
    for (const flags of [
      ['--snapshot', 'latest'],
      ['--snapshot', name],
      ['--file', path],
    ]) {
      const { told } = await restore(...flags, ...named());
      expect(told).toMatchObject({ exit_code: 65, level: 'none', error: { code: 'archive_corrupt' } });
    }
    await expectUntouched();
  });
});
