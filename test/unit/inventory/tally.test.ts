import { describe, expect, it } from 'vitest';
import { tally } from '../../../src/inventory/tally.ts';
import { SAFETY_SCHEDULE } from '../../../src/recovery/choose.ts';
import { failureKey } from '../../../src/snapshot/name.ts';
import { objectKey } from '../../../src/storage/key.ts';
import { MemoryStorage } from '../../fakes/memory-storage.ts';
import { FOREVER, keyOf, manifestOf, nameOf, OURS, PREFIX, put, putManifest, putManifestFor, recordOf, storeOf } from '../retention/some-store.ts';
import { someManifest } from '../snapshot/some-manifest.ts';
import { someDestination } from './some-destination.ts';

const NOW = new Date('2026-01-31T12:00:00Z');
const OPTIONS = { now: NOW, stallTimeoutMs: 30_000 };
const noonOf = (day: number) => new Date(Date.UTC(2026, 0, day, 12));

describe('a tally', () => {
  it('of an empty place is empty', async () => {
    const none = { count: 0, bytes: 0, newestAt: undefined, oldestAt: undefined, verifiedAt: undefined };
    expect(await tally(someDestination(new MemoryStorage()), OURS, OPTIONS, FOREVER)).toEqual({ snapshots: [], totals: none });
  });

  it('has the newest first, with what is proved and when it was proved again', async () => {
    const storage = storeOf({ proved: [3, 2], bare: [1, 4] });
    put(storage, recordOf(2), '{}');
    const { snapshots, totals } = await tally(someDestination(storage), OURS, OPTIONS, FOREVER);
    const again = new Date('2026-02-01T00:00:00Z');
    expect(snapshots).toEqual([
      { name: nameOf(4), takenAt: noonOf(4), size: 10, isProved: false, verifiedAt: undefined },
      { name: nameOf(3), takenAt: noonOf(3), size: 10, isProved: true, verifiedAt: undefined },
      { name: nameOf(2), takenAt: noonOf(2), size: 10, isProved: true, verifiedAt: again },
      { name: nameOf(1), takenAt: noonOf(1), size: 10, isProved: false, verifiedAt: undefined },
    ]);
    expect(totals).toEqual({ count: 4, bytes: 40, newestAt: noonOf(4), oldestAt: noonOf(1), verifiedAt: again });
  });

  it('knows of a record of what failed, and takes it for no proof', async () => {
    const storage = storeOf({ proved: [2] });
    const failedAt = new Date('2026-01-20T00:00:00Z');
    put(storage, failureKey(keyOf(2), failedAt), '{}');
    const { snapshots, totals, recordedAt } = await tally(someDestination(storage), OURS, OPTIONS, FOREVER);
    expect(recordedAt).toEqual(failedAt);
    expect([totals.verifiedAt, snapshots[0]?.verifiedAt]).toEqual([undefined, undefined]);
  });

  it.each([
    { what: 'another size than was proved', changes: { stored_bytes: 11 } },
    { what: 'an odd archive', changes: { suspicious: ['keys out of order'] } },
  ])('does not call proved what has $what', async ({ changes }) => {
    const storage = storeOf({ bare: [1] });
    putManifest(storage, 1, changes);
    const { snapshots } = await tally(someDestination(storage), OURS, OPTIONS, FOREVER);
    expect(snapshots).toMatchObject([{ isProved: false }]);
  });

  it('marks what a restore gave up, and does not take it for the newest', async () => {
    const storage = storeOf({ proved: [1, 2] });
    putManifest(storage, 2, { schedule: SAFETY_SCHEDULE });
    const { snapshots, totals } = await tally(someDestination(storage), OURS, OPTIONS, FOREVER);
    expect(snapshots.map(({ isSafety }) => isSafety)).toEqual([true, undefined]);
    expect(totals).toMatchObject({ count: 2, newestAt: noonOf(1) });
  });

  it('does not call proved what has a manifest that cannot be read', async () => {
    const storage = storeOf({ bare: [1] });
    put(storage, manifestOf(1), 'not json');
    expect(await tally(someDestination(storage), OURS, OPTIONS, FOREVER)).toMatchObject({ snapshots: [{ isProved: false }], totals: { count: 1 } });
  });

  it('leaves out what is of another cluster, and strangers', async () => {
    const storage = storeOf({ proved: [1], bare: [2] });
    putManifest(storage, 2, { cluster_id: 'id-2' });
    put(storage, `${PREFIX}notes.txt`, 'x');
    expect((await tally(someDestination(storage), OURS, OPTIONS, FOREVER)).totals).toMatchObject({ count: 1, newestAt: noonOf(1) });
    // As long as nobody knows whose they are, none is foreign.
    expect((await tally(someDestination(storage), { ...OURS, clusterId: undefined }, OPTIONS, FOREVER)).totals).toMatchObject({ count: 2 });
  });

  it('counts all, but tells in detail of a month only', async () => {
    const storage = storeOf({ proved: [1, 2, 30] });
    const now = new Date('2026-02-02T11:00:00Z');
    const { snapshots, totals } = await tally(someDestination(storage), OURS, { ...OPTIONS, now }, FOREVER);
    expect(snapshots.map(({ name }) => name)).toEqual([nameOf(30), nameOf(2)]);
    expect(totals).toMatchObject({ count: 3, oldestAt: noonOf(1) });
  });

  it('keeps two thousand at most, the newest', async () => {
    const storage = new MemoryStorage();
    const at = (second: number) => `${PREFIX}raft_snapshot-${BigInt(noonOf(30).getTime() + second * 1000) * 1_000_000n}.snap`;
    for (let second = 0; second < 4_100; second++) put(storage, at(second), 'x');
    const { snapshots, totals } = await tally(someDestination(storage), OURS, OPTIONS, FOREVER);
    expect(totals.count).toBe(4_100);
    expect(snapshots).toHaveLength(2_000);
    expect(`${PREFIX}${snapshots[0]?.name}`).toBe(at(4_099));
    expect(`${PREFIX}${snapshots[1_999]?.name}`).toBe(at(2_100));
  });

  it('reads each manifest once, and forgets what is gone', async () => {
    const storage = storeOf({ proved: [1, 2] });
    const destination = someDestination(storage);
    await tally(destination, OURS, OPTIONS, FOREVER);
    storage.steps.length = 0;
    storage.objects.delete(keyOf(1));
    storage.objects.delete(manifestOf(1));
    putManifest(storage, 3);
    put(storage, keyOf(3), 'x'.repeat(10));
    await tally(destination, OURS, OPTIONS, FOREVER);
    expect(new Set(storage.steps.filter((step) => step.startsWith('read')))).toEqual(new Set([`read ${manifestOf(3)}`]));
    expect([...destination.knownManifests.keys()].sort()).toEqual([keyOf(2), keyOf(3)]);
  });

  it('of a place with an alias alone is what that holds', async () => {
    const storage = new MemoryStorage();
    const key = objectKey(`${PREFIX}latest.snap`);
    put(storage, key, 'x'.repeat(10));
    putManifestFor(storage, key, { stored_bytes: 10 });
    const newest = someManifest({ key, stored_bytes: 10, taken_at: noonOf(5).toISOString() });
    const { snapshots, totals } = await tally(someDestination(storage, { alias: 'latest', keepsHistory: false, newest }), OURS, OPTIONS, FOREVER);
    expect(snapshots).toEqual([{ name: 'latest.snap', takenAt: noonOf(5), size: 10, isProved: true, verifiedAt: undefined }]);
    expect(totals).toMatchObject({ count: 1, newestAt: noonOf(5) });
  });

  it('does not count an alias beside its history', async () => {
    const storage = storeOf({ proved: [1] });
    put(storage, `${PREFIX}latest.snap`, 'x');
    expect((await tally(someDestination(storage, { alias: 'latest' }), OURS, OPTIONS, FOREVER)).totals).toMatchObject({ count: 1 });
  });

  it.each(['list', 'read'] as const)('gives up a place that moves no more: %s', async (step) => {
    const storage = storeOf({ proved: [1] });
    storage.inject({ step, error: 'hang' });
    await expect(tally(someDestination(storage), OURS, { ...OPTIONS, stallTimeoutMs: 20 }, FOREVER)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});
