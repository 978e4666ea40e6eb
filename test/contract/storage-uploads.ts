import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Storage } from '../../src/storage/contract.ts';
import { keyPrefix, objectKey } from '../../src/storage/key.ts';
import { collect, contentOf, digest, KEY, keysOf, NEVER, PREFIX, put } from './storage-steps.ts';

export function describeUpload(get: () => Storage): void {
  it('shows nothing before the commit and everything after it', async () => {
    const storage = get();
    const pending = await storage.open(KEY, { size: 4 }, NEVER);
    await pending.write(Buffer.from('snap'));
    expect(await keysOf(storage)).toEqual([]);
    expect(await storage.stat(KEY, NEVER)).toBeUndefined();
    await pending.commit();
    expect(await keysOf(storage)).toEqual([KEY]);
    expect(await contentOf(storage)).toEqual(Buffer.from('snap'));
  });

  it('tells the same size and checksum when it commits and when it is asked, and the same size and time when it lists', async () => {
    const storage = get();
    const committed = await put(storage, KEY, randomBytes(300_001));
    const found = await storage.stat(KEY, NEVER);
    const [listed] = await collect(storage.list(PREFIX, NEVER));
    expect(committed).toMatchObject({ key: KEY, size: 300_001, checksum: expect.stringMatching(/^[a-z0-9]+:[0-9a-f]+$/) });
    expect(found).toMatchObject({ key: KEY, size: 300_001, checksum: committed.checksum });
    // Of one object there is one version, whoever asks.
    expect(found?.version).toBe(committed.version);
    expect(listed).toEqual({ key: KEY, size: 300_001, modifiedAt: found?.modifiedAt });
  });

  it('gives different content a different checksum', async () => {
    const one = await put(get(), objectKey('snapshots/one.snap'), Buffer.from('one'));
    const two = await put(get(), objectKey('snapshots/two.snap'), Buffer.from('two'));
    expect(one.checksum).not.toBe(two.checksum);
  });

  it('stores an empty object', async () => {
    const pending = await get().open(KEY, { size: 0 }, NEVER);
    await pending.commit();
    expect(await get().stat(KEY, NEVER)).toMatchObject({ size: 0 });
    expect(await contentOf(get())).toEqual(Buffer.alloc(0));
  });

  it('stores many chunks of odd sizes, empty ones among them, in their order', async () => {
    const chunks = Array.from({ length: 200 }, (_, index) => randomBytes((index * 997) % 8191));
    const pending = await get().open(KEY, { size: 10 }, NEVER);
    for (const chunk of chunks) await pending.write(chunk);
    await pending.commit();
    expect(digest(await contentOf(get()))).toBe(digest(Buffer.concat(chunks)));
  });

  it('stores more than it was told to expect, over several parts', async () => {
    const content = randomBytes(17 * 1024 * 1024 + 1);
    const stored = await put(get(), KEY, content);
    expect(stored.size).toBe(17_825_793);
    expect(digest(await contentOf(get()))).toBe(digest(content));
  });

  it('never replaces an object', async () => {
    await put(get(), KEY, Buffer.from('first'));
    await expect(put(get(), KEY, Buffer.from('second'))).rejects.toMatchObject({ code: 'storage_exists' });
    expect(await contentOf(get())).toEqual(Buffer.from('first'));
  });

  it('replaces an alias whole by whole, and only when told to', async () => {
    await put(get(), KEY, Buffer.from('the first'));
    const pending = await get().open(KEY, { size: 2, replaces: true }, NEVER);
    await pending.write(Buffer.from('no'));
    expect(await contentOf(get())).toEqual(Buffer.from('the first'));
    const committed = await pending.commit();
    expect(await contentOf(get())).toEqual(Buffer.from('no'));
    expect(await get().stat(KEY, NEVER)).toMatchObject({ size: 2, checksum: committed.checksum });
    expect(await keysOf(get())).toEqual([KEY]);
  });

  it('lets exactly one of two uploads of the same key win', async () => {
    const storage = get();
    const uploads = await Promise.all(['left', 'right'].map(async (text) => ({ text, pending: await storage.open(KEY, { size: 5 }, NEVER) })));
    await Promise.all(uploads.map(({ text, pending }) => pending.write(Buffer.from(text))));
    const ends = await Promise.allSettled(uploads.map(({ pending }) => pending.commit()));
    await Promise.all(uploads.map(({ pending }) => pending.abort()));
    const winner = uploads[ends.findIndex(({ status }) => status === 'fulfilled')];
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'storage_exists' } });
    expect(await contentOf(storage)).toEqual(Buffer.from(winner!.text));
  });

  it('carries many uploads side by side', async () => {
    const keys = Array.from({ length: 8 }, (_, index) => objectKey(`snapshots/parallel-${index}.snap`));
    await Promise.all(keys.map((key) => put(get(), key, Buffer.from(key))));
    expect(await keysOf(get())).toEqual(keys);
    const contents = await Promise.all(keys.map((key) => contentOf(get(), key)));
    expect(contents.map(String)).toEqual(keys);
  });

  it('leaves a living upload alone when it sweeps', async () => {
    const pending = await get().open(KEY, { size: 5 }, NEVER);
    await pending.write(Buffer.from('alive'));
    expect(await get().sweep(PREFIX, NEVER)).toEqual([]);
    expect(await get().sweep(keyPrefix(''), NEVER)).toEqual([]);
    await pending.commit();
    expect(await contentOf(get())).toEqual(Buffer.from('alive'));
  });
}
