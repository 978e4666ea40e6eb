import { describe, expect, it } from 'vitest';
import { ageOf } from '../../../src/cli/units.ts';
import { bytesOf } from '../../../src/observability/units.ts';

describe('sizes and ages', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [12_209, '12.2 kB'],
    [999_400, '999 kB'],
    [999_600, '1.00 MB'],
    [280_000_000, '280 MB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(bytesOf(bytes)).toBe(text);
  });

  it.each([
    [59_000, '0m'],
    [119 * 60_000, '119m'],
    [120 * 60_000, '2h'],
    [48 * 3_600_000, '2d'],
  ])('%i ms are %s', (ms, text) => {
    expect(ageOf(ms)).toBe(text);
  });
});
