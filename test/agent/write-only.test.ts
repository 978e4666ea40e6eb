import { describe, expect, it } from 'vitest';
import { probe } from '../../src/agent/probe.ts';
import { SnapshotError } from '../../src/errors.ts';
import { keyPrefix } from '../../src/storage/key.ts';
import { buildArchive } from '../fakes/archive.ts';
import { type FaultStep, MemoryStorage } from '../fakes/memory-storage.ts';
import { aScene, destinationOf, KEEP_ALL, leftInState, manifestAt, round, visible } from './scene.ts';

const KEY = 'raft_snapshots/raft_snapshot-1772366400000000000.snap';
const ARCHIVE = buildArchive({ padStateTo: 300_000 });

/** Its policy lets us do these steps and no other. */
class StrictStorage extends MemoryStorage {
  readonly #granted: readonly FaultStep[];

  constructor(granted: readonly FaultStep[] = []) {
    super({ name: 'strict' });
    this.#granted = ['open', 'write', 'commit', 'commit-answer', 'abort', ...granted];
  }

  override async step(step: FaultStep, key: string, signal?: AbortSignal): Promise<void> {
    await super.step(step, key, signal);
    if (!this.#granted.includes(step)) throw new SnapshotError('storage_denied', `strict: ${key}: no right to ${step}`);
  }
}

async function roundWith(storage: MemoryStorage) {
  const scene = await aScene();
  scene.vault.archive = ARCHIVE;
  const report = await round(scene, [destinationOf(storage, { retain: { ...KEEP_ALL, last: 1 } })]);
  return { report, scene };
}

describe('a destination that may only be written to', () => {
  it('has the snapshot, and log, report and manifest say that nobody has compared it', async () => {
    const storage = new StrictStorage();
    const { report, scene } = await roundWith(storage);
    expect(report).toMatchObject({ outcome: 'taken', delivered: [{ destination: 'strict', read_back: false }], missed: [] });
    expect(visible(storage)).toEqual([KEY]);
    expect(manifestAt(storage, KEY)).toMatchObject({ read_back: false, archive_bytes: ARCHIVE.length });
    expect(scene.log.of('readback_denied')).toMatchObject([{ level: 'warn', fields: { destination: 'strict', key: KEY, code: 'storage_denied' } }]);
    expect(scene.log.of('prune_failed')).toMatchObject([{ fields: { code: 'storage_denied' } }]);
    expect(await leftInState(scene)).toEqual([]);
  });

  it.each<FaultStep>(['open', 'write', 'commit'])('has it at the next try when one fails: %s', async (step) => {
    const storage = new StrictStorage();
    storage.inject({ step });
    expect((await roundWith(storage)).report).toMatchObject({ outcome: 'taken', delivered: [{ read_back: false }] });
    expect(storage.objects.get(KEY)?.bytes).toEqual(ARCHIVE);
  });

  it('is missed rather than believed when the answer to the commit got lost', async () => {
    const storage = new StrictStorage();
    storage.inject({ step: 'commit-answer' });
    expect((await roundWith(storage)).report).toMatchObject({ outcome: 'failed', error: { code: 'storage_exists' } });
    expect(manifestAt(storage, KEY)).toBeUndefined();
  });

  it('is read back where it may be, and a difference is a failure', async () => {
    const storage = new StrictStorage(['stat', 'read', 'delete']);
    storage.isCorrupting = true;
    const scene = await aScene();
    scene.vault.archive = ARCHIVE;
    const warn = scene.log.warn.bind(scene.log);
    scene.log.warn = (fields, message) => {
      if (fields.event === 'upload_retry') storage.isCorrupting = false;
      warn(fields, message);
    };
    expect(await round(scene, [destinationOf(storage)])).toMatchObject({ outcome: 'taken' });
    expect(scene.log.of('upload_retry')).toMatchObject([{ fields: { code: 'storage_mismatch' } }]);
    expect(scene.log.of('readback_denied')).toEqual([]);
  });
});

describe('probing it', () => {
  const prefix = keyPrefix('raft_snapshots');
  const ask = (storage: MemoryStorage) => probe({ storage, prefix }, 'probe', new AbortController().signal);

  it('tells that nothing but writing is granted', async () => {
    expect(await ask(new StrictStorage())).toEqual({ location: 'memory://strict/raft_snapshots/probe', isWriteOnly: true });
  });

  it.each<{ readonly granted: readonly FaultStep[]; readonly denied: string }>([
    { granted: ['list'], denied: 'stat' },
    { granted: ['delete'], denied: 'stat' },
    { granted: ['stat', 'read', 'delete'], denied: 'list' },
    { granted: ['stat', 'read', 'list'], denied: 'delete' },
  ])('tells of a right that was forgotten: $denied, with $granted', async ({ granted, denied }) => {
    await expect(ask(new StrictStorage(granted))).rejects.toMatchObject({ code: 'storage_denied', message: expect.stringContaining(`no right to ${denied}`) });
  });
});
