import { readdir, readlink } from 'node:fs/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { exitCodeOf } from '../../src/agent/report.ts';
import { SnapshotError } from '../../src/errors.ts';
import { objectKey } from '../../src/storage/key.ts';
import { buildArchive } from '../fakes/archive.ts';
import { type FaultStep, MemoryStorage } from '../fakes/memory-storage.ts';
import { aScene, destinationOf, KEEP_ALL, leftInState, manifestAt, NEVER, round, visible } from './scene.ts';

const KEY = 'raft_snapshots/raft_snapshot-1772366400000000000.snap';
const ARCHIVE = buildArchive({ padStateTo: 300_000 });

/** Open files of this process that have lost their name: spools, as long as they live. */
async function openSpools(state: string): Promise<number> {
  let count = 0;
  for (const fd of await readdir('/proc/self/fd')) {
    const target = await readlink(`/proc/self/fd/${fd}`).catch(() => '');
    if (target.startsWith(state)) count++;
  }
  return count;
}

describe('a round that is told to stop', () => {
  const inVault = ['describe', 'openSnapshot', 'chunk', 'leadership'];
  it.each(inVault)('leaves nothing behind: while it asks Vault, %s', async (step) => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const stop = new AbortController();
    let left = step === 'chunk' ? 6 : 1;
    scene.vault.archive = ARCHIVE;
    scene.vault.onCall = (call) => {
      if (call === step && --left === 0) stop.abort(new SnapshotError('stopped', 'stopped by SIGTERM'));
    };
    const report = await round(scene, [destinationOf(aws)], stop.signal);
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'stopped', message: 'stopped by SIGTERM' } });
    expect(exitCodeOf(report)).toBe(143);
    expect([...aws.objects.keys(), ...aws.pending]).toEqual([]);
    expect(await leftInState(scene)).toEqual([]);
    expect(await openSpools(scene.state)).toBe(0);
    expect(scene.vault.openArchives).toBe(0);
  });

  it('was stopped, whatever broke because of it', async () => {
    const scene = await aScene();
    const stop = new AbortController();
    scene.vault.onCall = (call) => {
      if (call !== 'chunk') return;
      stop.abort(new SnapshotError('stopped', 'stopped by SIGTERM'));
      throw new SnapshotError('vault_cut', 'vault: cut');
    };
    expect(await round(scene, [destinationOf(new MemoryStorage())], stop.signal)).toMatchObject({ outcome: 'failed', error: { code: 'stopped' } });
  });

  const atDestination: readonly { readonly step: FaultStep; readonly nth?: number }[] = [
    { step: 'open' },
    { step: 'write' },
    { step: 'write', nth: 2 },
    { step: 'commit' },
    { step: 'commit-answer' },
    { step: 'stat' },
    { step: 'open', nth: 2 },
    { step: 'commit', nth: 2 },
  ];
  it.each(atDestination)('shows nothing half done: while a destination hangs at $step $nth', async (fault) => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const stop = new AbortController();
    scene.vault.archive = ARCHIVE;
    aws.inject({ ...fault, error: 'hang' });
    const ended = round(scene, [destinationOf(aws)], stop.signal);
    const hangs = () => aws.steps.filter((step) => step.startsWith(`${fault.step} `)).length >= (fault.nth ?? 1);
    while (!hangs()) await new Promise(setImmediate);
    stop.abort(new SnapshotError('stopped_int', 'stopped by SIGINT'));
    const report = await ended;
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'stopped_int' } });
    expect(exitCodeOf(report)).toBe(130);
    expect(aws.pending.size).toBe(0);
    for (const { bytes } of [...aws.objects].filter(([key]) => key === KEY).map(([, held]) => held)) expect(bytes).toEqual(ARCHIVE);
    expect(manifestAt(aws, KEY)).toBeUndefined();
    expect(await openSpools(scene.state)).toBe(0);
  });

  it('is still a success where the snapshot is delivered already', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const stop = new AbortController();
    aws.inject({ step: 'list', error: 'hang' });
    const ended = round(scene, [destinationOf(aws, { retain: { ...KEEP_ALL, last: 1 } })], stop.signal);
    while (!aws.steps.some((step) => step.startsWith('list'))) await new Promise(setImmediate);
    stop.abort(new SnapshotError('stopped', 'stopped by SIGTERM'));
    expect(await ended).toMatchObject({ outcome: 'taken' });
  });
});

describe('the deadline of a round', () => {
  it('ends everything when Vault never answers', async () => {
    const scene = await aScene({ snapshotTimeoutMs: 60 });
    const aws = new MemoryStorage();
    scene.vault.archive = 'hang';
    const report = await round(scene, [destinationOf(aws)]);
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'round_timeout', message: 'the round did not end within 0.06s' } });
    expect(exitCodeOf(report)).toBe(75);
    expect(aws.steps).toEqual([]);
  });

  it('ends a read that never ends', async () => {
    const scene = await aScene({ snapshotTimeoutMs: 60 });
    const aws = new MemoryStorage();
    scene.vault.archive = ARCHIVE;
    scene.vault.spoiled = { afterBytes: 200_000, by: 'hang' };
    expect(await round(scene, [destinationOf(aws)])).toMatchObject({ outcome: 'failed', error: { code: 'round_timeout' } });
    expect([...aws.objects.keys(), ...aws.pending]).toEqual([]);
    expect(await openSpools(scene.state)).toBe(0);
    expect(scene.vault.openArchives).toBe(0);
  });

  it('costs only the destination that is late', async () => {
    const scene = await aScene({ snapshotTimeoutMs: 1000 });
    const [fast, slow] = [new MemoryStorage({ name: 'fast' }), new MemoryStorage({ name: 'slow' })];
    slow.inject({ step: 'commit', error: 'hang' });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const ended = round(scene, [destinationOf(fast), destinationOf(slow)]);
    const isLateAlone = () => scene.log.of('snapshot_delivered').length === 1 && slow.steps.some((step) => step.startsWith('commit'));
    while (!isLateAlone()) await new Promise(setImmediate);
    await vi.advanceTimersByTimeAsync(1000);
    const report = await ended;
    expect(report).toMatchObject({ outcome: 'partial', delivered: [{ destination: 'fast' }], missed: [{ destination: 'slow', code: 'round_timeout' }] });
    expect(slow.pending.size).toBe(0);
  });

  it('may be longer than a timer can be', async () => {
    const scene = await aScene({ snapshotTimeoutMs: 2 ** 31, stallTimeoutMs: 2 ** 31 });
    expect(await round(scene, [destinationOf(new MemoryStorage())])).toMatchObject({ outcome: 'taken' });
  });
});

describe('a destination that stalls', () => {
  it.each<FaultStep>(['open', 'write', 'commit', 'stat'])('is given up, tried again, and holds nobody else up: %s', async (step) => {
    const scene = await aScene({ stallTimeoutMs: 400 });
    const [fast, slow] = [new MemoryStorage({ name: 'fast' }), new MemoryStorage({ name: 'slow' })];
    scene.vault.archive = ARCHIVE;
    slow.inject({ step, error: 'hang' });
    let wasFastFirst = false;
    scene.log.info = ({ event, destination }) => {
      if (event === 'snapshot_delivered' && destination === 'fast') wasFastFirst = visible(slow).length === 0 || step === 'stat';
    };
    expect(await round(scene, [destinationOf(slow), destinationOf(fast)], NEVER)).toMatchObject({ outcome: 'taken', missed: [] });
    expect(wasFastFirst).toBe(true);
    expect(scene.log.of('upload_retry')).toMatchObject([{ fields: { destination: 'slow', code: 'storage_unavailable' } }]);
    expect(slow.objects.get(objectKey(KEY))?.bytes).toEqual(ARCHIVE);
    expect(slow.pending.size).toBe(0);
  });

  it('before the read is missed, and Vault is not held', async () => {
    const scene = await aScene({ stallTimeoutMs: 50 });
    const [fast, dead] = [new MemoryStorage({ name: 'fast' }), new MemoryStorage({ name: 'dead' })];
    dead.room = (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    expect(await round(scene, [destinationOf(dead), destinationOf(fast)])).toMatchObject({
      outcome: 'partial',
      missed: [{ destination: 'dead', code: 'storage_unavailable', message: 'dead: did not tell its free space within 0.05s' }],
    });
  });
});

describe('a spool that cannot be given back', () => {
  it('takes nothing back from what is delivered', async () => {
    const scene = await aScene();
    const spools = {
      room: () => scene.deps.spools.room(),
      sweep: () => scene.deps.spools.sweep(),
      open: async () => {
        const spool = await scene.deps.spools.open();
        const remove = spool.remove.bind(spool);
        spool.remove = async () => {
          await remove();
          throw new SnapshotError('spool_failed', 'spool: input/output error (EIO)');
        };
        return spool;
      },
    };
    expect(await round({ ...scene, deps: { ...scene.deps, spools } }, [destinationOf(new MemoryStorage())])).toMatchObject({ outcome: 'taken' });
    expect(scene.log.of('spool_left')).toMatchObject([{ level: 'warn', fields: { code: 'spool_failed' } }]);
  });
});
