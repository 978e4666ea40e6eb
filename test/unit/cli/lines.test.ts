import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Lines } from '../../../src/cli/lines.ts';
import { SnapshotError } from '../../../src/errors.ts';

describe('lines that are asked for', () => {
  it('come one by one, whatever the pieces they arrive in, and end', async () => {
    const input = new PassThrough();
    const lines = new Lines(() => input);
    const { signal } = new AbortController();
    input.end('one\r\ntwo\n\nlast');
    const heard = [];
    for (let at = 0; at < 5; at += 1) heard.push(await lines.next(signal));
    expect(heard).toEqual(['one', 'two', '', 'last', undefined]);
  });

  it('are waited for no longer than until a stop, and the stream is let go', async () => {
    const input = new PassThrough();
    const lines = new Lines(() => input);
    const stop = new AbortController();
    const waiting = lines.next(stop.signal);
    stop.abort(new SnapshotError('stopped_int', 'stopped by SIGINT'));
    await expect(waiting).rejects.toThrow('stopped by SIGINT');
    await expect(lines.next(stop.signal)).rejects.toThrow('stopped by SIGINT');
    lines.close();
    expect(input.destroyed).toBe(true);
  });

  it('open nothing while nobody asks', () => {
    new Lines(() => {
      throw new Error('opened');
    }).close();
  });
});
