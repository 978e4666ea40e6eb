import type { StockedSnapshot } from '../../agent/events.ts';
import type { RoundMark } from '../view.ts';

export const DAYS = 30;
export const DAY_MS = 86_400_000;

/** One day, by UTC, at one destination. */
export interface Day {
  readonly start: Date;
  readonly snapshots: readonly StockedSnapshot[];
  /** When a round began that did not deliver here. */
  readonly missed: readonly Date[];
}

export function firstDay(now: Date): Date {
  return new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS - (DAYS - 1) * DAY_MS);
}

/** The last thirty days, the oldest first and today last. What is older, or from the future, is left out. */
export function daysOf(destination: string, snapshots: readonly StockedSnapshot[], history: readonly RoundMark[], now: Date): readonly Day[] {
  const first = firstDay(now).getTime();
  const missed = history.filter(({ outcome, missed: names }) => outcome === 'failed' || names.includes(destination)).map(({ startedAt }) => startedAt);
  const days = Array.from({ length: DAYS }, (_, i) => ({ start: new Date(first + i * DAY_MS), snapshots: [] as StockedSnapshot[], missed: [] as Date[] }));
  const dayAt = (at: Date) => (at > now ? undefined : days[Math.floor((at.getTime() - first) / DAY_MS)]);
  for (const snapshot of snapshots) dayAt(snapshot.takenAt)?.snapshots.push(snapshot);
  for (const at of missed) dayAt(at)?.missed.push(at);
  return days;
}
