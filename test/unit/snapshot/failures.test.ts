import { expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { takeStock } from '../../../src/inventory/stock.ts';
import { findFailures } from '../../../src/snapshot/failures.ts';
import { failureKey, recordKey } from '../../../src/snapshot/name.ts';
import { someDestination } from '../inventory/some-destination.ts';
import { FOREVER, keyOf, OURS, put, storeOf } from '../retention/some-store.ts';

type Entry = readonly [day: number, kind: 'verify' | 'drill', code?: string];

const at = (day: number) => new Date(Date.UTC(2026, 1, day));

function recordsOf(entries: readonly Entry[]) {
  const storage = storeOf({ proved: [1] });
  const keys = entries.map(([day, kind, code]) => {
    const key = (code === undefined ? recordKey : failureKey)(keyOf(1), at(day));
    const error = code === undefined ? null : { code, message: `of day ${day}` };
    put(storage, key, JSON.stringify({ kind, level: 'verified', at: at(day).toISOString(), error }));
    return key;
  });
  return { storage, keys };
}

it.each<{ readonly what: string; readonly entries: readonly Entry[]; readonly failures: readonly string[] }>([
  { what: 'no records', entries: [], failures: [] },
  {
    what: 'proofs only',
    entries: [
      [1, 'verify'],
      [2, 'drill'],
    ],
    failures: [],
  },
  {
    what: 'damage found last',
    entries: [
      [1, 'verify'],
      [2, 'verify', 'archive_corrupt'],
    ],
    failures: ['verify archive_corrupt of day 2'],
  },
  {
    what: 'damage found twice',
    entries: [
      [2, 'verify', 'archive_corrupt'],
      [3, 'verify', 'storage_mismatch'],
    ],
    failures: ['verify storage_mismatch of day 3'],
  },
  {
    what: 'damage that was put right',
    entries: [
      [1, 'verify', 'archive_corrupt'],
      [2, 'verify'],
    ],
    failures: [],
  },
  {
    what: 'both within one second',
    entries: [
      [2, 'verify'],
      [2, 'verify', 'archive_corrupt'],
    ],
    failures: ['verify archive_corrupt of day 2'],
  },
  {
    what: 'a failed drill, verified since',
    entries: [
      [1, 'drill', 'wrong_unseal_keys'],
      [2, 'verify'],
    ],
    failures: ['drill wrong_unseal_keys of day 1'],
  },
  {
    what: 'a failed drill, done again',
    entries: [
      [1, 'drill', 'wrong_unseal_keys'],
      [2, 'drill'],
    ],
    failures: [],
  },
  {
    what: 'a drill that found damage',
    entries: [
      [1, 'drill'],
      [2, 'drill', 'archive_corrupt'],
    ],
    failures: ['drill archive_corrupt of day 2'],
  },
  {
    what: 'damage after a failed drill',
    entries: [
      [1, 'drill', 'no_token'],
      [2, 'verify', 'archive_corrupt'],
    ],
    failures: ['verify archive_corrupt of day 2', 'drill no_token of day 1'],
  },
  { what: 'a code of a later version', entries: [[1, 'drill', 'moon_phase']], failures: ['drill failed of day 1'] },
])('finds what is still wrong among $what', async ({ entries, failures }) => {
  const { storage, keys } = recordsOf(entries);
  const found = await findFailures(storage, keys, FOREVER);
  expect(found.map(({ kind, error }) => `${kind} ${error.code} ${error.message}`)).toEqual(failures);
});

it('passes over records that nobody can read, or that are gone', async () => {
  const { storage, keys } = recordsOf([
    [1, 'verify', 'archive_corrupt'],
    [2, 'verify', 'archive_corrupt'],
    [3, 'verify', 'archive_corrupt'],
  ]);
  put(storage, keys[2]!, '{"kind":');
  storage.objects.delete(keys[1]!);
  expect(await findFailures(storage, keys, FOREVER)).toMatchObject([{ at: at(1) }]);
});

it('reads no record where none tells of a failure, and tells which could not be read', async () => {
  const readRecords = ({ storage }: ReturnType<typeof recordsOf>) => storage.steps.filter((step) => /^read .*-\d{8}T/.test(step)).length;
  const sound = recordsOf([
    [1, 'verify'],
    [2, 'drill'],
  ]);
  await takeStock(someDestination(sound.storage), OURS, FOREVER);
  expect(readRecords(sound)).toBe(0);
  const failed = recordsOf([[2, 'verify', 'archive_corrupt']]);
  const reads = failed.storage.steps.length;
  await takeStock(someDestination(failed.storage), OURS, FOREVER);
  const ofAll = failed.storage.steps.slice(reads).filter((step) => step.startsWith('read ')).length;
  expect(readRecords(failed)).toBeGreaterThan(0);
  failed.storage.inject({ step: 'read', nth: ofAll, error: new SnapshotError('storage_denied', 'no') });
  const { holdings, errors } = await takeStock(someDestination(failed.storage), OURS, FOREVER);
  expect(errors).toMatchObject([{ key: keyOf(1), error: { code: 'storage_denied' } }]);
  expect(holdings).toMatchObject([{ failures: [] }]);
});
