import { expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { objectKey } from '../../../src/storage/key.ts';
import { tryEach } from '../../../src/storage/try-each.ts';

const KEYS = Array.from({ length: 50 }, (_, nth) => objectKey(`a/${nth}.snap`));

it('does each once, sixteen at a time', async () => {
  const done: string[] = [];
  let running = 0;
  let most = 0;
  const work = async (key: string) => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    done.push(key);
  };
  expect(await tryEach(KEYS, work, new AbortController().signal)).toEqual([]);
  expect(done.toSorted()).toEqual(KEYS.toSorted());
  expect(most).toBe(16);
});

it('tells each failure by its key, and goes on', async () => {
  const work = async (key: string) => {
    if (key === KEYS[3]) throw new SnapshotError('storage_denied', 'no');
    if (key === KEYS[7]) throw new TypeError('a fault of ours');
  };
  const errors = await tryEach(KEYS, work, new AbortController().signal);
  expect(errors.map(({ key, error }) => [key, error.code])).toEqual([
    [KEYS[3], 'storage_denied'],
    [KEYS[7], 'internal'],
  ]);
});

it('ends with the reason of the signal, whatever the work made of it', async () => {
  const stop = new AbortController();
  const work = async () => {
    stop.abort(new SnapshotError('stopped', 'stop'));
    throw new Error('aborted');
  };
  await expect(tryEach(KEYS, work, stop.signal)).rejects.toMatchObject({ code: 'stopped' });
});
