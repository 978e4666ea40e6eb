import { expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { delayAfter, retrying } from '../../../src/storage/retry.ts';

const AWAY = new SnapshotError('storage_unavailable', 'away');

/** Ends in the given order, noting how long it waited in between. */
function scripted(ends: readonly (string | Error)[], stop = new AbortController()) {
  const waits: number[] = [];
  const left = [...ends];
  const result = retrying(
    async () => {
      const end = left.shift();
      if (end instanceof Error) throw end;
      return end;
    },
    { signal: stop.signal, wait: async (ms) => void waits.push(ms), random: () => 1, onRetry: () => undefined },
  );
  return { waits, result };
}

it.each([
  { failures: 1, random: 1, ms: 1_000 },
  { failures: 1, random: 0, ms: 500 },
  { failures: 2, random: 1, ms: 2_000 },
  { failures: 6, random: 1, ms: 32_000 },
  { failures: 7, random: 1, ms: 60_000 },
  { failures: 7, random: 0, ms: 30_000 },
  { failures: 10_000, random: 0.5, ms: 45_000 },
])('waits $ms ms after $failures failures when chance says $random', ({ failures, random, ms }) => {
  expect(delayAfter(failures, random)).toBe(ms);
});

it('does not wait when the first try works', async () => {
  const { waits, result } = scripted(['done']);
  expect(await result).toBe('done');
  expect(waits).toEqual([]);
});

it('waits longer each time until a try works', async () => {
  const { waits, result } = scripted([AWAY, AWAY, AWAY, 'done']);
  expect(await result).toBe('done');
  expect(waits).toEqual([1_000, 2_000, 4_000]);
});

it('waits as long as the store asked for, if that is longer', async () => {
  const busy = (retryAfterMs: number) => new SnapshotError('storage_unavailable', 'busy', { retryAfterMs });
  const { waits, result } = scripted([busy(30_000), busy(1), 'done']);
  expect(await result).toBe('done');
  expect(waits).toEqual([30_000, 2_000]);
});

it.each([
  new SnapshotError('storage_denied', 'no'),
  new SnapshotError('storage_exists', 'there'),
  new TypeError('a fault of ours'),
])('gives up at once on %s', async (error) => {
  const { waits, result } = scripted([error, 'done']);
  await expect(result).rejects.toBe(error);
  expect(waits).toEqual([]);
});

it('tells what went wrong, not that it was stopped while it waited', async () => {
  const stop = new AbortController();
  const result = retrying(() => Promise.reject(AWAY), { signal: stop.signal, wait: async () => stop.abort(), random: Math.random, onRetry: () => undefined });
  await expect(result).rejects.toBe(AWAY);
});

it('tells the failure before a try that was cut off', async () => {
  const stop = new AbortController();
  let tries = 0;
  const operation = async () => {
    if (++tries === 1) throw AWAY;
    stop.abort();
    throw new SnapshotError('round_timeout', 'time ran out');
  };
  await expect(retrying(operation, { signal: stop.signal, wait: async () => undefined, random: Math.random, onRetry: () => undefined })).rejects.toBe(AWAY);
});

it('says each time why it tries again and when', async () => {
  const told: unknown[] = [];
  let tries = 0;
  await retrying(() => (++tries < 3 ? Promise.reject(AWAY) : Promise.resolve()), {
    signal: new AbortController().signal,
    wait: async () => undefined,
    random: () => 0,
    onRetry: (error, ms) => told.push([error.message, ms]),
  });
  expect(told).toEqual([
    ['away', 500],
    ['away', 1_000],
  ]);
});
