import { describe, expect, it } from 'vitest';
import { formatDuration, parseGoDuration, parseLongDuration } from '../../../src/config/duration.ts';

describe('parseGoDuration', () => {
  it.each([
    ['0', 0n],
    ['-0', 0n],
    ['+0', 0n],
    ['5s', 5_000_000_000n],
    ['30s', 30_000_000_000n],
    ['1478s', 1_478_000_000_000n],
    ['-5s', -5_000_000_000n],
    ['+5s', 5_000_000_000n],
    ['5.0s', 5_000_000_000n],
    ['5.6s', 5_600_000_000n],
    ['5.s', 5_000_000_000n],
    ['.5s', 500_000_000n],
    ['1.004s', 1_004_000_000n],
    ['100.00100s', 100_001_000_000n],
    ['10ns', 10n],
    ['11us', 11_000n],
    ['12\u00b5s', 12_000n],
    ['12\u03bcs', 12_000n],
    ['13ms', 13_000_000n],
    ['14s', 14_000_000_000n],
    ['15m', 900_000_000_000n],
    ['16h', 57_600_000_000_000n],
    ['3h30m', 12_600_000_000_000n],
    ['10.5s4m', 250_500_000_000n],
    ['-2m3.4s', -123_400_000_000n],
    ['1h2m3s4ms5us6ns', 3_723_004_005_006n],
    ['52763797000ns', 52_763_797_000n],
    ['0.3333333333333333333h', 1_200_000_000_000n],
    ['9007199254740993ns', 9_007_199_254_740_993n],
    ['9223372036854775807ns', 9_223_372_036_854_775_807n],
    ['9223372036854775.807us', 9_223_372_036_854_775_807n],
    ['-9223372036854775808ns', -9_223_372_036_854_775_808n],
    ['0.100000000000000000000h', 360_000_000_000n],
    ['0.830103483285477580700h', 2_988_372_539_827n],
  ])('reads %s', (text, nanoseconds) => {
    expect(parseGoDuration(text)).toBe(nanoseconds);
  });

  it.each([
    ['', 'nothing'],
    ['3', 'no unit'],
    ['3600', 'no unit'],
    ['-', 'a sign alone'],
    ['s', 'a unit alone'],
    ['.', 'a point alone'],
    ['-.', 'sign and point'],
    ['.s', 'a point and a unit'],
    ['+.s', 'sign, point, unit'],
    ['1d', 'days'],
    ['1w', 'weeks'],
    ['1H', 'a capital unit'],
    ['1h 30m', 'a space'],
    [' 1h', 'a space before'],
    ['1h ', 'a space behind'],
    ['--1h', 'two signs'],
    ['1h-30m', 'a sign inside'],
    ['1h30', 'a last number without unit'],
    ['1..5h', 'two points'],
    ['1e3s', 'an exponent'],
    ['\u0661s', 'a digit of another script'],
    ['9223372036854775808ns', 'one too many'],
    ['-9223372036854775809ns', 'one too few'],
    ['9223372036854775.808us', 'one too many in the fraction'],
    ['9223372036854ms775us808ns', 'one too many in the sum'],
    ['3000000h', 'far too many'],
    ['\u0085\u0085', 'odd bytes'],
  ])('refuses %j: %s', (text) => {
    expect(parseGoDuration(text)).toBeUndefined();
  });
});

describe('parseLongDuration', () => {
  it.each([
    ['1d', 86_400_000_000_000n],
    ['2w', 1_209_600_000_000_000n],
    ['1w2d3h', 788_400_000_000_000n],
    ['90s', 90_000_000_000n],
  ])('reads %s', (text, nanoseconds) => {
    expect(parseLongDuration(text)).toBe(nanoseconds);
  });

  it.each(['1.5d', '1.d', '.5w', '1y', 'd'])('refuses %s', (text) => {
    expect(parseLongDuration(text)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [1, '1ms'],
    [61_500, '1m1s500ms'],
    [3_600_000, '1h'],
    [5_400_000, '1h30m'],
    [86_400_000, '24h'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
