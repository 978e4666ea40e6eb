import { expect, it } from 'vitest';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { aScene, destinationOf, KEEP_ALL, round } from './scene.ts';

const LAST_1 = { ...KEEP_ALL, last: 1 };
/** The ancestor's, a second apart, oldest first. */
const OLD = Array.from({ length: 20 }, (_, nth) => `raft_snapshots/raft_snapshot-${1_700_000_000 + nth}000000000.snap`);

function crowded(): MemoryStorage {
  const storage = new MemoryStorage({ name: 'crowded' });
  for (const key of OLD) storage.objects.set(key, { bytes: Buffer.from('x'), modifiedAt: new Date(0) });
  return storage;
}

it.each([
  { maxDeletes: undefined, deleted: 10 },
  { maxDeletes: 3, deleted: 3 },
])('warns of what the fuse leaves for later rounds (max_deletes $maxDeletes)', async ({ maxDeletes, deleted }) => {
  const scene = await aScene();
  const storage = crowded();
  const report = await round(scene, [destinationOf(storage, { retain: LAST_1, maxDeletes })]);
  expect(report).toMatchObject({ outcome: 'taken', pruned: OLD.slice(0, deleted).map((key) => ({ key })) });
  expect(scene.log.of('prune_postponed')).toMatchObject([{ level: 'warn', fields: { destination: 'crowded', deleted, postponed: 20 - deleted } }]);
});

it('says nothing of a fuse that nothing met', async () => {
  const scene = await aScene();
  await round(scene, [destinationOf(crowded(), { retain: LAST_1, maxDeletes: 0 })]);
  expect(scene.log.of('prune_postponed')).toEqual([]);
});

it('tells of a lock in one line, and calls it no failure', async () => {
  const scene = await aScene();
  const storage = crowded();
  for (const key of OLD.slice(2, 5)) storage.locked.add(key);
  await round(scene, [destinationOf(storage, { retain: LAST_1, maxDeletes: 0 })]);
  expect(scene.log.of('snapshot_locked')).toMatchObject([{ level: 'info', fields: { destination: 'crowded', count: 3, key: OLD[2] } }]);
  expect(scene.log.of('prune_failed')).toEqual([]);
  expect(OLD.filter((key) => storage.objects.has(key))).toEqual(OLD.slice(2, 5));
});

it.each(['list', 'read', 'delete'] as const)('ends at the stall time-out where a store hangs, and costs no snapshot: %s', async (step) => {
  const scene = await aScene({ stallTimeoutMs: 200 });
  const storage = crowded();
  storage.inject({ step, error: 'hang' });
  const report = await round(scene, [destinationOf(storage, { retain: LAST_1, maxDeletes: 1 })]);
  expect(report).toMatchObject({ outcome: 'taken' });
  expect(scene.log.of('prune_failed')).toMatchObject([{ fields: { code: 'storage_unavailable', error: expect.stringContaining('nothing moved for 0.2s') } }]);
});
