import { expect, it } from 'vitest';
import { bytesOf, durationOf } from '../../../src/observability/units.ts';

it.each([
  [-5, '0 s'],
  [0, '0 s'],
  [89_999, '89 s'],
  [90_000, '1 min'],
  [720_000, '12 min'],
  [5_399_999, '89 min'],
  [5_400_000, '1 h'],
  [172_799_999, '47 h'],
  [172_800_000, '2 days'],
])('tells %i ms as %s', (ms, told) => {
  expect(durationOf(ms)).toBe(told);
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [12_200, '12.2 kB'],
  [999_499, '999 kB'],
  [999_960, '1.00 MB'],
  [400_000_000, '400 MB'],
  [1_310_000_000, '1.31 GB'],
  [5_000_000_000_000, '5.00 TB'],
])('tells %i bytes as %s', (bytes, told) => {
  expect(bytesOf(bytes)).toBe(told);
});
