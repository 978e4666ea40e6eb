import { Cron } from 'croner';
import { nextCronRun } from './cron-runs.ts';

/** When snapshots are wanted. */
export type ScheduleRule =
  | { readonly kind: 'interval'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly expression: string; readonly timezone: string };

/** The first time after `from` that the rule wants a snapshot: always a later one. */
export function nextTime(rule: ScheduleRule, from: Date): Date {
  if (rule.kind === 'interval') return new Date(from.getTime() + rule.everyMs);
  // The configuration refuses rules that never come; a rule that ends some day waits a year at a time.
  return new Date(nextCronRun(rule.expression, rule.timezone, from.getTime()) ?? from.getTime() + 366 * 86_400_000);
}

/** How far apart two snapshots are by this rule, as it stands at `from`. */
export function intervalMs(rule: ScheduleRule, from: Date): number {
  const first = nextTime(rule, from);
  return nextTime(rule, first).getTime() - first.getTime();
}

// A rule is looked through for gaps beyond a minute, an hour and a day, each for as long as it takes until such a rule repeats itself.
const LOOKED_THROUGH = [
  { leastMs: 60_000, spanMs: 2 * 3_600_000 },
  { leastMs: 3_600_000, spanMs: 8 * 86_400_000 },
  { leastMs: 86_400_000, spanMs: 366 * 86_400_000 },
] as const;

/** The longest time without a snapshot that the rule wants, such as the weekend of one for working days. The hour that a change of the clocks adds is none. */
export function longestGapMs(rule: ScheduleRule, from: Date): number {
  if (rule.kind === 'interval') return rule.everyMs;
  // Read off the wall, where no day is longer than another.
  const wall = { ...rule, timezone: 'UTC' };
  const cron = new Cron(rule.expression, { timezone: wall.timezone, paused: true });
  const first = nextTime(wall, from);
  let longest = intervalMs(wall, from);
  for (const { leastMs, spanMs } of LOOKED_THROUGH) {
    // A longer gap that begins within reach ends with the first run beyond it.
    for (let at = first.getTime(); at < first.getTime() + spanMs; ) {
      const reach = 1.1 * Math.max(longest, leastMs);
      const end = nextTime(wall, new Date(at + reach));
      const begin = cron.previousRuns(1, end)[0] ?? first;
      if (end.getTime() - begin.getTime() > reach) longest = end.getTime() - begin.getTime();
      at = end.getTime();
    }
  }
  return longest;
}

/** When the next snapshot is due, given the time of the last one; none: now. */
export function dueTime(rule: ScheduleRule, last: Date | undefined, now: Date): Date {
  return last === undefined ? now : nextTime(rule, last);
}

/** How long to wait after that many failed rounds in a row: soon at first, never longer than the interval itself. */
export function retryDelayMs(failures: number, isRetryable: boolean, interval: number): number {
  const first = isRetryable ? 5_000 : 60_000;
  const longest = isRetryable ? 300_000 : 900_000;
  return Math.min(first * 2 ** Math.min(failures - 1, 10), longest, interval);
}

/** Where the grid stands after a round begun at `begun`: ticks that came while it ran are skipped and counted, never queued. */
export function skipTicks(rule: ScheduleRule, begun: Date, now: Date): { readonly last: Date; readonly skipped: number } {
  if (rule.kind === 'interval') {
    // In one step: the clock may have jumped by decades.
    const skipped = Math.max(0, Math.floor((now.getTime() - begun.getTime()) / rule.everyMs));
    return { last: new Date(begun.getTime() + skipped * rule.everyMs), skipped };
  }
  let last = begun;
  let skipped = 0;
  for (let next = nextTime(rule, last); next <= now; next = nextTime(rule, last)) {
    last = next;
    skipped++;
  }
  return { last, skipped };
}
