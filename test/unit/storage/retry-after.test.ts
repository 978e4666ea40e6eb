import { expect, it } from 'vitest';
import { retryAfterMs } from '../../../src/storage/retry-after.ts';

it.each([
  [undefined, 0],
  ['', 0],
  ['0', 0],
  ['30', 30_000],
  [' 2 ', 2_000],
  ['-5', 0],
  ['1.5', 0],
  ['Sat, 21 Nov 2026 10:00:10 GMT', 10_000],
  ['Sat, 21 Nov 2026 09:59:00 GMT', 0],
  ['later', 0],
  ['999999999', 3_600_000],
])('reads %j as %d ms', (header, ms) => {
  expect(retryAfterMs(header, new Date('2026-11-21T10:00:00Z'))).toBe(ms);
});
