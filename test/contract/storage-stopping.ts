import { expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { objectKey } from '../../src/storage/key.ts';
import { collect, contentOf, expectNothing, KEY, PREFIX, put } from './storage-steps.ts';

export function describeStopping(get: () => Storage): void {
  const reason = new SnapshotError('round_timeout', 'the round took too long');

  it.each<[string, (storage: Storage, signal: AbortSignal) => Promise<unknown>]>([
    ['open', (storage, signal) => storage.open(KEY, { size: 1 }, signal)],
    ['list', (storage, signal) => collect(storage.list(PREFIX, signal))],
    ['read', (storage, signal) => collect(storage.read(KEY, signal))],
    ['stat', (storage, signal) => storage.stat(KEY, signal)],
    ['delete', (storage, signal) => storage.delete(KEY, signal)],
    ['room', (storage, signal) => storage.room(signal)],
    ['sweep', (storage, signal) => storage.sweep(PREFIX, signal)],
  ])('refuses to %s once it is stopped, with the reason', async (_, act) => {
    await put(get(), KEY, Buffer.from('safe'));
    await expect(act(get(), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(await contentOf(get())).toEqual(Buffer.from('safe'));
  });

  it.each<[string, unknown, string]>([
    ['a plain abort', undefined, 'stopped'],
    ['a deadline', new DOMException('too late', 'TimeoutError'), 'round_timeout'],
  ])('translates the reason of %s', async (_, foreign, code) => {
    await expect(get().stat(KEY, AbortSignal.abort(foreign))).rejects.toMatchObject({ code });
  });

  it('neither writes nor commits after the signal, and still cleans up', async () => {
    const stop = new AbortController();
    const [writing, committing] = [await get().open(KEY, { size: 4 }, stop.signal), await get().open(KEY, { size: 4 }, stop.signal)];
    await committing.write(Buffer.from('late'));
    stop.abort(reason);
    await expect(writing.write(Buffer.from('late'))).rejects.toBe(reason);
    await expect(committing.commit()).rejects.toBe(reason);
    await writing.abort();
    await committing.abort();
    await expectNothing(get());
  });

  it('ends a listing half-way', async () => {
    for (const name of ['one', 'two', 'three', 'four', 'five']) await put(get(), objectKey(`snapshots/${name}.snap`), Buffer.from(name));
    const stop = new AbortController();
    const listed: string[] = [];
    const listing = async () => {
      for await (const { key } of get().list(PREFIX, stop.signal)) {
        listed.push(key);
        stop.abort(reason);
      }
    };
    await expect(listing()).rejects.toBe(reason);
    expect(listed.length).toBeLessThan(5);
  });
}
