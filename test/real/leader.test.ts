import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Manifest } from '../../src/snapshot/manifest.ts';
import { scratchDirectory } from '../fakes/scratch.ts';
import { type Cluster, startCluster } from '../servers/cluster.ts';
import { type AppRole, appRole, fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { type Running, run, start } from '../system/program.ts';
import { expectWhole, makeScene, type Scene, snapshotsIn, tree } from '../system/scene.ts';
import { Gate, type Hold } from './gate.ts';
import { linesOf, manifestsIn, nextLine, READABLE_LOG, reportOf } from './told.ts';

const INTERVAL_MS = 3_000;
/** More than the sockets on the way can hold: Vault is still sending while the agent waits. */
const FILLING_BYTES = 24_000_000;
const MIDDLE_BYTES = 2_000_000;

interface AuditRecord {
  readonly type: string;
  readonly request: { readonly path: string };
}

/** One Vault, the agent beside it, and what is between them. */
interface Post {
  readonly node: VaultNode;
  readonly gate: Gate;
  readonly agent: Running;
  readonly scene: Scene;
}

describe('three nodes with an agent on each', () => {
  let cluster: Cluster;
  let role: AppRole;
  let auditFile: string;

  beforeAll(async () => {
    cluster = await startCluster(3);
    const leader = cluster.nodes[0]!;
    await fill(leader, FILLING_BYTES);
    role = await appRole(leader);
    auditFile = join(leader.settings.dir, 'audit.log');
    await leader.write('sys/audit/file', { type: 'file', options: { file_path: auditFile } });
  });

  afterAll(() => cluster.remove());

  /** How often Vault has heard that request, whether it has answered or not. */
  async function timesHeard(path: string): Promise<number> {
    const records = (await readFile(auditFile, 'utf8')).split('\n').filter((line) => line !== '');
    return records.map((line) => JSON.parse(line) as AuditRecord).filter(({ type, request }) => type === 'request' && request.path === path).length;
  }

  /** All agents deliver to one directory that they share, and each to one of its own besides. */
  async function startPosts(): Promise<{ readonly posts: readonly Post[]; readonly shared: string }> {
    const shared = join(await scratchDirectory(), 'shared');
    const posts = await Promise.all(
      cluster.nodes.map(async (node) => {
        const gate = await openGate(node);
        const scene = await makeScene(gate.address, role, { ...READABLE_LOG, frequency: `${INTERVAL_MS / 1000}s` });
        await scene.configure({
          local_storage: [
            { name: 'shared', path: shared },
            { name: 'own', path: scene.destination },
          ],
        });
        return { node, gate, scene, agent: start(['--config', scene.config]) };
      }),
    );
    return { posts, shared };
  }

  it('takes snapshots beside the leader only; the other agents say why they do not', async () => {
    const { posts, shared } = await startPosts();
    const leader = await cluster.leader();
    await until('three snapshots', async () => atLeast(3, await manifestsIn(shared)));
    await endAll(posts);
    const taken = (await manifestsIn(shared)).map(({ archive_sha256 }) => archive_sha256);
    for (const { node, agent, scene } of posts) {
      if (node === leader) {
        expect(linesOf(agent, 'standby')).toEqual([]);
        expect((await manifestsIn(scene.destination)).map(({ archive_sha256 }) => archive_sha256)).toEqual(taken);
      } else {
        expect(await nextLine(agent, 'standby')).toMatchObject({ level: 'info', message: 'Not running on leader node, skipping.' });
        expect(await tree(scene.destination)).toEqual([]);
      }
    }
    expectOneEach(await manifestsIn(shared));
    await expectWhole(shared);
  });

  const REQUESTED_ENDS = [
    { end: 'steps down', request: 'sys/step-down', fall: (node: VaultNode) => node.write('sys/step-down'), rise: async () => undefined },
    { end: 'is sealed', request: 'sys/seal', fall: (node: VaultNode) => node.seal(), rise: (node: VaultNode) => node.unseal() },
  ];
  const ENDS = [{ end: 'is killed', fall: (node: VaultNode) => node.kill(), rise: startAgain }, ...REQUESTED_ENDS];

  it.each(ENDS)('goes on within an interval when the leader $end, with no snapshot too many and none missing', async ({ fall, rise }) => {
    const { posts, shared } = await startPosts();
    const old = await cluster.leader();
    const before = await until('a snapshot', async () => atLeast(1, await manifestsIn(shared)));
    await fall(old);
    const leader = await cluster.leader(old);
    const successor = posts.find(({ node }) => node === leader)!;
    await until('two snapshots of the new leader', async () => atLeast(2, await manifestsIn(successor.scene.destination)));
    await rise(old);
    await nextLine(postOf(posts, old).agent, 'standby');
    await endAll(posts);

    const all = await manifestsIn(shared);
    expectOneEach(all);
    await expectNoGap(before.at(-1)!, all, leader);
    await expectWhole(shared);
  });

  it('takes no second snapshot of an interval when an agent starts beside a leader that is new', async () => {
    const shared = join(await scratchDirectory(), 'shared');
    const startAt = async (node: VaultNode) => {
      const { config } = await makeScene(node.address, role, { ...READABLE_LOG, frequency: '5m', local_storage: { path: shared } });
      return start(['--config', config]);
    };
    await nextLine(await startAt(await cluster.leader()), 'round_done');
    const successor = await startAt(await cluster.stepDown());
    await nextLine(successor, 'next_round');
    expect(await snapshotsIn(shared)).toHaveLength(1);
    successor.signal('SIGUSR1');
    await nextLine(successor, 'round_done');
    expect(await snapshotsIn(shared)).toHaveLength(2);
  });

  it('delivers nothing of a snapshot whose leader is killed in the middle, says so, and the next leader takes one', async () => {
    const { posts, shared } = await startPosts();
    const old = await cluster.leader();
    const fallen = postOf(posts, old);
    const hold = await reachMiddle(fallen.gate);
    const before = await snapshotsIn(shared);
    const ownBefore = await snapshotsIn(fallen.scene.destination);
    await old.kill();
    hold.release();
    expect(await nextLine(fallen.agent, 'round_failed')).toMatchObject({
      level: 'error',
      code: 'vault_cut',
      message: 'Unable to generate snapshot vault: sys/storage/raft/snapshot: the connection ended before the archive did',
    });
    expect((await tree(fallen.scene.destination)).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(await snapshotsIn(fallen.scene.destination)).toEqual(ownBefore);
    await until('a snapshot of the new leader', async () => (await snapshotsIn(shared)).length > before.length);
    await startAgain(old);
    await endAll(posts);
    expectOneEach(await manifestsIn(shared));
    await expectWhole(shared);
    expect((await tree(fallen.scene.state)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it.each(REQUESTED_ENDS)('delivers the whole snapshot when the leader $end in the middle of it', async ({ request, fall, rise }) => {
    const { posts, shared } = await startPosts();
    const old = await cluster.leader();
    const fallen = postOf(posts, old);
    const hold = await reachMiddle(fallen.gate);
    const before = await snapshotsIn(shared);
    const heard = await timesHeard(request);
    const falling = fall(old);
    await until(`Vault to hear ${request}`, async () => (await timesHeard(request)) > heard);
    hold.release();
    await until('the snapshot', async () => (await snapshotsIn(shared)).length > before.length);
    await falling;
    const leader = await cluster.leader(old);
    const successor = posts.find(({ node }) => node === leader)!;
    await until('a snapshot of the new leader', async () => atLeast(1, await manifestsIn(successor.scene.destination)));
    await rise(old);
    await endAll(posts);
    expect(linesOf(fallen.agent, 'round_failed').filter(({ code }) => code === 'vault_cut' || code === 'archive_corrupt')).toEqual([]);
    expectOneEach(await manifestsIn(shared));
    await expectWhole(shared);
  });

  it('does not follow the redirection of a standby', async () => {
    const [follower] = await cluster.followers();
    const heard = await timesHeard('sys/storage/raft/snapshot');
    const scene = await makeScene(follower!.address, role, { leader_check: 'off' });
    const ended = await run(['--once', '--json', '--config', scene.config]);
    expect(ended.code).toBe(69);
    expect(reportOf(ended)).toMatchObject({ outcome: 'failed', code: 'vault_standby' });
    expect(reportOf(ended).message).toContain(`sends us to ${new URL((await cluster.leader()).address).host}`);
    expect(await tree(scene.destination)).toEqual([]);
    expect(await timesHeard('sys/storage/raft/snapshot')).toBe(heard);
  });
});

async function openGate(node: VaultNode): Promise<Gate> {
  const gate = await Gate.open(node.address);
  onTestFinished(() => gate.close());
  return gate;
}

/** Resolves with a snapshot on its way, held up in its middle. */
async function reachMiddle(gate: Gate): Promise<Hold> {
  const hold = gate.hold(MIDDLE_BYTES);
  await hold.reached;
  return hold;
}

async function startAgain(node: VaultNode): Promise<void> {
  await node.start();
  await node.unseal();
}

function postOf(posts: readonly Post[], node: VaultNode): Post {
  return posts.find((post) => post.node === node)!;
}

async function endAll(posts: readonly Post[]): Promise<void> {
  const codes = posts.map(({ agent }) => {
    agent.signal('SIGTERM');
    return agent.ended.then(({ code }) => code);
  });
  expect(await Promise.all(codes)).toEqual([0, 0, 0]);
}

function atLeast(count: number, manifests: readonly Manifest[]): readonly Manifest[] | undefined {
  return manifests.length >= count ? manifests : undefined;
}

/** Two within half an interval are two of the same interval. */
function expectOneEach(manifests: readonly Manifest[]): void {
  const times = manifests.map(({ taken_at }) => Date.parse(taken_at));
  const steps = times.slice(1).map((time, index) => time - times[index]!);
  expect(steps.filter((step) => step < INTERVAL_MS / 2)).toEqual([]);
}

/** From when one was due and there was a leader by Vault's own account, one interval to find out and one for a busy machine. */
async function expectNoGap(last: Manifest, all: readonly Manifest[], leader: VaultNode): Promise<void> {
  const { json } = await leader.request('GET', 'sys/leader');
  const leadsSince = Date.parse(String(json.active_time));
  const next = all.find(({ taken_at }) => Date.parse(taken_at) > leadsSince)!;
  const due = Math.max(Date.parse(last.taken_at) + INTERVAL_MS, leadsSince);
  expect(Date.parse(next.taken_at) - due).toBeLessThan(2 * INTERVAL_MS);
}
