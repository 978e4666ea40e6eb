import { expect, it } from 'vitest';
import type { RetentionPolicy } from '../../../src/retention/plan.ts';
import { type PruneDeps, prune } from '../../../src/retention/prune.ts';
import { failureKey } from '../../../src/snapshot/name.ts';
import type { MemoryStorage } from '../../fakes/memory-storage.ts';
import { FOREVER, keyOf, OURS, PREFIX, put, recordOf, storeOf } from './some-store.ts';

const LAST_2: RetentionPolicy = { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };
const NOW = new Date('2026-02-01T00:00:00Z');

function run(storage: MemoryStorage, known: PruneDeps['known'] = new Map()) {
  return prune(storage, PREFIX, LAST_2, { ...OURS, now: NOW, known }, FOREVER);
}

const failedOf = (day: number, code: string) =>
  [
    failureKey(keyOf(day), new Date('2026-01-20T00:00:00Z')),
    JSON.stringify({ kind: 'verify', level: 'stored', at: '2026-01-20T00:00:00Z', error: { code, message: '' } }),
  ] as const;

it('lets no snapshot that was found damaged push out the last good one', async () => {
  const storage = storeOf({ proved: [1, 3, 4] });
  for (const day of [3, 4]) put(storage, ...failedOf(day, 'archive_corrupt'));
  const { plan } = await run(storage);
  expect(plan.keep.find(({ key }) => key === keyOf(1))?.reasons).toEqual(['the newest proved one']);
  expect(storage.objects.has(keyOf(1))).toBe(true);
});

it('removes nothing where all that is kept was found damaged or may have been', async () => {
  const storage = storeOf({ proved: [3, 4], bare: [1] });
  put(storage, ...failedOf(3, 'storage_mismatch'));
  put(storage, ...failedOf(4, 'archive_corrupt'));
  storage.inject({ step: 'read', nth: 2 });
  const known = new Map([3, 4].map((day) => [keyOf(day), { clusterId: OURS.clusterId, isSuspicious: false, isSafety: false, storedBytes: 10 }]));
  const { plan, errors } = await run(storage, known);
  expect(plan.frozen).toContain('no snapshot here is proved yet');
  expect(errors.map((one) => one.key)).toContain(keyOf(4));
  expect(storage.objects.has(keyOf(1))).toBe(true);
});

it('goes on where a verification failed for another reason, or proved it again since', async () => {
  const storage = storeOf({ proved: [1, 2, 3, 4] });
  put(storage, ...failedOf(3, 'storage_unavailable'));
  put(storage, ...failedOf(4, 'archive_corrupt'));
  put(storage, recordOf(4), JSON.stringify({ kind: 'verify', level: 'stored', at: '2026-02-01T00:00:00Z' }));
  await run(storage);
  expect([...storage.objects.keys()].filter((name) => !name.includes('manifests')).sort()).toEqual([keyOf(3), keyOf(4)]);
});
