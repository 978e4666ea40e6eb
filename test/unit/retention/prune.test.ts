import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import type { RetentionPolicy } from '../../../src/retention/plan.ts';
import { type PruneDeps, prune } from '../../../src/retention/prune.ts';
import { renderManifest } from '../../../src/snapshot/manifest.ts';
import { parseNameTemplate } from '../../../src/snapshot/name.ts';
import { keyPrefix } from '../../../src/storage/key.ts';
import type { MemoryStorage } from '../../fakes/memory-storage.ts';
import { someManifest } from '../snapshot/some-manifest.ts';
import { FOREVER, keyOf, manifestOf, nameOf, OURS, PREFIX, put, putManifest, putManifestFor, recordOf, storeOf } from './some-store.ts';

const LAST_2: RetentionPolicy = { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };
const deps = (changes: Partial<PruneDeps> = {}): PruneDeps => ({ ...OURS, now: new Date('2026-02-01T00:00:00Z'), known: new Map(), ...changes });
const run = (storage: MemoryStorage, changes: Partial<PruneDeps> = {}) => prune(storage, PREFIX, LAST_2, deps(changes), FOREVER);
const keys = (storage: MemoryStorage) => [...storage.objects.keys()].toSorted();

describe('pruning a destination', () => {
  it('removes what the policy keeps no longer, with what was written about it', async () => {
    const storage = storeOf({ proved: [1, 2, 3, 4] });
    put(storage, recordOf(1), '{}');
    const { removed, errors } = await run(storage);
    expect(removed.map(({ key }) => key).toSorted()).toEqual([keyOf(1), keyOf(2)]);
    expect(removed[0]?.reason).toBe('kept by none of: last 2');
    expect(errors).toEqual([]);
    expect(keys(storage)).toEqual([manifestOf(3), manifestOf(4), keyOf(3), keyOf(4)].toSorted());
  });

  it('removes an object before its records and its manifest', async () => {
    const storage = storeOf({ proved: [1, 2, 3] });
    put(storage, recordOf(1), '{}');
    await run(storage);
    expect(storage.steps.filter((step) => step.startsWith('delete'))).toEqual([`delete ${keyOf(1)}`, `delete ${recordOf(1)}`, `delete ${manifestOf(1)}`]);
  });

  it('lets no safety snapshots of restores, however many, push out the newest that "latest" can mean', async () => {
    const storage = storeOf({ proved: [1, 2, 3, 4, 5] });
    for (const seconds of [3, 4, 5]) putManifest(storage, seconds, { schedule: 'before a restore' });
    const { removed } = await run(storage);
    expect(removed.map(({ key }) => key)).toEqual([keyOf(1), keyOf(3)]);
    expect(keys(storage)).toContain(keyOf(2));
  });

  it("counts the ancestor's objects, which have no manifest, as ours", async () => {
    const storage = storeOf({ proved: [3], bare: [1, 2] });
    await run(storage);
    expect(keys(storage)).toEqual([manifestOf(3), keyOf(2), keyOf(3)].toSorted());
  });

  it('touches no name but exactly ours', async () => {
    const storage = storeOf({ proved: [3, 4], bare: [1] });
    const others = [
      'raft_snapshots_prod/raft_snapshot-1000000000000000000.snap',
      `raft_snapshots/deeper/${nameOf(1)}`,
      `${nameOf(1)}`,
      `raft_snapshots/${nameOf(1)}.bak`,
      'raft_snapshots/raft_snapshot-1.snap',
      'raft_snapshots/notes.txt',
      'raft_snapshots/manifests/notes.txt',
      `raft_snapshots/manifests/${nameOf(2)}.json.bak`,
      `raft_snapshots/manifests/${nameOf(1)}`,
    ];
    for (const key of others) put(storage, key, 'x');
    await run(storage);
    expect(keys(storage)).toEqual([...others, keyOf(3), keyOf(4), manifestOf(3), manifestOf(4)].toSorted());
  });

  it("leaves another cluster's names alone when names tell the cluster", async () => {
    const template = parseNameTemplate('{cluster}-{time}.snap');
    const storage = storeOf({});
    const days = ['01', '02', '03', '04'];
    for (const day of days) for (const cluster of ['prod', 'dev']) put(storage, `raft_snapshots/${cluster}-202601${day}T120000Z.snap`, 'x');
    putManifestFor(storage, 'raft_snapshots/prod-20260104T120000Z.snap', { stored_bytes: 1 });
    await run(storage, { template });
    expect(keys(storage).filter((key) => key.includes('/dev-'))).toHaveLength(4);
    expect(keys(storage).filter((key) => key.startsWith('raft_snapshots/prod-'))).toHaveLength(2);
  });

  it.each([
    ['of another cluster', { cluster_id: 'id-2' }],
    ['suspicious', { suspicious: ['keys out of order'] }],
    ['of another snapshot', { key: keyOf(9) }],
  ])('removes nothing where a manifest is %s', async (_what, changes) => {
    const storage = storeOf({ proved: [1, 2, 3, 4] });
    putManifest(storage, 2, changes);
    put(storage, recordOf(7), 'about an object that is gone');
    const before = keys(storage);
    const { plan, removed } = await run(storage);
    expect(plan.frozen).toContain(keyOf(2));
    expect(removed).toEqual([]);
    expect(keys(storage)).toEqual(before);
  });

  it.each([
    '',
    'not json',
    renderManifest(someManifest({ key: keyOf(2), notes: ['x'.repeat(1024 * 1024)] })),
  ])('removes nothing where a manifest is broken, and says which', async (text) => {
    const storage = storeOf({ proved: [1, 2, 3, 4] });
    put(storage, manifestOf(2), text);
    const { plan, errors } = await run(storage);
    expect(plan.frozen).toContain(keyOf(2));
    expect(errors).toEqual([{ key: manifestOf(2), error: expect.objectContaining({ code: 'storage_mismatch' }) }]);
    expect(keys(storage)).toHaveLength(8);
  });

  it('removes nothing when a manifest cannot be read this time, and looks again the next', async () => {
    const storage = storeOf({ proved: [1, 2, 3] });
    const known: PruneDeps['known'] = new Map();
    storage.inject({ step: 'read' });
    const first = await run(storage, { known });
    expect(first.plan.frozen).toBeDefined();
    expect(first.errors).toHaveLength(1);
    const second = await run(storage, { known });
    expect(second.removed.map(({ key }) => key)).toEqual([keyOf(1)]);
  });

  it('reads no manifest twice, and forgets those that are gone', async () => {
    const storage = storeOf({ proved: [1, 2, 3] });
    const known: PruneDeps['known'] = new Map();
    await run(storage, { known });
    storage.steps.length = 0;
    await run(storage, { known });
    expect(storage.steps.filter((step) => step.startsWith('read'))).toEqual([]);
    expect([...known.keys()].toSorted()).toEqual([keyOf(2), keyOf(3)]);
  });

  it('does not let an object of the wrong size stand for a proved one', async () => {
    const storage = storeOf({ proved: [1, 2, 3, 4] });
    for (const day of [2, 3, 4]) put(storage, keyOf(day), 'cut');
    const { errors, removed } = await run(storage);
    expect(removed.map(({ key }) => key)).toEqual([keyOf(2)]);
    expect(storage.objects.has(keyOf(1))).toBe(true);
    expect(errors.map(({ error }) => error.message)).toContain(`${keyOf(4)}: has 3 bytes, its manifest says 10`);
  });

  it('goes on after a delete that fails, and does it the next time', async () => {
    const storage = storeOf({ proved: [1, 2, 3, 4, 5] });
    storage.inject({ step: 'delete', error: new SnapshotError('storage_denied', 'memory: no') });
    const { removed, errors } = await run(storage);
    expect(errors).toEqual([{ key: keyOf(1), error: expect.objectContaining({ code: 'storage_denied' }) }]);
    expect(removed.map(({ key }) => key).toSorted()).toEqual([keyOf(2), keyOf(3)]);
    expect(keys(storage)).toContain(manifestOf(1));
    await run(storage);
    expect(keys(storage)).toEqual([manifestOf(4), manifestOf(5), keyOf(4), keyOf(5)].toSorted());
  });

  it.each([2, 3])('finishes the next time when it was cut off at delete %i of a snapshot', async (nth) => {
    const storage = storeOf({ proved: [1, 2, 3] });
    put(storage, recordOf(1), '{}');
    storage.inject({ step: 'delete', nth });
    const { removed, errors } = await run(storage);
    expect(removed).toHaveLength(1);
    expect(errors).toHaveLength(1);
    await run(storage);
    expect(keys(storage)).toEqual([manifestOf(2), manifestOf(3), keyOf(2), keyOf(3)].toSorted());
  });

  it('removes manifests and records that have lost their object, but for those of another cluster', async () => {
    const storage = storeOf({ proved: [5, 6] });
    putManifest(storage, 1);
    put(storage, recordOf(1), '{}');
    put(storage, recordOf(2), '{}');
    putManifest(storage, 3, { cluster_id: 'id-2' });
    put(storage, manifestOf(4), 'not json');
    await run(storage);
    expect(keys(storage)).toEqual([manifestOf(3), manifestOf(4), manifestOf(5), manifestOf(6), keyOf(5), keyOf(6)].toSorted());
  });

  it('asks for the object itself before it removes a manifest whose object was not listed', async () => {
    const storage = storeOf({ proved: [5, 6] });
    putManifest(storage, 1);
    await run(storage);
    expect(storage.steps.indexOf(`stat ${keyOf(1)}`)).toBeGreaterThan(0);
    expect(storage.steps.indexOf(`stat ${keyOf(1)}`)).toBeLessThan(storage.steps.indexOf(`delete ${manifestOf(1)}`));
  });

  it('goes on when it cannot ask for an object, and asks again the next time', async () => {
    const storage = storeOf({ proved: [5, 6] });
    putManifest(storage, 1);
    putManifest(storage, 2);
    storage.inject({ step: 'stat' });
    const { errors } = await run(storage);
    expect(errors).toEqual([{ key: keyOf(1), error: expect.objectContaining({ code: 'storage_unavailable' }) }]);
    expect(keys(storage)).toEqual([manifestOf(1), manifestOf(5), manifestOf(6), keyOf(5), keyOf(6)].toSorted());
    await run(storage);
    expect(keys(storage)).not.toContain(manifestOf(1));
  });

  it('lists manifests before objects, so that one delivered meanwhile is no orphan', async () => {
    const storage = storeOf({ proved: [5, 6] });
    await run(storage);
    const lists = [...new Set(storage.steps.filter((step) => step.startsWith('list')))];
    expect(lists).toEqual(['list raft_snapshots/manifests/', 'list raft_snapshots/']);
  });

  it('rejects when the listing fails, with nothing removed', async () => {
    const storage = storeOf({ proved: [1, 2, 3, 4] });
    storage.inject({ step: 'list', nth: 4 });
    await expect(run(storage)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(keys(storage)).toHaveLength(8);
  });

  it.each(['read', 'delete'] as const)('ends at once when it is stopped during a %s that hangs', async (step) => {
    const storage = storeOf({ proved: [1, 2, 3, 4] });
    storage.inject({ step, error: 'hang' });
    const stop = new AbortController();
    const pruned = prune(storage, PREFIX, LAST_2, deps(), stop.signal);
    while (!storage.steps.some((each) => each.startsWith(step))) await new Promise(setImmediate);
    stop.abort(new SnapshotError('stopped', 'stop'));
    await expect(pruned).rejects.toMatchObject({ code: 'stopped' });
  });

  it('works at the root of a destination', async () => {
    const storage = storeOf({});
    for (const day of [1, 2, 3]) put(storage, nameOf(day), 'x');
    putManifestFor(storage, nameOf(3), { stored_bytes: 1 });
    await prune(storage, keyPrefix(''), LAST_2, deps(), FOREVER);
    expect(keys(storage)).toEqual([`manifests/${nameOf(3)}.json`, nameOf(2), nameOf(3)]);
  });

  it('does not even look where everything is kept', async () => {
    const storage = storeOf({ proved: [1, 2, 3, 4] });
    await prune(storage, PREFIX, { ...LAST_2, last: 0 }, deps(), FOREVER);
    expect(storage.steps).toEqual([]);
  });

  it('does nothing to nothing', async () => {
    expect(await run(storeOf({}))).toEqual({ plan: { keep: [], remove: [], frozen: undefined }, removed: [], locked: [], postponed: 0, errors: [] });
  });
});
