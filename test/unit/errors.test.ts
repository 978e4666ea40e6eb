import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderErrors } from '../../scripts/errors-reference.ts';
import { abortReason, ERROR_CODES, type ErrorCode, SnapshotError, toSnapshotError } from '../../src/errors.ts';
import { ROOT } from './source-tree.ts';

describe('the table of codes', () => {
  it('is docs/errors.md, word for word', () => {
    expect(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')).toBe(renderErrors());
  });

  it.each(Object.entries(ERROR_CODES))('has advice to act on and an exit code of a process: %s', (_code, { advice, exitCode }) => {
    expect(advice).toMatch(/^\S.*[^.]$/);
    expect(exitCode).toBeGreaterThan(0);
    expect(exitCode).toBeLessThan(256);
  });

  it.each<readonly [ErrorCode, number]>([
    ['failed', 1],
    ['usage', 2],
    ['partial', 3],
    ['archive_corrupt', 65],
    ['config_invalid', 78],
    ['stopped_int', 130],
    ['stopped', 143],
  ])('keeps its promise to scripts: %s exits with %i', (code, exitCode) => {
    expect(new SnapshotError(code, 'x').exitCode).toBe(exitCode);
  });
});

describe('anything thrown', () => {
  const own = new SnapshotError('vault_sealed', 'vault: sealed', { advice: 'look' });
  it.each([
    { thrown: own, code: 'vault_sealed', message: 'vault: sealed' },
    { thrown: new TypeError('x is not a function'), code: 'internal', message: 'TypeError: x is not a function' },
    { thrown: 'a text', code: 'internal', message: 'a text' },
    { thrown: undefined, code: 'internal', message: 'undefined' },
  ])('becomes one of ours: $code $message', ({ thrown, code, message }) => {
    expect(toSnapshotError(thrown)).toMatchObject({ code, message });
  });

  it('keeps its cause and its own advice', () => {
    const cause = new Error('first');
    expect(toSnapshotError(cause).cause).toBe(cause);
    expect(own.advice).toBe('look');
    expect('cause' in new SnapshotError('failed', 'x')).toBe(false);
  });
});

describe('an aborted signal', () => {
  it.each([
    { reason: new SnapshotError('vault_stalled', 'vault: silent'), code: 'vault_stalled' },
    { reason: new DOMException('late', 'TimeoutError'), code: 'round_timeout' },
    { reason: undefined, code: 'stopped' },
    { reason: 'enough', code: 'stopped' },
  ])('tells why: $code', ({ reason, code }) => {
    expect(abortReason(AbortSignal.abort(reason))).toMatchObject({ code });
  });
});
