import { describe, expect, it } from 'vitest';
import { nextTime, type ScheduleRule, skipTicks } from '../../src/agent/schedule.ts';
import { planRetention, type RetentionPolicy, type Snapshot } from '../../src/retention/plan.ts';
import { objectKey } from '../../src/storage/key.ts';
import { Seeded } from '../fakes/seeded.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 0, 1);
const END = Date.UTC(2036, 0, 1);

// Changes of an hour in both hemispheres, of half an hour, at midnight, twice around Ramadan, and none.
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago', 'Africa/Casablanca', 'Asia/Kolkata'];
const RULES = [
  { expression: '30 2 * * *', longestMs: 25 * HOUR_MS, ofTenYears: 3652 },
  { expression: '0 */6 * * *', longestMs: 7 * HOUR_MS, ofTenYears: 4 * 3652 },
  { expression: '15 3 * * 1-5', longestMs: 74 * HOUR_MS, ofTenYears: 2609 },
  { expression: '0 4 29 2 *', longestMs: (4 * 366 + 1) * DAY_MS, ofTenYears: 2 },
  { expression: '0 0 1 * *', longestMs: 31 * DAY_MS + 2 * HOUR_MS, ofTenYears: 120 },
];

function runsOf(rule: ScheduleRule): readonly number[] {
  const runs: number[] = [];
  for (let at = nextTime(rule, new Date(START - 1)).getTime(); at < END; at = nextTime(rule, new Date(at)).getTime()) runs.push(at);
  return runs;
}

describe('ten years of a schedule', () => {
  it.each(
    ZONES.flatMap((timezone) => RULES.map((rule) => ({ timezone, ...rule }))),
  )('$expression in $timezone have no run too few, none too many and no gap too long', ({ timezone, expression, longestMs, ofTenYears }) => {
    const runs = runsOf({ kind: 'cron', expression, timezone });
    expect(Math.abs(runs.length - ofTenYears)).toBeLessThanOrEqual(1);
    const gaps = runs.slice(1).map((at, before) => at - runs[before]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(longestMs);
    // Never two for the hour that comes twice.
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(4 * HOUR_MS);
  });

  it('come back to the grid after clocks that jump, with every run behind them counted once', () => {
    const random = new Seeded(1);
    for (const rule of [
      { kind: 'interval', everyMs: HOUR_MS },
      { kind: 'cron', expression: '0 * * * *', timezone: 'Europe/Berlin' },
    ] as const) {
      for (let nth = 0; nth < 60; nth++) {
        const begun = new Date(START + random.whole(END - START));
        const now = new Date(begun.getTime() + random.pick([-DAY_MS, 0, 1, HOUR_MS, 90 * 60_000, 30 * DAY_MS]));
        const { last, skipped } = skipTicks(rule, begun, now);
        expect(last <= now || now < begun).toBe(true);
        expect(nextTime(rule, last) > now).toBe(true);
        expect(skipped).toBe(now < begun ? 0 : rule.kind === 'interval' ? Math.floor((now.getTime() - begun.getTime()) / HOUR_MS) : skipped);
      }
    }
  });
});

const GFS: RetentionPolicy = { last: 24, hourly: 0, daily: 14, weekly: 8, monthly: 12, yearly: 10, withinMs: 2 * DAY_MS };

describe('ten years of grandfather, father and son', () => {
  it('keep what the policy says at the end of every month, out of what was kept before', () => {
    const random = new Seeded(2);
    let stored: Snapshot[] = [];
    for (let at = START, nth = 0; at < END; at += HOUR_MS, nth++) {
      // An outage of a day and a half in every fourth month or so: rules count snapshots there are, not days that passed.
      if (random.chance(1 / 3000)) at += 36 * HOUR_MS;
      stored.push({ key: objectKey(`raft_snapshot-${at}000000.snap`), takenAt: new Date(at), standing: 'proved' });
      if (nth % 6 !== 0) continue;
      const { keep, frozen } = planRetention(stored, GFS, new Date(at));
      expect(frozen).toBeUndefined();
      const kept = new Set<string>(keep.map(({ key }) => key));
      if (nth % 720 === 0) expectPolicyKept(stored, kept, at);
      stored = stored.filter(({ key }) => kept.has(key));
      expect(stored.length).toBeLessThan(49 + 14 + 8 + 12 + 10 + 1);
    }
    const years = new Set(stored.map(({ takenAt }) => takenAt.getUTCFullYear()));
    expect([...years].sort()).toEqual([2026, 2027, 2028, 2029, 2030, 2031, 2032, 2033, 2034, 2035]);
  });
});

/** Counted another way than the plan does: the newest of each period that is there, so many periods back. */
function expectPolicyKept(stored: readonly Snapshot[], kept: ReadonlySet<string>, now: number): void {
  const newestFirst = stored.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
  const monday = (at: Date) => Math.floor((at.getTime() / DAY_MS + 3) / 7);
  const periods = [
    { count: GFS.last, of: (at: Date) => at.getTime() },
    { count: GFS.daily, of: (at: Date) => Math.floor(at.getTime() / DAY_MS) },
    { count: GFS.weekly, of: monday },
    { count: GFS.monthly, of: (at: Date) => at.getUTCFullYear() * 12 + at.getUTCMonth() },
    { count: GFS.yearly, of: (at: Date) => at.getUTCFullYear() },
  ];
  const wanted = new Set<string>(newestFirst.filter(({ takenAt }) => now - takenAt.getTime() <= GFS.withinMs).map(({ key }) => key));
  for (const { count, of } of periods) {
    const newest = new Map<number, string>();
    for (const { key, takenAt } of newestFirst) if (!newest.has(of(takenAt))) newest.set(of(takenAt), key);
    for (const key of [...newest.values()].slice(0, count)) wanted.add(key);
  }
  expect([...kept].sort()).toEqual([...wanted].sort());
}
