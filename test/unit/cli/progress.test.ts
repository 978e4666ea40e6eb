import { describe, expect, it } from 'vitest';
import { Progress } from '../../../src/cli/progress.ts';
import { FakeHost } from '../../fakes/fake-host.ts';

function scene(isStderrTerminal: boolean) {
  const host = new FakeHost({ isStderrTerminal });
  let now = 5;
  const progress = new Progress(
    host,
    (line) => host.err(`verify: ${line}\n`),
    () => now,
  );
  const tellAt = (ms: number, bytes: number, total?: number, what = 'a: x.snap') => {
    now = 5 + ms;
    progress.tell(what, bytes, total);
  };
  return { host, progress, tellAt };
}

describe('the progress of a long reading', () => {
  it('is a line now and then where nobody watches, with percent only when the size is known', () => {
    const { host, tellAt, progress } = scene(false);
    for (const seconds of [0, 1, 9.9, 10, 11, 19.9, 20]) tellAt(seconds * 1000, seconds * 1_000_000, 80_000_000);
    tellAt(30_000, 30_000_000);
    progress.end();
    expect(host.stderr.split('\n')).toEqual([
      'verify: a: x.snap: 12% of 80.0 MB, 1.00 MB/s, 70s left',
      'verify: a: x.snap: 25% of 80.0 MB, 1.00 MB/s, 60s left',
      'verify: a: x.snap: 30.0 MB, 1.00 MB/s',
      '',
    ]);
  });

  it('is a bar on a terminal after a second, and is gone at the end', () => {
    const { host, tellAt, progress } = scene(true);
    for (const ms of [0, 900, 1000, 1100]) tellAt(ms, ms * 1000, 2_000_000);
    expect(host.stderr).toBe('\r\u001b[K[##########          ] a: x.snap: 50% of 2.00 MB, 1.00 MB/s, 1s left');
    progress.end();
    progress.end();
    expect(host.stderr.endsWith('left\r\u001b[K')).toBe(true);
  });

  it('stays within one line, and keeps the end of a name', () => {
    const { host, tellAt } = scene(true);
    const key = `a: ${'deep/'.repeat(20)}x.snap`;
    tellAt(0, 0, 2_000_000, key);
    tellAt(1000, 1_000_000, 2_000_000, key);
    const shown = host.stderr.slice('\r\u001b[K'.length);
    expect(shown).toMatch(/^\[#{10} {10}\] …[^ ]*\/x\.snap: 50% of 2\.00 MB, 1\.00 MB\/s, 1s left$/);
    expect(shown.length).toBeLessThan(100);
  });

  it('makes room for what is written meanwhile, and comes back', () => {
    const { host, tellAt, progress } = scene(true);
    for (const ms of [0, 1000]) tellAt(ms, ms * 1000);
    progress.hide();
    host.err('a line\n');
    tellAt(1300, 1_300_000);
    const [, shown, afterwards, again] = host.stderr.split('\r\u001b[K');
    expect([shown, afterwards, again]).toEqual(['a: x.snap: 1.00 MB, 1.00 MB/s', 'a line\n', 'a: x.snap: 1.30 MB, 1.00 MB/s']);
  });

  it('tells of long waits in hours, and of nothing that does not move', () => {
    const { host, tellAt } = scene(false);
    for (const ms of [0, 10_000]) tellAt(ms, ms, 40_000_000);
    tellAt(20_000, 0, 40_000_000);
    expect(host.stderr).toBe('verify: a: x.snap: 0% of 40.0 MB, 1.00 kB/s, 11h left\nverify: a: x.snap: 0% of 40.0 MB, 0 B/s\n');
  });

  it('says nothing of what is over at once', () => {
    const { host, tellAt, progress } = scene(true);
    tellAt(0, 10, 10);
    progress.end();
    expect(host.stderr).toBe('');
  });
});
