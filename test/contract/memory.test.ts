import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { describeStorage } from './storage.ts';
import { contentOf, KEY, NEVER, put } from './storage-steps.ts';

describeStorage('memory', async () => ({ storage: new MemoryStorage(), cleanUp: async () => undefined }));

describe('faults of the memory storage', () => {
  it('happen once, at the step they were asked for', async () => {
    const storage = new MemoryStorage();
    storage.inject({ step: 'write', nth: 2 });
    const pending = await storage.open(KEY, { size: 1 }, NEVER);
    await pending.write(Buffer.from('one'));
    await expect(pending.write(Buffer.from('two'))).rejects.toMatchObject({ code: 'storage_unavailable' });
    await expect(pending.commit()).rejects.toMatchObject({ code: 'storage_failed' });
    expect(storage.pending.size).toBe(1);
    await pending.abort();
    expect(storage.pending.size).toBe(0);
    expect((await put(storage, KEY, Buffer.from('again'))).size).toBe(5);
  });

  it('lose the answer of a commit that worked', async () => {
    const storage = new MemoryStorage();
    storage.inject({ step: 'commit-answer' });
    await expect(put(storage, KEY, Buffer.from('stored'))).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await contentOf(storage)).toEqual(Buffer.from('stored'));
  });

  it('hang until the signal', async () => {
    const storage = new MemoryStorage();
    const stop = new AbortController();
    storage.inject({ step: 'stat', error: 'hang' });
    const waiting = storage.stat(KEY, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'stopped' });
  });

  it('turn a bit that a read-back finds', async () => {
    const storage = new MemoryStorage();
    storage.isCorrupting = true;
    const written = await put(storage, KEY, Buffer.from('snap'));
    expect((await storage.stat(KEY, NEVER))?.checksum).not.toBe(written.checksum);
  });
});
