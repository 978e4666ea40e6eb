import type { StockedSnapshot } from '../agent/events.ts';
import type { ClusterView, DestinationView, ScheduleView } from './view.ts';

/** How a destination stands against its schedule. */
export interface Freshness {
  /** `unknown`: not looked at yet. `empty`: looked at, no proved one there, and none was due yet. */
  readonly state: 'fresh' | 'stale' | 'empty' | 'unknown';
  /** When the newest proved one was taken. */
  readonly newestAt: Date | undefined;
  /** Since when a newer one is overdue. */
  readonly overdueSince: Date | undefined;
}

export function freshnessOf(destination: DestinationView, cluster: ClusterView, now: Date): Freshness {
  const newestAt = newestOf(destination, now);
  const schedule = cluster.schedules.find(({ name }) => name === destination.schedule);
  if (newestAt === undefined) return { state: stateWithout(destination, cluster, schedule, now), newestAt, overdueSince: undefined };
  // Half an interval late is late: rounds take their time, are put off a little, and are retried.
  const age = now.getTime() - newestAt.getTime();
  if (schedule === undefined || age <= 1.5 * schedule.intervalMs) return { state: 'fresh', newestAt, overdueSince: undefined };
  return { state: 'stale', newestAt, overdueSince: new Date(newestAt.getTime() + schedule.intervalMs) };
}

/** The list ends where a month does, the last success may be older. */
function newestOf({ snapshots, lastSuccessAt }: DestinationView, now: Date): Date | undefined {
  const listed = newestProved(snapshots ?? [], now)?.takenAt;
  const told = lastSuccessAt && lastSuccessAt <= now ? lastSuccessAt : undefined;
  return listed && told ? (listed > told ? listed : told) : (listed ?? told);
}

/** One from the future, by a clock gone wrong, must not hide that none came since; nor one of a state that was given up. */
export function newestProved(snapshots: readonly StockedSnapshot[], now: Date): StockedSnapshot | undefined {
  return snapshots.find(({ isProved, isSafety, takenAt }) => isProved && !isSafety && takenAt <= now);
}

function stateWithout({ snapshots }: DestinationView, cluster: ClusterView, schedule: ScheduleView | undefined, now: Date): Freshness['state'] {
  if (snapshots === undefined) return 'unknown';
  return isFirstToCome(cluster, schedule, now) ? 'empty' : 'stale';
}

/** Nothing there is no fault as long as nobody had the time to take the first. A standby cannot know that of the others. */
function isFirstToCome({ role, round }: ClusterView, schedule: ScheduleView | undefined, now: Date): boolean {
  if (round !== undefined || schedule === undefined) return true;
  if (role === 'standby' || schedule.lastAttemptAt !== undefined) return false;
  return schedule.nextAt === undefined || now.getTime() <= schedule.nextAt.getTime() + schedule.intervalMs / 2;
}
