import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { request } from '../../../../src/storage/azure/calls.ts';

const NEVER = new AbortController().signal;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('waits as long as something moves', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  let tell = (): void => undefined;
  const waiting = request({ signal: NEVER, idleMs: 1_000 }, (_, moved) => {
    tell = moved;
    return promise;
  });
  for (let step = 0; step < 5; step++) {
    vi.advanceTimersByTime(900);
    tell();
  }
  resolve('arrived');
  expect(await waiting).toBe('arrived');
});

it('ends after a silence, also what hears no signal, and tells what does', async () => {
  let heard: AbortSignal | undefined;
  const waiting = request({ signal: NEVER, idleMs: 1_000 }, (signal) => {
    heard = signal;
    return new Promise<never>(() => undefined);
  });
  vi.advanceTimersByTime(1_000);
  await expect(waiting).rejects.toMatchObject({ code: 'storage_unavailable', message: 'azure: silent for 1s' });
  expect(heard?.aborted).toBe(true);
});

it('leaves no timer behind', async () => {
  await request({ signal: NEVER, idleMs: 1_000 }, async () => 'done');
  expect(vi.getTimerCount()).toBe(0);
});
