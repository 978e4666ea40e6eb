import { expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { findLastDrills } from '../../../src/inventory/last-drill.ts';
import { failureKey, recordKey } from '../../../src/snapshot/name.ts';
import { Watchdog } from '../../../src/snapshot/watchdog.ts';
import { FOREVER, keyOf, OURS, put, storeOf } from '../retention/some-store.ts';
import { someDestination } from './some-destination.ts';

const at = (day: number) => new Date(Date.UTC(2026, 1, day));
const drill = (day: number, level = 'canary-read') => JSON.stringify({ kind: 'drill', level, at: at(day).toISOString(), rto_seconds: day });
const VERIFY = JSON.stringify({ kind: 'verify', level: 'verified', at: at(1).toISOString(), rto_seconds: null });

const failed = (day: number, kind = 'drill') =>
  JSON.stringify({ kind, level: 'installed', at: at(day).toISOString(), error: { code: 'wrong_unseal_keys', message: `day ${day}` } });

async function find(records: readonly (readonly [number, string])[], since?: Date) {
  const storage = storeOf({ proved: [1] });
  for (const [day, text] of records) put(storage, (text.includes('error') ? failureKey : recordKey)(keyOf(1), at(day)), text);
  return await findLastDrills(someDestination(storage), OURS, since, new Watchdog(FOREVER, 30_000, () => new SnapshotError('storage_unavailable', 'late')));
}

it.each([
  { what: 'no record', records: [], found: undefined },
  { what: 'verifications only', records: [[1, VERIFY]], found: undefined },
  {
    what: 'a verification after the drill',
    records: [
      [2, drill(2)],
      [3, VERIFY],
    ],
    found: 2,
  },
  {
    what: 'two drills',
    records: [
      [2, drill(2)],
      [4, drill(4)],
    ],
    found: 4,
  },
  {
    what: 'a newer record that nobody can read',
    records: [
      [2, drill(2)],
      [4, '{"kind":'],
      [5, 'null'],
      [6, '{"kind":"drill","level":1}'],
    ],
    found: 2,
  },
] as const)('finds the last drill among $what', async ({ records, found }) => {
  expect(await find(records)).toEqual(found === undefined ? [] : [{ at: at(found), level: 'canary-read', seconds: found, error: undefined }]);
});

it('looks at no record that was there before', async () => {
  expect(await find([[2, drill(2)]], at(2))).toEqual([]);
  expect(await find([[2, drill(2)]], at(1))).toMatchObject([{ at: at(2) }]);
});

it('tells of the last one that failed too, and of the last that went well before it', async () => {
  const error = expect.objectContaining({ code: 'wrong_unseal_keys', message: 'day 5' });
  const last = { at: at(5), level: 'installed', seconds: 0, error };
  const records = [
    [2, drill(2)],
    [3, drill(3)],
    [4, failed(4)],
    [5, failed(5)],
    [6, failed(6, 'verify')],
    [7, VERIFY],
  ] as const;
  expect(await find(records)).toEqual([{ at: at(3), level: 'canary-read', seconds: 3, error: undefined }, last]);
  expect(await find(records.slice(2))).toEqual([last]);
});

it('passes over a failure that one after it has made good', async () => {
  const records = [
    [4, failed(4)],
    [5, drill(5)],
  ] as const;
  expect(await find(records)).toMatchObject([{ at: at(5), error: undefined }]);
});
