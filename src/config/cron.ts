import { Cron } from 'croner';

// Any fixed day does: it makes the answer the same on every day.
const FROM = new Date('2026-01-01T00:00:00Z');
const RUNS_LOOKED_AT = 60;

/** The shortest time between runs; undefined for what is no cron expression, or one that never comes twice. */
export function shortestGapMs(expression: string, timezone: string): number | undefined {
  const runs = nextRuns(expression, timezone);
  const gaps = runs.slice(1).map((run, index) => run.getTime() - (runs[index] ?? run).getTime());
  return gaps.length === 0 ? undefined : Math.min(...gaps);
}

function nextRuns(expression: string, timezone: string): readonly Date[] {
  // Read as the time of a single run, and thrown at when it is none.
  if (expression.includes(':')) return [];
  try {
    return new Cron(expression, { timezone, mode: '5-or-6-parts' }).nextRuns(RUNS_LOOKED_AT, FROM);
  } catch (error) {
    // croner tells a bad pattern by either; anything else is a fault of ours.
    if (error instanceof TypeError || error instanceof RangeError) return [];
    throw error;
  }
}
