import type { Findings } from './block.ts';
import type { ScheduleConfig } from './config.ts';
import { shortestGapMs } from './cron.ts';

const HOUR_MS = 3_600_000;
const MIN_TIMEOUT_MS = 300_000;

interface Times {
  readonly values: { readonly frequency?: number | undefined; readonly schedule?: string | undefined };
  readonly sources: ReadonlyMap<string, string>;
}

/** What a block says of its times; undefined when it leaves that to the whole file. */
export function readSchedule({ values, sources }: Times, prefix: string, timezone: string, findings: Findings): ScheduleConfig | undefined {
  if (sources.has('schedule') && sources.has('frequency')) {
    findings.faults.push(`${prefix}schedule: stands beside ${prefix}frequency: remove one of the two`);
    return undefined;
  }
  const { schedule, frequency } = values;
  if (schedule === undefined) return frequency === undefined ? undefined : { kind: 'interval', everyMs: frequency };
  if (shortestGapMs(schedule, timezone) === undefined) {
    const rule = 'must be a cron expression of five or six fields that comes again and again';
    findings.faults.push(`${prefix}schedule: ${rule}, got ${JSON.stringify(schedule)}: write for example "0 * * * *"`);
    return undefined;
  }
  return { kind: 'cron', expression: schedule, timezone };
}

/** A round may take as long as its interval, but five minutes at least and an hour at most. */
export function defaultTimeoutMs(schedules: readonly ScheduleConfig[]): number {
  return Math.max(MIN_TIMEOUT_MS, Math.min(HOUR_MS, shortestIntervalMs(schedules)));
}

export function shortestIntervalMs(schedules: readonly ScheduleConfig[]): number {
  return Math.min(...schedules.map(intervalMs));
}

function intervalMs(schedule: ScheduleConfig): number {
  return schedule.kind === 'interval' ? schedule.everyMs : (shortestGapMs(schedule.expression, schedule.timezone) ?? HOUR_MS);
}
