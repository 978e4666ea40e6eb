import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pause, systemClock } from '../../../src/agent/clock.ts';

const NEVER = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'], now: new Date('2026-03-01T12:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Whether it has ended by now. */
function watched(work: Promise<void>): () => boolean {
  let hasEnded = false;
  void work.then(() => {
    hasEnded = true;
  });
  return () => hasEnded;
}

describe('waiting for a time', () => {
  it('ends then, also past the longest a timer can take', async () => {
    const hasEnded = watched(systemClock.waitUntil(new Date('2026-05-01T12:00:00Z'), NEVER));
    await vi.advanceTimersByTimeAsync(61 * 86_400_000 - 1);
    expect(hasEnded()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(hasEnded()).toBe(true);
  });

  it('ends at once for what is past', async () => {
    await systemClock.waitUntil(new Date('2026-03-01T11:00:00Z'), NEVER);
  });

  it('hears within half a minute of a clock set forward', async () => {
    const hasEnded = watched(systemClock.waitUntil(new Date('2026-03-02T12:00:00Z'), NEVER));
    await vi.advanceTimersByTimeAsync(1000);
    vi.setSystemTime(new Date('2026-03-02T12:00:00Z'));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(hasEnded()).toBe(true);
  });

  it('is not put off by a clock set back', async () => {
    const hasEnded = watched(systemClock.waitUntil(new Date('2026-03-01T13:00:00Z'), NEVER));
    vi.setSystemTime(new Date('2025-03-01T12:00:00Z'));
    await vi.advanceTimersByTimeAsync(3_599_999);
    expect(hasEnded()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(hasEnded()).toBe(true);
  });

  it.each(['before', 'during'])('ends when told to: %s', async (when) => {
    const stop = new AbortController();
    if (when === 'before') stop.abort();
    const waiting = systemClock.waitUntil(new Date('2026-04-01T12:00:00Z'), stop.signal);
    stop.abort();
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a pause', () => {
  it('ends after its time and leaves nothing with the signal', async () => {
    const hasEnded = watched(pause(500, NEVER));
    await vi.advanceTimersByTimeAsync(500);
    expect(hasEnded()).toBe(true);
  });
});
