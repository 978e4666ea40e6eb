import { expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { contentOf, expectNothing, KEY, keysOf, NEVER, PREFIX, put } from './storage-steps.ts';

export function describeFailedUpload(get: () => Storage): void {
  it('leaves nothing after abort, however often', async () => {
    const pending = await get().open(KEY, { size: 5 }, NEVER);
    await pending.write(Buffer.from('never'));
    await pending.abort();
    await pending.abort();
    await expectNothing(get());
  });

  it('leaves nothing when it is aborted before the first byte', async () => {
    const pending = await get().open(KEY, { size: 5 }, NEVER);
    await pending.abort();
    await expectNothing(get());
  });

  it('takes neither bytes nor a commit after abort', async () => {
    const pending = await get().open(KEY, { size: 5 }, NEVER);
    await pending.abort();
    await expect(pending.write(Buffer.from('late'))).rejects.toBeInstanceOf(SnapshotError);
    await expect(pending.commit()).rejects.toBeInstanceOf(SnapshotError);
    await expectNothing(get());
  });

  it('keeps the object when an upload is aborted after its commit', async () => {
    const pending = await get().open(KEY, { size: 4 }, NEVER);
    await pending.write(Buffer.from('kept'));
    await pending.commit();
    await pending.abort();
    expect(await contentOf(get())).toEqual(Buffer.from('kept'));
  });

  it('leaves the first object and nothing else after a refused commit', async () => {
    await put(get(), KEY, Buffer.from('first'));
    const pending = await get().open(KEY, { size: 6 }, NEVER);
    await pending.write(Buffer.from('second'));
    await expect(pending.commit()).rejects.toMatchObject({ code: 'storage_exists' });
    await pending.abort();
    expect(await keysOf(get())).toEqual([KEY]);
    expect(await get().sweep(PREFIX, NEVER)).toEqual([]);
  });

  it('can upload the key again after an abort', async () => {
    const pending = await get().open(KEY, { size: 5 }, NEVER);
    await pending.abort();
    await put(get(), KEY, Buffer.from('again'));
    expect(await contentOf(get())).toEqual(Buffer.from('again'));
  });
}
