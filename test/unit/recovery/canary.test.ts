import { describe, expect, it } from 'vitest';
import { canaryError, canaryPath, checkCanary } from '../../../src/recovery/canary.ts';
import type { Canary } from '../../../src/snapshot/manifest.ts';

const DAY_MS = 86_400_000;
const CANARY: Canary = {
  mount: 'secret',
  path: 'check_timestamp',
  namespace: null,
  field: 'value',
  kv_version: 2,
  value: '1767323045',
  round_id: 'round-1',
  written_at: '2026-01-02T03:04:05.678Z',
};
const WRITTEN_MS = 1_767_323_045_000;
const HELD = { value: '1767323045', round_id: 'round-1' };

describe('a canary', () => {
  it.each([
    { what: 'what was written', found: HELD, ageMs: 0, verdict: 'equal' },
    { what: 'it, a second short of eight days later', found: HELD, ageMs: 8 * DAY_MS - 1_000, verdict: 'equal' },
    { what: 'it, eight days later', found: HELD, ageMs: 8 * DAY_MS, verdict: 'equal' },
    { what: 'it, a second over eight days later', found: HELD, ageMs: 8 * DAY_MS + 1_000, verdict: 'stale' },
    { what: 'it, by a clock that is behind', found: HELD, ageMs: -3_600_000, verdict: 'equal' },
    { what: 'more fields besides', found: { ...HELD, more: 1 }, ageMs: 0, verdict: 'equal' },
    { what: 'a number', found: { ...HELD, value: 1_767_323_045 }, ageMs: 0, verdict: 'equal' },
    { what: 'nothing', found: undefined, ageMs: 0, verdict: 'missing' },
    { what: 'an older time', found: { ...HELD, value: '1767319445' }, ageMs: 0, verdict: 'differs' },
    { what: 'that of another round', found: { ...HELD, round_id: 'round-2' }, ageMs: 0, verdict: 'differs' },
    { what: 'one without a round', found: { value: '1767323045' }, ageMs: 0, verdict: 'differs' },
    { what: 'other fields', found: {}, ageMs: 0, verdict: 'differs' },
    { what: 'a differing one, and too old', found: { ...HELD, value: '1' }, ageMs: 9 * DAY_MS, verdict: 'differs' },
  ])('is $verdict where the server holds $what', ({ found, ageMs, verdict }) => {
    expect(checkCanary(CANARY, found, new Date(WRITTEN_MS + ageMs), 8 * DAY_MS).verdict).toBe(verdict);
  });

  it('tells its age as well', () => {
    expect(checkCanary(CANARY, HELD, new Date(WRITTEN_MS + 5_000), DAY_MS)).toEqual({ verdict: 'equal', value: '1767323045', ageMs: 5_000 });
  });

  it('lies below data/ in a store of version 2 only', () => {
    expect([canaryPath(CANARY, 1), canaryPath(CANARY, 2)]).toEqual(['secret/check_timestamp', 'secret/data/check_timestamp']);
  });

  it.each([
    [{ verdict: 'equal', value: '1', ageMs: 0 }, undefined, undefined],
    [{ verdict: 'missing' }, 'canary_missing', 1],
    [{ verdict: 'differs', value: 'x'.repeat(100) }, 'canary_differs', 1],
    [{ verdict: 'stale', value: '1', ageMs: 9 * DAY_MS }, 'canary_stale', 4],
  ] as const)('that is %j ends with %s', (found, code, exitCode) => {
    const error = canaryError(CANARY, found);
    expect([error?.code, error?.exitCode]).toEqual([code, exitCode]);
    expect((error?.message ?? '').length).toBeLessThan(140);
  });
});
