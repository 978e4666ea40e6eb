import { Cron } from 'croner';
import { type Change, TimeZone } from './time-zone.ts';

const HOUR_MS = 3_600_000;
const HOURS_OF_DAY = 24;

/** The first run after `fromMs`, by the clocks on the wall of that zone; undefined when the rule has ended. */
export function nextCronRun(expression: string, timezone: string, fromMs: number): number | undefined {
  // croner drops what the clocks leave out, and runs twice what comes twice: it is told no zone, and reads off the wall.
  const cron = new Cron(expression, { timezone: 'UTC', paused: true });
  const zone = new TimeZone(timezone);
  const repeat = zone.repeatAround(fromMs);
  if (repeat !== undefined && isOfMostHours(cron, repeat)) return nextOfBoth(cron, zone, repeat, fromMs);
  // What the clocks have shown by now has had its run, though they show it again.
  const shown = repeat !== undefined && repeat.atMs <= fromMs ? repeat.atMs + repeat.before - 1 : zone.shownAt(fromMs);
  const next = nextShown(cron, shown);
  return next === undefined ? undefined : zone.firstShowing(next);
}

/** For a rule that runs again when the clocks show the same again. */
function nextOfBoth(cron: Cron, zone: TimeZone, { atMs, before, after }: Change, fromMs: number): number | undefined {
  const endShown = atMs + before;
  const first = fromMs < atMs ? nextShown(cron, fromMs + before) : undefined;
  if (first !== undefined && first < endShown) return first - before;
  const second = nextShown(cron, Math.max(fromMs, atMs - 1) + after);
  if (second === undefined) return undefined;
  return second < endShown ? second - after : zone.firstShowing(second);
}

/** Every hour or every other one: without a run in the hour that comes again, its snapshot would come late. */
function isOfMostHours(cron: Cron, { atMs, before }: Change): boolean {
  const day = atMs + before - ((atMs + before) % (HOURS_OF_DAY * HOUR_MS));
  const hours = Array.from({ length: HOURS_OF_DAY }, (_, nth) => day + nth * HOUR_MS);
  return hours.filter((hour) => (nextShown(cron, hour - 1) ?? Number.POSITIVE_INFINITY) < hour + HOUR_MS).length >= HOURS_OF_DAY / 2;
}

function nextShown(cron: Cron, shownMs: number): number | undefined {
  return cron.nextRun(new Date(shownMs))?.getTime();
}
