import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/agent/report.ts';
import { SnapshotError } from '../../src/errors.ts';
import { renderManifest } from '../../src/snapshot/manifest.ts';
import { buildArchive } from '../fakes/archive.ts';
import { type Fault, MemoryStorage } from '../fakes/memory-storage.ts';
import { someManifest } from '../unit/snapshot/some-manifest.ts';
import { aScene, destinationOf, KEEP_ALL, leftInState, manifestAt, round, type Scene, visible } from './scene.ts';

const KEY = 'raft_snapshots/raft_snapshot-1772366400000000000.snap';
const OLD = 'raft_snapshots/raft_snapshot-1772362800000000000.snap';
const OLDER = 'raft_snapshots/raft_snapshot-1772359200000000000.snap';
const ARCHIVE = buildArchive({ padStateTo: 300_000 });
const DENIED = new SnapshotError('storage_denied', 'bad: no such right');

/** A place that was served before, by the ancestor. */
function usedStorage(name: string, ...faults: readonly Fault[]): MemoryStorage {
  const storage = new MemoryStorage({ name });
  for (const key of [OLD, OLDER]) storage.objects.set(key, { bytes: Buffer.from('ancestor'), modifiedAt: new Date(0) });
  for (const fault of faults) storage.inject(fault);
  return storage;
}

async function roundWith(bad: MemoryStorage, scene?: Scene) {
  const good = usedStorage('good');
  const at = scene ?? (await aScene());
  at.vault.archive = ARCHIVE;
  const keepOne = { retain: { ...KEEP_ALL, last: 1 } };
  const report = await round(at, [destinationOf(good, keepOne), destinationOf(bad, keepOne)]);
  expect(visible(good)).toEqual([KEY]);
  expect(await leftInState(at)).toEqual([]);
  return { report, scene: at, good };
}

describe('a destination that fails once', () => {
  it.each<Fault>([
    { step: 'open' },
    { step: 'write' },
    { step: 'write', nth: 2 },
    { step: 'commit' },
    { step: 'commit-answer' },
    { step: 'stat' },
    // The manifest's own upload.
    { step: 'open', nth: 2 },
    { step: 'commit', nth: 2 },
    { step: 'commit-answer', nth: 2 },
    { step: 'stat', nth: 3 },
  ])('has the snapshot all the same, once: $step $nth', async (fault) => {
    const bad = usedStorage('bad', fault);
    const { report, scene } = await roundWith(bad);
    expect(report).toMatchObject({ outcome: 'taken', missed: [] });
    expect(visible(bad)).toEqual([KEY]);
    expect(bad.objects.get(KEY)?.bytes).toEqual(ARCHIVE);
    expect(manifestAt(bad, KEY)?.archive_bytes).toBe(ARCHIVE.length);
    expect(bad.pending.size).toBe(0);
    expect(scene.log.of('upload_retry').map(({ fields }) => fields.destination)).toEqual(['bad']);
    expect(await scene.deps.intents.list()).toEqual([]);
  });

  it('is found by looking after a commit whose answer was lost, and not written twice', async () => {
    const bad = usedStorage('bad', { step: 'commit-answer' });
    await roundWith(bad);
    expect(bad.steps.filter((step) => step === `open ${KEY}`)).toHaveLength(1);
  });

  it('is found by looking when the commit says that the object is there already', async () => {
    const bad = usedStorage('bad', { step: 'commit-answer', error: new SnapshotError('storage_exists', 'bad: exists already') });
    const { report } = await roundWith(bad);
    expect(report).toMatchObject({ outcome: 'taken', missed: [] });
    expect(bad.objects.get(KEY)?.bytes).toEqual(ARCHIVE);
  });

  it('does not keep what reads back differently', async () => {
    const bad = usedStorage('bad');
    bad.isCorrupting = true;
    const scene = await aScene();
    const log = scene.log.warn.bind(scene.log);
    scene.log.warn = (fields, message) => {
      if (fields.event === 'upload_retry') {
        expect(fields.code).toBe('storage_mismatch');
        expect(bad.objects.has(KEY)).toBe(false);
        bad.isCorrupting = false;
      }
      log(fields, message);
    };
    expect((await roundWith(bad, scene)).report).toMatchObject({ outcome: 'taken' });
    expect(bad.objects.get(KEY)?.bytes).toEqual(ARCHIVE);
  });

  it('deletes what reads back differently as often as it takes, and says that it is there', async () => {
    const bad = usedStorage('bad');
    bad.isCorrupting = true;
    for (const nth of [1, 2]) bad.inject({ step: 'delete', nth });
    const scene = await aScene();
    const log = scene.log.warn.bind(scene.log);
    scene.log.warn = (fields, message) => {
      if (fields.event === 'upload_retry') bad.isCorrupting = false;
      log(fields, message);
    };
    expect((await roundWith(bad, scene)).report).toMatchObject({ outcome: 'taken' });
    expect(bad.steps.filter((step) => step === `delete ${KEY}`)).toHaveLength(3);
    const retried = scene.events.filter(({ kind }) => kind === 'upload_retried');
    const still = { code: 'storage_mismatch', message: expect.stringContaining('it is still there'), advice: expect.stringContaining(KEY) };
    expect(retried).toMatchObject([{ error: still }, { error: still }]);
    expect(bad.objects.get(KEY)?.bytes).toEqual(ARCHIVE);
  });
});

describe('a destination that goes on failing', () => {
  it.each<Fault & { readonly isVisible: boolean }>([
    { step: 'open', isVisible: false },
    { step: 'write', isVisible: false },
    { step: 'write', nth: 2, isVisible: false },
    { step: 'commit', isVisible: false },
    // Whole and checked, only without a manifest: the intent brings it at the next start.
    { step: 'open', nth: 2, isVisible: true },
    { step: 'commit', nth: 2, isVisible: true },
  ])('is missed by name, with nothing half visible: $step $nth', async ({ isVisible, ...fault }) => {
    const bad = usedStorage('bad', { ...fault, error: DENIED });
    const { report, scene } = await roundWith(bad);
    expect(report).toMatchObject({
      outcome: 'partial',
      delivered: [{ destination: 'good' }],
      missed: [{ destination: 'bad', code: 'storage_denied', message: 'bad: no such right' }],
    });
    expect(exitCodeOf(report)).toBe(3);
    expect(visible(bad)).toEqual(isVisible ? [OLDER, OLD, KEY] : [OLDER, OLD]);
    expect(bad.pending.size).toBe(0);
    expect(manifestAt(bad, KEY)).toBeUndefined();
    expect(scene.log.messages('error')).toEqual([`Failed to generate aws snapshot to memory://bad/${KEY}: bad: no such right`]);
  });

  it('never deletes where it did not deliver', async () => {
    const bad = usedStorage('bad', { step: 'commit', error: DENIED });
    const { report } = await roundWith(bad);
    expect(bad.steps.some((step) => step.startsWith('delete'))).toBe(false);
    expect(report).toMatchObject({
      pruned: [
        { destination: 'good', key: OLDER },
        { destination: 'good', key: OLD },
      ],
    });
  });

  it('fails the round with the first cause when every one is missed', async () => {
    const scene = await aScene();
    const stores = ['aws', 'gcp'].map((name) => new MemoryStorage({ name }));
    stores[0]!.inject({ step: 'open', error: DENIED });
    stores[1]!.inject({ step: 'open', error: new SnapshotError('storage_unsupported', 'gcp: no') });
    const report = await round(
      scene,
      stores.map((storage) => destinationOf(storage)),
    );
    expect(report).toMatchObject({
      outcome: 'failed',
      stage: 'upload',
      error: { code: 'storage_denied' },
      missed: [{ destination: 'aws' }, { destination: 'gcp' }],
      snapshot: { name: 'raft_snapshot-1772366400000000000.snap' },
    });
    expect(exitCodeOf(report)).toBe(77);
  });

  it('is not asked when it is full, and Vault is not when all are', async () => {
    const scene = await aScene();
    const full = new MemoryStorage({ name: 'full' });
    full.roomBytes = 1249;
    const newest = someManifest({ archive_bytes: 1000 });
    expect(await round(scene, [destinationOf(full, { newest })])).toMatchObject({ outcome: 'failed', error: { code: 'storage_no_space' } });
    expect(scene.vault.calls).toEqual(['describe']);
    full.roomBytes = 1250;
    expect(await round(scene, [destinationOf(full, { newest })])).toMatchObject({ outcome: 'taken' });
  });

  it('leaves the others theirs when it is full', async () => {
    const full = usedStorage('full');
    full.roomBytes = -1;
    const { report } = await roundWith(full);
    expect(report).toMatchObject({ outcome: 'partial', missed: [{ destination: 'full', code: 'storage_no_space' }] });
    expect(full.steps).toEqual([]);
  });

  it('does not ask Vault for what the spool has no room for', async () => {
    const scene = await aScene();
    const deps = {
      ...scene.deps,
      spools: { ...scene.deps.spools, room: async () => 999, open: () => Promise.reject(new Error('not asked')), sweep: async () => [] },
    };
    const report = await round({ ...scene, deps }, [destinationOf(new MemoryStorage(), { newest: someManifest({ archive_bytes: 1000 }) })]);
    expect(report).toMatchObject({ outcome: 'failed', stage: 'spool', error: { code: 'spool_no_space' } });
    expect(scene.vault.calls).toEqual(['describe']);
  });
});

describe('pruning after a delivery', () => {
  it.each<Fault>([
    { step: 'delete', error: DENIED },
    { step: 'list', error: DENIED },
  ])('never makes the snapshot a failed one: $step', async (fault) => {
    const bad = usedStorage('bad', fault);
    const { report, scene } = await roundWith(bad);
    expect(report).toMatchObject({ outcome: 'taken', missed: [] });
    expect(exitCodeOf(report)).toBe(0);
    expect(bad.objects.has(KEY)).toBe(true);
    expect(scene.log.of('prune_failed')).toMatchObject([{ level: 'warn', fields: { destination: 'bad', code: 'storage_denied' } }]);
  });

  it('is frozen by a manifest of another cluster, loudly', async () => {
    const bad = usedStorage('bad');
    bad.objects.set(OLD.replace('/', '/manifests/').concat('.json'), {
      bytes: Buffer.from(renderManifest(someManifest({ key: OLD, cluster_id: 'id-2' }))),
      modifiedAt: new Date(0),
    });
    const { report, scene } = await roundWith(bad);
    expect(report).toMatchObject({ outcome: 'taken', pruned: [{ destination: 'good' }, { destination: 'good' }] });
    expect(visible(bad)).toEqual([OLDER, OLD, KEY]);
    expect(scene.log.of('prune_frozen')).toMatchObject([{ level: 'warn', fields: { destination: 'bad', reason: expect.stringContaining('another cluster') } }]);
  });

  it('is frozen by an archive that is stored, but odd', async () => {
    const scene = await aScene();
    const storage = usedStorage('aws');
    scene.vault.archive = buildArchive({ entries: [{ key: 'core/mounts', value: 'mounts' }] });
    expect(await round(scene, [destinationOf(storage, { retain: { ...KEEP_ALL, last: 1 } })])).toMatchObject({ outcome: 'taken', pruned: [] });
    expect(visible(storage)).toEqual([OLDER, OLD, KEY]);
    expect(scene.log.of('prune_frozen')).toHaveLength(1);
  });

  it('never touches what lies beside the prefix or bears another name', async () => {
    const storage = usedStorage('aws');
    const others = ['raft_snapshots_prod/raft_snapshot-1772359200000000000.snap', 'raft_snapshots/raft_snapshot-old.snap', 'raft_snapshots/notes.txt'];
    for (const key of others) storage.objects.set(key, { bytes: Buffer.from('x'), modifiedAt: new Date(0) });
    await roundWith(storage);
    expect(visible(storage)).toEqual([KEY, ...others].sort());
  });
});

describe('the record of a commit to come', () => {
  it('is not needed for the snapshot itself', async () => {
    const scene = await aScene();
    const refusing = async () => {
      throw new SnapshotError('spool_failed', 'intents: disk full');
    };
    const storage = new MemoryStorage({ name: 'aws' });
    const deps = { ...scene.deps, intents: { record: refusing, clear: refusing, list: async () => [] } };
    expect(await round({ ...scene, deps }, [destinationOf(storage)])).toMatchObject({ outcome: 'taken' });
    expect(manifestAt(storage, KEY)?.key).toBe(KEY);
    expect(scene.log.of('intent_failed')).toMatchObject([{ level: 'warn', fields: { code: 'spool_failed' } }, { level: 'warn' }]);
  });
});
