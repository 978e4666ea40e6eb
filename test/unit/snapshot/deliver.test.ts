import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { deliver, deliverBytes, findWhole } from '../../../src/snapshot/deliver.ts';
import { LocalSpoolDirectory } from '../../../src/spool/directory.ts';
import type { Pending } from '../../../src/storage/contract.ts';
import { objectKey } from '../../../src/storage/key.ts';
import { type FaultStep, MemoryStorage } from '../../fakes/memory-storage.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';

const NEVER = new AbortController().signal;
const KEY = objectKey('raft_snapshots/one.snap');
const BYTES = Buffer.alloc(600_000, 'snapshot');
const SHA256 = createHash('sha256').update(BYTES).digest('hex');
const CONTENT = { bytes: BYTES.length, sha256: SHA256 };
const MANY = 60_000;

async function filledSpool() {
  const witness = { owner: { host: 'vault-0', pid: 1, startedMs: 1 }, isAlive: () => false, now: () => new Date() };
  const spool = await new LocalSpoolDirectory(await scratchDirectory(), witness).open();
  onTestFinished(() => spool.remove());
  await spool.append(BYTES);
  spool.end();
  return spool;
}

async function upload(
  storage: MemoryStorage,
  { ready = async () => undefined, stallTimeoutMs = MANY }: { ready?: () => Promise<unknown>; stallTimeoutMs?: number } = {},
) {
  return deliver({ storage, key: KEY, sizeGuess: 1, spool: await filledSpool(), ready, stallTimeoutMs }, NEVER);
}

describe('delivering a spool', () => {
  it('commits what was spooled, read back', async () => {
    const storage = new MemoryStorage();
    expect(await upload(storage)).toMatchObject({ key: KEY, size: BYTES.length, checksum: `sha256:${SHA256}` });
    expect(storage.objects.get(KEY)?.bytes).toEqual(BYTES);
    expect(storage.steps.at(-1)).toBe(`stat ${KEY}`);
  });

  it('commits nothing before the archive is proved, and everything is there by then', async () => {
    const storage = new MemoryStorage();
    await upload(storage, {
      ready: async () => {
        expect(storage.steps.filter((step) => step.startsWith('write'))).toHaveLength(3);
        expect(storage.objects.size).toBe(0);
      },
    });
    expect(storage.objects.size).toBe(1);
  });

  it('aborts when the archive is no good', async () => {
    const storage = new MemoryStorage();
    const broken = () => Promise.reject(new SnapshotError('archive_corrupt', 'archive: cut'));
    await expect(upload(storage, { ready: broken })).rejects.toMatchObject({ code: 'archive_corrupt' });
    expect([storage.objects.size, storage.pending.size]).toEqual([0, 0]);
  });

  it.each<FaultStep>(['open', 'write', 'commit', 'commit-answer', 'stat'])('leaves no upload behind when it fails: %s', async (step) => {
    const storage = new MemoryStorage();
    storage.inject({ step });
    await expect(upload(storage)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(storage.pending.size).toBe(0);
  });

  it('tells the first failure, not that of cleaning up', async () => {
    const storage = new MemoryStorage();
    storage.inject({ step: 'write', error: new SnapshotError('storage_no_space', 'disk: full') });
    storage.inject({ step: 'abort' });
    await expect(upload(storage)).rejects.toMatchObject({ code: 'storage_no_space' });
  });

  it('removes what reads back differently', async () => {
    const storage = new MemoryStorage();
    storage.isCorrupting = true;
    await expect(upload(storage)).rejects.toMatchObject({ code: 'storage_mismatch', message: expect.stringContaining('read back 600000 bytes') });
    expect(storage.objects.size).toBe(0);
  });

  it('ends an upload that opens only after it was given up', async () => {
    const storage = new MemoryStorage();
    const open = storage.open.bind(storage);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const opened: Promise<Pending>[] = [];
    storage.open = (key, meta, _signal) => {
      const late = released.then(() => open(key, meta, NEVER));
      opened.push(late);
      return late;
    };
    await expect(upload(storage, { stallTimeoutMs: 20 })).rejects.toMatchObject({ code: 'storage_unavailable' });
    release();
    await opened[0];
    await new Promise(setImmediate);
    expect(storage.steps).toEqual([`open ${KEY}`, `abort ${KEY}`]);
    expect(storage.pending.size).toBe(0);
  });
});

describe('delivering a small object', () => {
  it.each<FaultStep>(['open', 'write', 'commit', 'stat'])('is given up when it stalls: %s', async (step) => {
    const storage = new MemoryStorage();
    storage.inject({ step, error: 'hang' });
    const small = { storage, key: KEY, bytes: Buffer.from('{}'), stallTimeoutMs: 20 };
    await expect(deliverBytes(small, NEVER)).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: 'memory: raft_snapshots/one.snap: nothing moved for 0.02s',
    });
    expect(storage.pending.size).toBe(0);
    expect((await deliverBytes({ ...small, key: objectKey('other') }, NEVER)).size).toBe(2);
  });
});

describe('a large object', () => {
  const LARGE = Buffer.alloc(10_000_000);

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each<FaultStep>(['commit', 'stat'])('may take as long as its length needs, and no longer: %s', async (step) => {
    const storage = new MemoryStorage();
    storage.inject({ step, error: 'hang' });
    let hasEnded = false;
    const ended = expect(
      deliverBytes({ storage, key: KEY, bytes: LARGE, stallTimeoutMs: 1000 }, NEVER).finally(() => {
        hasEnded = true;
      }),
    ).rejects.toMatchObject({ code: 'storage_unavailable' });
    while (!storage.steps.some((each) => each.startsWith(step))) await new Promise(setImmediate);
    await vi.advanceTimersByTimeAsync(1999);
    expect(hasEnded).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await ended;
  });

  it('is waited for by whoever looks for it', async () => {
    const storage = new MemoryStorage();
    storage.inject({ step: 'stat', error: 'hang' });
    const found = expect(findWhole(storage, KEY, { bytes: 20_000_000, sha256: SHA256 }, 1000, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(2999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await found;
  });
});

describe('looking for an object', () => {
  it.each([
    { what: 'nothing there', bytes: undefined, isFound: false },
    { what: 'the same bytes', bytes: BYTES, isFound: true },
    { what: 'as many other bytes', bytes: Buffer.alloc(BYTES.length), isFound: false },
    { what: 'the beginning of it', bytes: BYTES.subarray(1), isFound: false },
  ])('finds it by its content alone: $what', async ({ bytes, isFound }) => {
    const storage = new MemoryStorage();
    if (bytes) storage.objects.set(KEY, { bytes, modifiedAt: new Date(0) });
    expect((await findWhole(storage, KEY, CONTENT, MANY, NEVER)) !== undefined).toBe(isFound);
  });

  it.each<FaultStep>(['stat', 'read'])('gives up on a store that hangs: %s', async (step) => {
    const storage = new MemoryStorage();
    storage.objects.set(KEY, { bytes: BYTES, modifiedAt: new Date(0) });
    storage.inject({ step, error: 'hang' });
    await expect(findWhole(storage, KEY, CONTENT, 20, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});
