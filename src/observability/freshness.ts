import type { StockedSnapshot } from '../agent/events.ts';
import type { ClusterView, DestinationView, ScheduleView } from './view.ts';

/** How a destination stands against its schedule. */
export interface Freshness {
  /** `unknown`: not looked at yet. `empty`: looked at, no proved one there, and none was due yet. */
  readonly state: 'fresh' | 'stale' | 'empty' | 'unknown';
  /** The newest proved one. */
  readonly newest: StockedSnapshot | undefined;
  /** Since when a newer one is overdue. */
  readonly overdueSince: Date | undefined;
}

export function freshnessOf(destination: DestinationView, cluster: ClusterView, now: Date): Freshness {
  const { snapshots } = destination;
  const newest = newestProved(snapshots ?? [], now);
  const schedule = cluster.schedules.find(({ name }) => name === destination.schedule);
  if (snapshots === undefined) return { state: 'unknown', newest, overdueSince: undefined };
  if (newest === undefined) return { state: isFirstToCome(cluster, schedule, now) ? 'empty' : 'stale', newest, overdueSince: undefined };
  // Half an interval late is late: rounds take their time, are put off a little, and are retried.
  const age = now.getTime() - newest.takenAt.getTime();
  if (schedule === undefined || age <= 1.5 * schedule.intervalMs) return { state: 'fresh', newest, overdueSince: undefined };
  return { state: 'stale', newest, overdueSince: new Date(newest.takenAt.getTime() + schedule.intervalMs) };
}

/** One from the future, by a clock gone wrong, must not hide that none came since. */
export function newestProved(snapshots: readonly StockedSnapshot[], now: Date): StockedSnapshot | undefined {
  return snapshots.find(({ isProved, takenAt }) => isProved && takenAt <= now);
}

/** Nothing there is no fault as long as nobody had the time to take the first. A standby cannot know that of the others. */
function isFirstToCome({ role, round }: ClusterView, schedule: ScheduleView | undefined, now: Date): boolean {
  if (round !== undefined || schedule === undefined) return true;
  if (role === 'standby' || schedule.lastAttemptAt !== undefined) return false;
  return schedule.nextAt === undefined || now.getTime() <= schedule.nextAt.getTime() + schedule.intervalMs / 2;
}
