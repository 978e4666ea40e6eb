import { describe, expect, it } from 'vitest';
import { nextCronRun } from '../../../src/agent/cron-runs.ts';
import { Seeded } from '../../fakes/seeded.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function runsBetween(expression: string, timezone: string, fromMs: number, toMs: number): readonly number[] {
  const runs: number[] = [];
  for (let at = nextCronRun(expression, timezone, fromMs); at !== undefined && at < toMs; at = nextCronRun(expression, timezone, at)) {
    // Or it would never end.
    if (at <= (runs.at(-1) ?? fromMs)) throw new Error(`${expression} in ${timezone} stands still at ${new Date(at).toISOString()}`);
    runs.push(at);
  }
  return runs;
}

describe('runs where the clocks are changed', () => {
  it.each([
    { what: 'left out: at its end', rule: '30 2 * * *', zone: 'Europe/Berlin', day: '2026-03-29', runs: ['01:00'] },
    { what: 'left out, beside another of that day', rule: '0 2,14 * * *', zone: 'Europe/Berlin', day: '2026-03-29', runs: ['01:00', '12:00'] },
    { what: 'several left out: one for all', rule: '15,45 2 * * *', zone: 'Europe/Berlin', day: '2026-03-29', runs: ['01:00'] },
    { what: 'left out, with a run at its end anyway', rule: '*/30 2-3 * * *', zone: 'Europe/Berlin', day: '2026-03-29', runs: ['01:00', '01:30'] },
    { what: 'midnight left out', rule: '0 */6 * * *', zone: 'America/Santiago', day: '2026-09-06', runs: ['04:00', '09:00', '15:00', '21:00'] },
    { what: 'half an hour left out', rule: '15 2 * * *', zone: 'Australia/Lord_Howe', day: '2026-10-03', runs: ['15:30'] },
    { what: 'a whole day left out', rule: '0 12 30 12 *', zone: 'Pacific/Apia', day: '2011-12-30', runs: ['10:00'] },
    { what: 'twice: the first time', rule: '30 2 * * *', zone: 'Europe/Berlin', day: '2026-10-25', runs: ['00:30'] },
    { what: 'twice, beside another of that day', rule: '30 2,14 * * *', zone: 'Europe/Berlin', day: '2026-10-25', runs: ['00:30', '13:30'] },
    { what: 'several that come twice', rule: '15,45 2 * * *', zone: 'Europe/Berlin', day: '2026-10-25', runs: ['00:15', '00:45'] },
    { what: 'twice, every six hours', rule: '0 */6 * * *', zone: 'America/Havana', day: '2026-11-01', runs: ['04:00', '11:00', '17:00', '23:00'] },
  ])('$what: $rule in $zone', ({ rule, zone, day, runs }) => {
    const from = Date.parse(`${day}T00:00:00Z`) - 1;
    const found = runsBetween(rule, zone, from, from + DAY_MS + 1);
    expect(found.map((at) => new Date(at).toISOString().slice(11, 16))).toEqual(runs);
  });

  it.each([
    { rule: '0 * * * *', gapMs: HOUR_MS },
    { rule: '*/10 * * * *', gapMs: 10 * MINUTE_MS },
    { rule: '0 */2 * * *', gapMs: 2 * HOUR_MS },
  ])('$rule leaves no hour out that comes twice', ({ rule, gapMs }) => {
    const from = Date.parse('2026-10-24T20:00:00Z');
    const found = runsBetween(rule, 'Europe/Berlin', from, from + 12 * HOUR_MS);
    expect(Math.max(...found.slice(1).map((at, before) => at - found[before]!))).toBe(gapMs);
  });

  it('is undefined for a rule that has ended', () => {
    expect(nextCronRun('0 0 0 1 1 * 2020', 'Europe/Berlin', Date.parse('2026-01-01T00:00:00Z'))).toBeUndefined();
  });
});

/** The clocks on the wall, asked for another way than the program does. */
function wallOf(timezone: string): (atMs: number) => number {
  const options = { hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, ...options });
  return (atMs) => {
    const [month = 0, day, year = 0, hour, minute] = (format.format(atMs).match(/\d+/g) ?? []).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute);
  };
}

function changesOf(wall: (atMs: number) => number, fromMs: number, toMs: number): readonly number[] {
  const changes: number[] = [];
  for (let day = fromMs; day < toMs; day += DAY_MS) {
    if (wall(day) - day === wall(day + DAY_MS) - day - DAY_MS) continue;
    let at = day;
    while (wall(at + MINUTE_MS) - wall(at) === MINUTE_MS) at += MINUTE_MS;
    changes.push(at + MINUTE_MS);
  }
  return changes;
}

interface Rule {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
}

/** Minute by minute: a run when they first show, or have stepped over, a time of the rule; one of most hours runs whenever they show it. */
function walk({ minutes, hours }: Rule, wall: (atMs: number) => number, fromMs: number, toMs: number): readonly number[] {
  const isTime = (shown: number) => minutes.includes((shown / MINUTE_MS) % 60) && hours.includes(((shown / HOUR_MS) % 24) | 0);
  const runs: number[] = [];
  let highest = wall(fromMs);
  for (let at = fromMs + MINUTE_MS; at < toMs; at += MINUTE_MS) {
    const shown = wall(at);
    let isDue = shown <= highest && hours.length >= 12 && isTime(shown);
    for (; highest < shown; highest += MINUTE_MS) isDue ||= isTime(highest + MINUTE_MS);
    if (isDue) runs.push(at);
  }
  return runs;
}

function someOf(random: Seeded, from: number): readonly number[] {
  const all = Array.from({ length: from }, (_, nth) => nth);
  const share = random.pick([1 / from, 0.2, 1]);
  const some = all.filter(() => random.chance(share));
  return some.length > 0 ? some : [random.whole(from)];
}

describe('every zone there is', () => {
  it('has a run for each time of the rule, and never two, around each change of its clocks from 2026 to 2029', () => {
    const random = new Seeded(12);
    let changes = 0;
    for (const timezone of Intl.supportedValuesOf('timeZone')) {
      const wall = wallOf(timezone);
      for (const change of changesOf(wall, Date.UTC(2026, 0, 1), Date.UTC(2030, 0, 1))) {
        const rule = { minutes: [random.pick([0, 15, 30, 59])], hours: someOf(random, random.pick([4, 24])) };
        const expression = `${rule.minutes} ${rule.hours} * * *`;
        const [begin, to] = [change - 6 * HOUR_MS, change + 20 * HOUR_MS];
        // Asked at any time, also when they show the same again.
        const from = random.pick([begin, change + random.whole(120) * MINUTE_MS]);
        const found = runsBetween(expression, timezone, from, to);
        const wanted = walk(rule, wall, begin, to).filter((at) => at > from);
        if (`${found}` !== `${wanted}`) expect({ timezone, expression, change, from, found }).toEqual({ timezone, expression, change, from, found: wanted });
        changes++;
      }
    }
    expect(changes).toBeGreaterThan(800);
  }, 120_000);
});
