import { expect, it } from 'vitest';
import { SnapshotError } from '../../../../src/errors.ts';
import { acquire, onDisk } from '../../../../src/storage/local/calls.ts';

const REASON = new SnapshotError('storage_unavailable', 'disk: nothing moved for 60s');

/** A call to a server that does not answer until the test says so. */
function hangingCall<Result>() {
  let answer: (result: Result) => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const call = new Promise<Result>((resolve, reject) => {
    answer = resolve;
    refuse = reject;
  });
  return { call, answer, refuse };
}

it('gives up a call that hangs as soon as the signal aborts', async () => {
  const stop = new AbortController();
  const waiting = onDisk('/mnt/dead', stop.signal, hangingCall().call);
  stop.abort(REASON);
  await expect(waiting).rejects.toBe(REASON);
});

it('is not disturbed by a call that fails after it was given up', async () => {
  const { call, refuse } = hangingCall();
  await expect(onDisk('/mnt/dead', AbortSignal.abort(REASON), call)).rejects.toBe(REASON);
  refuse(new Error('stale file handle'));
  await new Promise(setImmediate);
});

it('releases what comes after it gave up', async () => {
  const stop = new AbortController();
  const { call, answer } = hangingCall<string>();
  const released: string[] = [];
  const waiting = acquire('/mnt/dead', stop.signal, call, async (late) => void released.push(late));
  stop.abort(REASON);
  await expect(waiting).rejects.toBe(REASON);
  expect(released).toEqual([]);
  answer('a file');
  await new Promise(setImmediate);
  expect(released).toEqual(['a file']);
});

it('keeps what comes in time', async () => {
  const released: string[] = [];
  expect(await acquire('/mnt/well', new AbortController().signal, Promise.resolve('a file'), async (late) => void released.push(late))).toBe('a file');
  expect(released).toEqual([]);
});
