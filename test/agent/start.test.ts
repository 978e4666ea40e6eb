import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { type FaultStep, MemoryStorage } from '../fakes/memory-storage.ts';
import { aScene, destinationOf, HOUR_MS, manifestAt, round, startAgent, visible } from './scene.ts';

const KEY = 'raft_snapshots/raft_snapshot-1772366400000000000.snap';

/** A round that ended between the commit and the manifest. */
async function unfinished(step: FaultStep = 'open') {
  const scene = await aScene();
  const aws = new MemoryStorage({ name: 'aws' });
  aws.inject({ step, nth: 2, error: new SnapshotError('storage_denied', 'aws: denied') });
  await round(scene, [destinationOf(aws)]);
  expect(visible(aws)).toEqual([KEY]);
  expect(manifestAt(aws, KEY)).toBeUndefined();
  scene.clock.pass(1000);
  return { scene, aws };
}

describe('a start', () => {
  it('brings what was committed without a manifest to its end, and takes no second snapshot', async () => {
    const { scene, aws } = await unfinished();
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(HOUR_MS - 1001);
    await agent.stop();
    expect(manifestAt(aws, KEY)).toMatchObject({ key: KEY, object_version: 'v1', round_id: 'round-1', taken_at: '2026-03-01T12:00:00.000Z' });
    expect(visible(aws)).toEqual([KEY]);
    expect(scene.log.of('snapshot_adopted')).toHaveLength(1);
    expect(await scene.deps.intents.list()).toEqual([]);
  });

  it('does not adopt what is not what was proved', async () => {
    const { scene, aws } = await unfinished();
    aws.objects.set(KEY, { bytes: Buffer.from('something else'), modifiedAt: new Date(0) });
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(0);
    await agent.stop();
    expect(manifestAt(aws, KEY)).toBeUndefined();
    expect(scene.log.of('snapshot_adopted')).toEqual([]);
    expect(await scene.deps.intents.list()).toEqual([]);
  });

  it('forgets a commit that never came to be', async () => {
    const { scene, aws } = await unfinished();
    aws.objects.clear();
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(0);
    await agent.stop();
    expect(await scene.deps.intents.list()).toEqual([]);
    expect(visible(aws)).toEqual(['raft_snapshots/raft_snapshot-1772366401000000000.snap']);
  });

  it('keeps in mind what it cannot look at yet', async () => {
    const { scene, aws } = await unfinished();
    aws.inject({ step: 'stat' });
    aws.inject({ step: 'stat', nth: 2 });
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(0);
    expect(scene.log.of('look_failed').length).toBeGreaterThanOrEqual(1);
    await scene.clock.advance(HOUR_MS);
    await agent.stop();
    expect(manifestAt(aws, KEY)).toMatchObject({ round_id: 'round-1' });
    expect(await scene.deps.intents.list()).toEqual([]);
  });

  it('removes and names what a killed process left', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    aws.leftovers = ['multipart upload 1'];
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(0);
    await agent.stop();
    expect(scene.log.of('leftover_removed')).toMatchObject([{ level: 'warn', fields: { what: 'multipart upload 1' } }]);
    expect(aws.leftovers).toEqual([]);
  });

  it('is not held up by a destination that hangs', async () => {
    const scene = await aScene({ stallTimeoutMs: 50 });
    const [aws, dead] = [new MemoryStorage({ name: 'aws' }), new MemoryStorage({ name: 'dead' })];
    dead.sweep = (_prefix, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const agent = startAgent(scene, [destinationOf(dead), destinationOf(aws)]);
    await scene.clock.advance(0);
    await agent.stop();
    expect(visible(aws)).toEqual([KEY]);
    expect(scene.log.of('look_failed')).toMatchObject([{ fields: { what: 'dead', code: 'storage_unavailable', error: 'dead: no end within 0.05s' } }]);
  });

  it('goes on without a state directory that can be read', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const refusing = () => Promise.reject(new SnapshotError('spool_failed', 'intents: unreadable'));
    const agent = startAgent({ ...scene, deps: { ...scene.deps, intents: { record: refusing, clear: refusing, list: refusing } } }, [destinationOf(aws)]);
    await scene.clock.advance(0);
    await agent.stop();
    expect(visible(aws)).toEqual([KEY]);
  });
});
