import { expect, it } from 'vitest';
import type { Storage } from '../../src/storage/contract.ts';
import { objectKey } from '../../src/storage/key.ts';
import { contentOf, KEY, keysOf, NEVER, PREFIX, put } from './storage-steps.ts';

export function describeListing(get: () => Storage): void {
  it('lists nothing where nothing was ever stored', async () => {
    expect(await keysOf(get())).toEqual([]);
  });

  it('lists each object once, over all pages', async () => {
    const keys = Array.from({ length: 7 }, (_, index) => objectKey(`snapshots/page-${index}.snap`));
    for (const key of keys) await put(get(), key, Buffer.from('x'));
    expect(await keysOf(get())).toEqual(keys);
  });

  it('lists only what lies directly below the prefix', async () => {
    const places = ['top.snap', 'snapshots/own.snap', 'snapshots/manifests/own.snap.json', 'snapshots-of-others/theirs.snap', 'snapshots.snap'];
    for (const key of places) await put(get(), objectKey(key), Buffer.from(key));
    expect(await keysOf(get(), 'snapshots')).toEqual(['snapshots/own.snap']);
    expect(await keysOf(get(), 'snapshots/manifests')).toEqual(['snapshots/manifests/own.snap.json']);
    expect(await keysOf(get(), '')).toEqual(['snapshots.snap', 'top.snap']);
  });

  it('lets go of a listing that is not read to its end', async () => {
    for (const name of ['one', 'two', 'three']) await put(get(), objectKey(`snapshots/${name}.snap`), Buffer.from(name));
    for await (const { key } of get().list(PREFIX, NEVER)) {
      await get().delete(key, NEVER);
      break;
    }
    expect(await keysOf(get())).toHaveLength(2);
  });

  it('goes on listing while what it listed is deleted', async () => {
    for (const name of ['one', 'two', 'three', 'four', 'five']) await put(get(), objectKey(`snapshots/${name}.snap`), Buffer.from(name));
    for await (const { key } of get().list(PREFIX, NEVER)) await get().delete(key, NEVER);
    expect(await keysOf(get())).toEqual([]);
  });

  it('knows nothing of a missing object, and says so when it is read', async () => {
    expect(await get().stat(KEY, NEVER)).toBeUndefined();
    await expect(contentOf(get())).rejects.toMatchObject({ code: 'not_found' });
  });

  it('takes a directory of keys for no object', async () => {
    await put(get(), objectKey('snapshots/manifests/own.snap.json'), Buffer.from('{}'));
    expect(await get().stat(objectKey('snapshots/manifests'), NEVER)).toBeUndefined();
    await expect(contentOf(get(), objectKey('snapshots/manifests'))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('deletes an object, also one that is gone already, and no other', async () => {
    const other = objectKey('snapshots/other.snap');
    await put(get(), KEY, Buffer.from('old'));
    await put(get(), other, Buffer.from('other'));
    await get().delete(KEY, NEVER);
    await get().delete(KEY, NEVER);
    await get().delete(objectKey('nowhere/nothing.snap'), NEVER);
    expect(await keysOf(get())).toEqual([other]);
  });

  it('deletes many at once, also those that are gone already, and no others', async () => {
    const keys = Array.from({ length: 5 }, (_, index) => objectKey(`snapshots/many-${index}.snap`));
    for (const key of keys) await put(get(), key, Buffer.from('x'));
    expect(await get().deleteAll([...keys.slice(1, 4), objectKey('snapshots/nothing.snap')], NEVER)).toEqual([]);
    expect(await keysOf(get())).toEqual([keys[0], keys[4]]);
    expect(await get().deleteAll([], NEVER)).toEqual([]);
    expect(await get().deleteAll(keys, NEVER)).toEqual([]);
    expect(await keysOf(get())).toEqual([]);
  });

  it('names the place of an object by its key', () => {
    expect(get().locate(KEY)).toMatch(/snapshots\/raft_snapshot-1700000000000000000\.snap$/);
  });

  it('tells how much room there is', async () => {
    expect(await get().room(NEVER)).toBeGreaterThan(0);
  });
}
