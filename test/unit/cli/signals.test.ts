import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listenForStop } from '../../../src/cli/signals.ts';
import { FakeHost } from '../../fakes/fake-host.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it.each([
  { signal: 'SIGTERM', code: 'stopped' },
  { signal: 'SIGINT', code: 'stopped_int' },
] as const)('begins nothing new after $signal, and ends the round when the grace period is over', async ({ signal, code }) => {
  const host = new FakeHost({});
  const stopping = listenForStop(host, 90_000);
  expect(stopping.code()).toBeUndefined();
  host.send(signal);
  expect(stopping.code()).toBe(code);
  expect(stopping.stop.reason).toMatchObject({ code, message: `stopped by ${signal}` });
  await vi.advanceTimersByTimeAsync(89_999);
  expect(stopping.abort.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(stopping.abort.reason).toMatchObject({ code });
});

it('ends the round at once after a second signal, for the reason of that one', () => {
  const host = new FakeHost({});
  const stopping = listenForStop(host, 90_000);
  host.send('SIGTERM');
  host.send('SIGINT');
  expect(stopping.abort.reason).toMatchObject({ code: 'stopped_int', message: 'stopped by SIGINT' });
  expect(stopping.code()).toBe('stopped');
});

it('does not cut a long grace period to nothing', async () => {
  const host = new FakeHost({});
  const stopping = listenForStop(host, 2 ** 31);
  host.send('SIGTERM');
  await vi.advanceTimersByTimeAsync(1000);
  expect(stopping.abort.aborted).toBe(false);
});
