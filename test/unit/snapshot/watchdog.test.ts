import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { Watchdog } from '../../../src/snapshot/watchdog.ts';

const NEVER = new AbortController().signal;
const stalled = () => new SnapshotError('storage_unavailable', 'aws: nothing moved');
const hang = () => new Promise<never>(() => undefined);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('a step under the watch', () => {
  it('gives its result, however many there were', async () => {
    const watchdog = new Watchdog(NEVER, 1000, stalled);
    for (let step = 0; step < 20; step++) {
      await vi.advanceTimersByTimeAsync(900);
      expect(await watchdog.watch(async () => step)).toBe(step);
    }
    expect(watchdog.signal.aborted).toBe(false);
  });

  it('that hangs is left behind, and its signal told', async () => {
    const watchdog = new Watchdog(NEVER, 1000, stalled);
    const watched = expect(watchdog.watch(hang)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await vi.advanceTimersByTimeAsync(1000);
    await watched;
    expect(watchdog.signal.reason).toMatchObject({ code: 'storage_unavailable' });
    await expect(watchdog.watch(async () => 'too late')).rejects.toMatchObject({ code: 'storage_unavailable' });
  });

  it('ends with the reason of the outer signal', async () => {
    const stop = new AbortController();
    const watchdog = new Watchdog(stop.signal, 1000, stalled);
    const watched = expect(watchdog.watch(hang)).rejects.toMatchObject({ code: 'stopped' });
    stop.abort(new SnapshotError('stopped', 'stopped by SIGTERM'));
    await watched;
  });

  it('fails with its own error, also when it throws at once', async () => {
    const watchdog = new Watchdog(NEVER, 1000, stalled);
    await expect(watchdog.watch(() => Promise.reject(new Error('own')))).rejects.toThrow('own');
    await expect(
      watchdog.watch(() => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
  });

  it('may have longer than a timer can take', async () => {
    const watchdog = new Watchdog(NEVER, 2 ** 40, stalled);
    const step = watchdog.watch(() => new Promise((resolve) => setTimeout(resolve, 5000, 'done')));
    await vi.advanceTimersByTimeAsync(5000);
    expect(await step).toBe('done');
  });
});

describe('parts under the watch', () => {
  it('pass on while each comes in time', async () => {
    async function* parts() {
      yield* ['a', 'b', 'c'];
    }
    const seen: string[] = [];
    for await (const part of new Watchdog(NEVER, 1000, stalled).each(parts())) seen.push(part);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('are let go of by whoever stops early', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* parts() {
      try {
        yield* ['a', 'b', 'c'];
      } finally {
        release();
      }
    }
    for await (const part of new Watchdog(NEVER, 1000, stalled).each(parts())) if (part === 'b') break;
    await expect(released).resolves.toBeUndefined();
  });

  it('end when one does not come', async () => {
    async function* parts() {
      yield 'a';
      await hang();
    }
    const seen: string[] = [];
    const reading = (async () => {
      for await (const part of new Watchdog(NEVER, 1000, stalled).each(parts())) seen.push(part);
    })();
    const ended = expect(reading).rejects.toMatchObject({ code: 'storage_unavailable' });
    await vi.advanceTimersByTimeAsync(1000);
    await ended;
    expect(seen).toEqual(['a']);
  });
});
