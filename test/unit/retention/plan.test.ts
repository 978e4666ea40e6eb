import { describe, expect, it } from 'vitest';
import { describePolicy, planRetention, type RetentionPolicy, type Snapshot, type Standing } from '../../../src/retention/plan.ts';
import { objectKey } from '../../../src/storage/key.ts';

const NONE: RetentionPolicy = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };
const DAY_MS = 86_400_000;
const NOW = new Date('2027-06-01T00:00:00Z');

const at = (time: string, standing: Standing = 'proved', key = time): Snapshot => ({
  key: objectKey(key.replaceAll(/[^0-9a-z]/gi, '_')),
  takenAt: new Date(time.length === 10 ? `${time}T12:00:00Z` : time),
  standing,
});
const plan = (snapshots: readonly Snapshot[], policy: Partial<RetentionPolicy>, now = NOW) => planRetention(snapshots, { ...NONE, ...policy }, now);
const kept = (times: readonly string[], policy: Partial<RetentionPolicy>, now = NOW) => {
  const { keep } = plan(
    times.map((time) => at(time)),
    policy,
    now,
  );
  return keep.map(({ key }) => times.find((time) => at(time).key === key));
};

describe('a retention plan', () => {
  it.each([
    { what: 'nothing', times: [], policy: { last: 1 }, expected: [] },
    { what: 'one', times: ['2026-01-01'], policy: { last: 1 }, expected: ['2026-01-01'] },
    {
      what: 'the newest, in whatever order they come',
      times: ['2026-01-02', '2026-01-03', '2026-01-01'],
      policy: { last: 2 },
      expected: ['2026-01-03', '2026-01-02'],
    },
    { what: 'fewer than it could', times: ['2026-01-02', '2026-01-01'], policy: { last: 7 }, expected: ['2026-01-02', '2026-01-01'] },
    {
      what: 'the newest of each hour',
      times: ['2026-01-01T10:00:00Z', '2026-01-01T10:59:59Z', '2026-01-01T11:00:00Z', '2026-01-01T08:00:00Z'],
      policy: { hourly: 2 },
      expected: ['2026-01-01T11:00:00Z', '2026-01-01T10:59:59Z'],
    },
    {
      what: 'the newest of each day, over midnight',
      times: ['2026-01-01T23:59:59.999Z', '2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z'],
      policy: { daily: 7 },
      expected: ['2026-01-02T00:00:00Z', '2026-01-01T23:59:59.999Z'],
    },
    {
      what: 'the newest of each day there is, not of each day that passed',
      times: ['2026-05-01', '2026-03-01', '2026-01-01'],
      policy: { daily: 2 },
      expected: ['2026-05-01', '2026-03-01'],
    },
    {
      what: 'the newest of each week, Monday to Sunday',
      times: ['2026-01-04', '2026-01-05', '2026-01-11', '2026-01-12'],
      policy: { weekly: 9 },
      expected: ['2026-01-12', '2026-01-11', '2026-01-04'],
    },
    {
      what: 'one week over the end of a year',
      times: ['2025-12-28', '2025-12-29', '2026-01-01', '2026-01-04'],
      policy: { weekly: 9 },
      expected: ['2026-01-04', '2025-12-28'],
    },
    {
      what: 'week 53 over the end of a year',
      times: ['2026-12-27', '2026-12-28', '2027-01-03', '2027-01-04'],
      policy: { weekly: 9 },
      expected: ['2027-01-04', '2027-01-03', '2026-12-27'],
    },
    {
      what: 'the newest of each month, 29 February too',
      times: ['2024-02-28', '2024-02-29', '2024-03-01', '2024-01-31'],
      policy: { monthly: 2 },
      expected: ['2024-03-01', '2024-02-29'],
    },
    {
      what: 'the newest of each year',
      times: ['2025-12-31T23:59:59Z', '2026-01-01T00:00:00Z', '2026-12-31', '2024-06-01'],
      policy: { yearly: 2 },
      expected: ['2026-12-31', '2025-12-31T23:59:59Z'],
    },
    {
      what: 'what any rule keeps',
      times: ['2026-01-03', '2026-01-02', '2025-06-01', '2025-05-01'],
      policy: { last: 1, yearly: 2 },
      expected: ['2026-01-03', '2025-06-01'],
    },
    { what: 'everything under a policy of zeros', times: ['2020-01-01', '2026-01-01'], policy: {}, expected: ['2026-01-01', '2020-01-01'] },
  ])('keeps $what', ({ times, policy, expected }) => {
    expect(kept(times, policy)).toEqual(expected);
  });

  it('keeps what is exactly as old as allowed, and nothing older', () => {
    const now = new Date('2026-01-31T12:00:00Z');
    expect(kept(['2026-01-01T12:00:00Z', '2026-01-01T11:59:59.999Z', '2026-01-20'], { withinMs: 30 * DAY_MS }, now)).toEqual([
      '2026-01-20',
      '2026-01-01T12:00:00Z',
    ]);
  });

  it('says why each is kept or goes', () => {
    const now = new Date('2026-01-03T13:00:00Z');
    const snapshots = [at('2026-01-03'), at('2026-01-02'), at('2025-12-31'), at('2025-12-30')];
    expect(plan(snapshots, { last: 1, daily: 2, yearly: 2, withinMs: DAY_MS }, now)).toEqual({
      keep: [
        {
          key: '2026_01_03',
          reasons: ['number 1 of the last 1', 'newest of the day 2026-01-03', 'newest of the year 2026', 'not older than 1d', 'the newest proved one'],
        },
        { key: '2026_01_02', reasons: ['newest of the day 2026-01-02'] },
        { key: '2025_12_31', reasons: ['newest of the year 2025'] },
      ],
      remove: [{ key: '2025_12_30', reason: 'kept by none of: last 1, daily 2, yearly 2, within 1d' }],
      frozen: undefined,
    });
  });

  it('names hours, weeks and months as people do', () => {
    const { keep } = plan([at('2026-01-02'), at('2026-01-01T09:30:00Z', 'unproved')], { hourly: 2, weekly: 1, monthly: 1 });
    expect(keep.map(({ reasons }) => reasons)).toEqual([
      ['newest of the hour 2026-01-02T12h', 'newest of the week 2026-W01', 'newest of the month 2026-01', 'the newest proved one'],
      ['newest of the hour 2026-01-01T09h'],
    ]);
  });

  it.each([
    { day: '2026-01-01', week: '2026-W01' },
    { day: '2026-06-15', week: '2026-W25' },
    { day: '2024-12-30', week: '2025-W01' },
    { day: '2026-12-31', week: '2026-W53' },
    { day: '2027-01-03', week: '2026-W53' },
    { day: '2027-01-04', week: '2027-W01' },
    { day: '2028-01-01', week: '2027-W52' },
  ])('counts $day to the week $week', ({ day, week }) => {
    const { keep } = plan([at(day)], { weekly: 1 }, new Date('2030-01-01T00:00:00Z'));
    expect(keep[0]?.reasons).toContain(`newest of the week ${week}`);
  });

  it('says that a policy of zeros removes nothing', () => {
    expect(plan([at('2026-01-01', 'unproved')], {}).keep).toEqual([{ key: '2026_01_01', reasons: ['no rule removes anything'] }]);
  });

  it('goes by the time, whatever the names are', () => {
    const snapshots = [at('2026-01-02', 'proved', 'a'), at('2026-01-03', 'proved', 'c'), at('2026-01-04', 'proved', 'b'), at('2026-01-01', 'proved', 'd')];
    const { keep, remove } = plan(snapshots, { last: 1 });
    expect(keep.map(({ key }) => key)).toEqual(['b']);
    expect(remove.map(({ key }) => key)).toEqual(['d', 'a', 'c']);
  });

  it('counts one of this very moment as taken, not as one to come', () => {
    const now = new Date('2026-01-03T12:00:00Z');
    const { keep, remove } = plan([at('2026-01-03', 'unproved'), at('2026-01-03', 'unproved', 'a'), at('2026-01-02')], { last: 1 }, now);
    expect(keep).toEqual([
      { key: 'a', reasons: ['number 1 of the last 1'] },
      { key: '2026_01_02', reasons: ['the newest proved one'] },
    ]);
    expect(remove).toEqual([{ key: '2026_01_03', reason: 'kept by none of: last 1' }]);
  });

  it('removes the oldest first', () => {
    const { remove } = plan([at('2026-01-02'), at('2026-01-03'), at('2026-01-01')], { last: 1 });
    expect(remove.map(({ key }) => key)).toEqual(['2026_01_01', '2026_01_02']);
  });

  it('never removes the newest proved one, however old', () => {
    const snapshots = [at('2026-01-03', 'unproved'), at('2026-01-02', 'unproved'), at('2020-01-01'), at('2019-01-01')];
    const { keep, remove } = plan(snapshots, { last: 1 });
    expect(keep.map(({ key }) => key)).toEqual(['2026_01_03', '2020_01_01']);
    expect(remove.map(({ key }) => key)).toEqual(['2019_01_01', '2026_01_02']);
  });

  it('keeps what is dated in the future, and lets it push out nothing', () => {
    const snapshots = [at('2099-01-01'), at('2026-01-03'), at('2026-01-02'), at('2026-01-01')];
    const { keep, remove } = plan(snapshots, { last: 1 });
    expect(keep).toEqual([
      { key: '2099_01_01', reasons: ['dated in the future'] },
      { key: '2026_01_03', reasons: ['number 1 of the last 1', 'the newest proved one'] },
    ]);
    expect(remove).toHaveLength(2);
  });

  it('decides the same about two of the same second, in whatever order they come', () => {
    const pair = [at('2026-01-01', 'proved', 'a'), at('2026-01-01', 'proved', 'b')];
    expect(plan(pair, { last: 1 })).toEqual(plan(pair.toReversed(), { last: 1 }));
    expect(plan(pair, { last: 1 }).keep.map(({ key }) => key)).toEqual(['b']);
  });

  it.each(['foreign', 'suspicious', 'unreadable'] as const)('removes nothing where one is %s', (standing) => {
    const snapshots = [at('2026-01-03'), at('2026-01-02', standing), at('2026-01-01')];
    const { keep, remove, frozen } = plan(snapshots, { last: 1 });
    expect(remove).toEqual([]);
    expect(keep.map(({ key, reasons }) => [key, reasons.at(-1)])).toEqual([
      ['2026_01_03', 'the newest proved one'],
      ['2026_01_02', 'pruning is frozen'],
      ['2026_01_01', 'pruning is frozen'],
    ]);
    expect(frozen).toMatch(/^2026_01_02: its manifest /);
  });

  it('removes nothing while nothing there is proved', () => {
    const snapshots = [at('2026-01-02', 'unproved'), at('2026-01-01', 'unproved')];
    expect(plan(snapshots, { last: 1 })).toEqual({
      keep: [
        { key: '2026_01_02', reasons: ['number 1 of the last 1'] },
        { key: '2026_01_01', reasons: ['pruning is frozen'] },
      ],
      remove: [],
      frozen: 'no snapshot here is proved yet: nothing older goes before one is',
    });
    expect(plan(snapshots, { last: 2 }).frozen).toBeUndefined();
  });

  it.each([
    [{}, 'everything'],
    [{ last: 7, withinMs: 36 * 3_600_000 }, 'last 7, within 36h'],
    [{ hourly: 1, daily: 2, weekly: 3, monthly: 4, yearly: 5, withinMs: 90_000 }, 'hourly 1, daily 2, weekly 3, monthly 4, yearly 5, within 90s'],
  ])('says its policy %j as %s', (policy, words) => {
    expect(describePolicy({ ...NONE, ...policy })).toBe(words);
  });
});
