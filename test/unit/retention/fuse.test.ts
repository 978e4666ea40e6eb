import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { deleteLimit } from '../../../src/retention/fuse.ts';
import type { RetentionPolicy } from '../../../src/retention/plan.ts';
import { type PruneDeps, prune } from '../../../src/retention/prune.ts';
import type { MemoryStorage } from '../../fakes/memory-storage.ts';
import { FOREVER, keyOf, OURS, PREFIX, storeOf } from './some-store.ts';

const LAST_1: RetentionPolicy = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };
const NOW = new Date('2030-01-01T00:00:00Z');
const run = (storage: MemoryStorage, maxDeletes?: PruneDeps['maxDeletes'], policy = LAST_1) =>
  prune(storage, PREFIX, policy, { ...OURS, now: NOW, known: new Map(), maxDeletes }, FOREVER);
const days = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const snapshotsIn = (storage: MemoryStorage) => [...storage.objects.keys()].filter((key) => key.endsWith('.snap'));

describe('the fuse', () => {
  it.each([
    { snapshots: 0, maxDeletes: undefined, limit: 10 },
    { snapshots: 72, maxDeletes: undefined, limit: 10 },
    { snapshots: 101, maxDeletes: undefined, limit: 11 },
    { snapshots: 33_000, maxDeletes: undefined, limit: 3_300 },
    { snapshots: 33_000, maxDeletes: 5, limit: 5 },
    { snapshots: 33_000, maxDeletes: 0, limit: Number.POSITIVE_INFINITY },
  ])('lets $limit of $snapshots go with max_deletes $maxDeletes', ({ snapshots, maxDeletes, limit }) => {
    expect(deleteLimit(snapshots, maxDeletes)).toBe(limit);
  });

  it('deletes the oldest, and counts what it leaves for later', async () => {
    const storage = storeOf({ proved: days(1, 72) });
    const { removed, postponed } = await run(storage);
    expect(removed.map(({ key }) => key)).toEqual(days(1, 10).map(keyOf));
    expect(postponed).toBe(61);
    expect(snapshotsIn(storage)).toHaveLength(62);
  });

  it('comes to the end of any backlog, prune by prune', async () => {
    const storage = storeOf({ proved: days(290, 300), bare: days(1, 289) });
    const left: number[] = [];
    for (let postponed = 1; postponed > 0; left.push(postponed)) ({ postponed } = await run(storage));
    expect(left).toEqual([269, 242, 217, 195, 175, 157, 141, 126, 113, 101, 90, 80, 70, 60, 50, 40, 30, 20, 10, 0]);
    expect(snapshotsIn(storage)).toEqual([keyOf(300)]);
  });

  it('is off with 0', async () => {
    const storage = storeOf({ proved: days(1, 72) });
    expect(await run(storage, 0)).toMatchObject({ postponed: 0 });
    expect(snapshotsIn(storage)).toEqual([keyOf(72)]);
  });

  it('keeps exactly a thousand and more', async () => {
    const storage = storeOf({ proved: [1_204], bare: days(1, 1_203) });
    const { removed } = await run(storage, 0, { ...LAST_1, last: 1_200 });
    expect(removed.map(({ key }) => key)).toEqual(days(1, 4).map(keyOf));
    expect(snapshotsIn(storage)).toHaveLength(1_200);
  });
});

describe('a lock at the destination', () => {
  it('is no failure, and is met once in a prune', async () => {
    const storage = storeOf({ proved: days(1, 4) });
    storage.locked.add(keyOf(2));
    const { removed, locked, errors, postponed } = await run(storage);
    expect(removed.map(({ key }) => key)).toEqual([keyOf(1), keyOf(3)]);
    expect(locked).toEqual([{ key: keyOf(2), error: expect.objectContaining({ code: 'storage_locked' }) }]);
    expect({ errors, postponed }).toEqual({ errors: [], postponed: 0 });
    expect(storage.steps.filter((step) => step === `delete ${keyOf(2)}`)).toHaveLength(1);
    expect(storage.objects.has(`raft_snapshots/manifests/${keyOf(2).slice('raft_snapshots/'.length)}.json`)).toBe(true);
  });

  it('does not keep what lies behind it, however many the lock holds', async () => {
    const storage = storeOf({ proved: days(1, 40) });
    for (const day of days(1, 25)) storage.locked.add(keyOf(day));
    const { removed, locked, postponed } = await run(storage);
    expect(removed.map(({ key }) => key)).toEqual(days(26, 35).map(keyOf));
    expect(locked).toHaveLength(25);
    expect(postponed).toBe(4);
  });

  it('does not hide in what was written about a snapshot that is gone', async () => {
    const storage = storeOf({ proved: [1, 2] });
    storage.locked.add(`raft_snapshots/manifests/${keyOf(1).slice('raft_snapshots/'.length)}.json`);
    const { removed, locked, errors } = await run(storage);
    expect([removed.length, locked.length, errors.length]).toEqual([1, 1, 0]);
  });
});

describe('a destination that refuses every delete', () => {
  it('is not asked for every old object again and again', async () => {
    const storage = storeOf({ proved: days(1, 72) });
    for (const nth of days(1, 72)) storage.inject({ step: 'delete', nth, error: new SnapshotError('storage_denied', 'memory: no') });
    const { removed, errors, postponed } = await run(storage);
    expect([removed.length, errors.length, postponed]).toEqual([0, 10, 61]);
    expect(storage.steps.filter((step) => step.startsWith('delete'))).toHaveLength(10);
  });
});
