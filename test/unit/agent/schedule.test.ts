import { describe, expect, it } from 'vitest';
import { dueTime, intervalMs, longestGapMs, nextTime, retryDelayMs, skipTicks } from '../../../src/agent/schedule.ts';

const HOURLY = { kind: 'interval', everyMs: 3_600_000 } as const;
const at = (text: string) => new Date(text);
const cron = (expression: string, timezone = 'UTC') => ({ kind: 'cron', expression, timezone }) as const;

describe('the next time of a rule', () => {
  it.each([
    { rule: HOURLY, from: '2026-12-31T23:30:00Z', next: '2027-01-01T00:30:00.000Z' },
    { rule: cron('0 * * * *'), from: '2026-01-01T12:00:00Z', next: '2026-01-01T13:00:00.000Z' },
    { rule: cron('0 * * * *'), from: '2026-01-01T12:00:00.001Z', next: '2026-01-01T13:00:00.000Z' },
    { rule: cron('0 3 29 2 *'), from: '2026-03-01T00:00:00Z', next: '2028-02-29T03:00:00.000Z' },
    { rule: cron('30 2 * * *', 'Europe/Berlin'), from: '2026-03-28T12:00:00Z', next: '2026-03-29T01:00:00.000Z' },
    { rule: cron('30 2 * * *', 'Europe/Berlin'), from: '2026-10-24T12:00:00Z', next: '2026-10-25T00:30:00.000Z' },
    { rule: cron('30 2 * * *', 'Europe/Berlin'), from: '2026-10-25T00:30:00Z', next: '2026-10-26T01:30:00.000Z' },
    { rule: cron('*/10 * * * * *'), from: '2026-01-01T00:00:55Z', next: '2026-01-01T00:01:00.000Z' },
  ])('$rule.kind $rule.expression after $from is $next', ({ rule, from, next }) => {
    expect(nextTime(rule, at(from)).toISOString()).toBe(next);
  });

  it('comes every hour for ten years, leap days and changes of the clocks included', () => {
    let last = at('2026-01-01T00:00:00Z');
    let rounds = 0;
    for (; last < at('2036-01-01T00:00:00Z'); rounds++) last = dueTime(HOURLY, last, last);
    expect(rounds).toBe(3652 * 24);
  });
});

describe('the due time', () => {
  it.each([
    { last: undefined, due: '2026-01-01T12:00:00.000Z' },
    { last: at('2026-01-01T11:30:00Z'), due: '2026-01-01T12:30:00.000Z' },
    { last: at('2025-01-01T00:00:00Z'), due: '2025-01-01T01:00:00.000Z' },
  ])('after a snapshot of $last is $due', ({ last, due }) => {
    expect(dueTime(HOURLY, last, at('2026-01-01T12:00:00Z')).toISOString()).toBe(due);
  });
});

describe('ticks during a round', () => {
  it.each([
    { now: '2026-01-01T12:59:59Z', last: '2026-01-01T12:00:00.000Z', skipped: 0 },
    { now: '2026-01-01T13:00:00Z', last: '2026-01-01T13:00:00.000Z', skipped: 1 },
    { now: '2026-01-01T15:10:00Z', last: '2026-01-01T15:00:00.000Z', skipped: 3 },
    { now: '2026-01-01T11:00:00Z', last: '2026-01-01T12:00:00.000Z', skipped: 0 },
  ])('until $now are $skipped, and the grid stands', ({ now, last, skipped }) => {
    const found = skipTicks(HOURLY, at('2026-01-01T12:00:00Z'), at(now));
    expect({ last: found.last.toISOString(), skipped: found.skipped }).toEqual({ last, skipped });
  });

  it('are counted at once after a clock that jumped by decades', () => {
    expect(skipTicks({ kind: 'interval', everyMs: 1000 }, at('1970-01-01T00:00:00Z'), at('2026-01-01T00:00:00.500Z'))).toEqual({
      last: at('2026-01-01T00:00:00Z'),
      skipped: 1_767_225_600,
    });
  });
});

describe('the pause after failures', () => {
  it.each([
    { failures: 1, isRetryable: true, interval: 3_600_000, ms: 5_000 },
    { failures: 4, isRetryable: true, interval: 3_600_000, ms: 40_000 },
    { failures: 400, isRetryable: true, interval: 3_600_000, ms: 300_000 },
    { failures: 1, isRetryable: false, interval: 3_600_000, ms: 60_000 },
    { failures: 400, isRetryable: false, interval: 3_600_000, ms: 900_000 },
    { failures: 1, isRetryable: true, interval: 1_000, ms: 1_000 },
  ])('$failures in a row, retryable $isRetryable, is $ms ms', ({ failures, isRetryable, interval, ms }) => {
    expect(retryDelayMs(failures, isRetryable, interval)).toBe(ms);
  });
});

describe('the interval of a rule', () => {
  it.each([
    { rule: HOURLY, ms: 3_600_000 },
    { rule: cron('0 3 * * *'), ms: 86_400_000 },
  ])('$rule.kind is $ms ms', ({ rule, ms }) => {
    expect(intervalMs(rule, at('2026-01-01T12:00:00Z'))).toBe(ms);
  });
});

describe('the longest gap of a rule', () => {
  const HOUR_MS = 3_600_000;

  it.each([
    { rule: HOURLY, hours: 1 },
    { rule: cron('0 * * * *'), hours: 1 },
    { rule: cron('0 3 * * *', 'Europe/Berlin'), hours: 24 },
    { rule: cron('0 2 * * 1-5'), hours: 72 },
    { rule: cron('0 2 * * 1-5', 'Europe/Berlin'), hours: 72 },
    { rule: cron('*/5 * * * 1-5'), hours: 48 + 5 / 60 },
    { rule: cron('*/10 9-17 * * *'), hours: 15 + 10 / 60 },
    { rule: cron('0,10 * * * *'), hours: 50 / 60 },
    { rule: cron('*/10 * * * * *'), hours: 10 / 3600 },
    { rule: cron('0 3 29 2 *'), hours: (4 * 365 + 1) * 24 },
  ])('$rule.kind $rule.expression $rule.timezone is $hours hours, whenever it is asked for', ({ rule, hours }) => {
    // A Tuesday, a Saturday, the day before the clocks change, the end of a February.
    for (const from of ['2026-01-06T12:00:00Z', '2026-01-10T02:00:00Z', '2026-10-24T12:00:00Z', '2027-02-28T23:59:59Z']) {
      expect({ from, gap: longestGapMs(rule, at(from)) }).toEqual({ from, gap: Math.round(hours * HOUR_MS) });
    }
  });

  it.each([
    { expression: '0 2 1-7 * *', days: 25 },
    { expression: '0 2 1 * *', days: 31 },
    { expression: '0 2 * 2-12 *', days: 32 },
  ])('$expression is about $days days', ({ expression, days }) => {
    expect(longestGapMs(cron(expression), at('2026-02-03T12:00:00Z')) / (days * 24 * HOUR_MS)).toBeCloseTo(1, 1);
  });
});
