import type { ObjectKey } from '../storage/key.ts';

/** `last` and the calendar counts keep that many; `withinMs` keeps everything younger. All zero keeps everything. */
export interface RetentionPolicy {
  readonly last: number;
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  readonly withinMs: number;
}

/**
 * What is known of an object that bears one of our names. `unproved` has no manifest: the ancestor's, or one whose
 * manifest is still to come. `safety` is of the state that a restore gave up: "latest" never means it, so it lets no other
 * one go. The last three freeze the pruning.
 */
export type Standing = 'proved' | 'unproved' | 'safety' | 'foreign' | 'suspicious' | 'unreadable';

export interface Snapshot {
  readonly key: ObjectKey;
  readonly takenAt: Date;
  readonly standing: Standing;
}

export interface RetentionPlan {
  /** Newest first. */
  readonly keep: readonly { readonly key: ObjectKey; readonly reasons: readonly string[] }[];
  /** Oldest first, so that a stop half-way leaves a whole recent past. */
  readonly remove: readonly { readonly key: ObjectKey; readonly reason: string }[];
  /** Why nothing is removed, whatever the policy says. */
  readonly frozen: string | undefined;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const FREEZES = {
  foreign: 'its manifest is of another cluster: two clusters share this place',
  suspicious: 'its manifest calls it suspicious: look at it before anything older goes',
  unreadable: 'its manifest cannot be read, so it may be of another cluster',
} as const;

const CALENDAR = [
  { rule: 'hourly', unit: 'hour', bucket: (at: Date) => `${at.toISOString().slice(0, 13)}h` },
  { rule: 'daily', unit: 'day', bucket: (at: Date) => at.toISOString().slice(0, 10) },
  { rule: 'weekly', unit: 'week', bucket: isoWeek },
  { rule: 'monthly', unit: 'month', bucket: (at: Date) => at.toISOString().slice(0, 7) },
  { rule: 'yearly', unit: 'year', bucket: (at: Date) => at.toISOString().slice(0, 4) },
] as const;

/** Which snapshots of one place stay and which go, and why. Calendar rules count in UTC and keep the newest of each bucket. */
export function planRetention(snapshots: readonly Snapshot[], policy: RetentionPolicy, now: Date): RetentionPlan {
  const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 1 : -1));
  // One with a time to come is kept, but must not push out another: somebody's clock is wrong.
  const past = newestFirst.filter(({ takenAt }) => takenAt <= now);
  const reasons = collectReasons(past, policy, now);
  const reasonsOf = (snapshot: Snapshot) => (snapshot.takenAt > now ? ['dated in the future'] : reasons.get(snapshot));
  const reason = `kept by none of: ${describePolicy(policy)}`;
  const keep: RetentionPlan['keep'][number][] = [];
  const remove: RetentionPlan['remove'][number][] = [];
  for (const snapshot of newestFirst) {
    const own = reasonsOf(snapshot);
    if (own) keep.push({ key: snapshot.key, reasons: own });
    else remove.push({ key: snapshot.key, reason });
  }

  const frozen = findFreeze(newestFirst, remove);
  if (frozen === undefined) return { keep, remove: remove.reverse(), frozen };
  return { keep: newestFirst.map((snapshot) => ({ key: snapshot.key, reasons: reasonsOf(snapshot) ?? ['pruning is frozen'] })), remove: [], frozen };
}

/** All zero: nothing is ever removed. */
export function keepsEverything(policy: RetentionPolicy): boolean {
  return Object.values(policy).every((value) => value === 0);
}

/** The policy as an operator would say it: `last 7, daily 30, within 90d`. */
export function describePolicy(policy: RetentionPolicy): string {
  const counts = (['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const).filter((rule) => policy[rule] > 0);
  const within = policy.withinMs > 0 ? [`within ${duration(policy.withinMs)}`] : [];
  return [...counts.map((rule) => `${rule} ${policy[rule]}`), ...within].join(', ') || 'everything';
}

function collectReasons(past: readonly Snapshot[], policy: RetentionPolicy, now: Date): ReadonlyMap<Snapshot, readonly string[]> {
  const reasons = new Map<Snapshot, string[]>();
  const because = (snapshot: Snapshot, reason: string) => {
    const own = reasons.get(snapshot);
    if (own) own.push(reason);
    else reasons.set(snapshot, [reason]);
  };

  if (keepsEverything(policy)) for (const snapshot of past) because(snapshot, 'no rule removes anything');
  past.slice(0, policy.last).forEach((snapshot, at) => {
    because(snapshot, `number ${at + 1} of the last ${policy.last}`);
  });
  for (const { rule, unit, bucket } of CALENDAR) {
    for (const [name, snapshot] of newestOfEach(past, policy[rule], bucket)) because(snapshot, `newest of the ${unit} ${name}`);
  }
  for (const snapshot of past) {
    if (policy.withinMs > 0 && now.getTime() - snapshot.takenAt.getTime() <= policy.withinMs) because(snapshot, `not older than ${duration(policy.withinMs)}`);
  }
  const newestProved = past.find(({ standing }) => standing === 'proved');
  if (newestProved) because(newestProved, 'the newest proved one');
  return reasons;
}

function newestOfEach(past: readonly Snapshot[], count: number, bucket: (at: Date) => string): ReadonlyMap<string, Snapshot> {
  const newest = new Map<string, Snapshot>();
  for (const snapshot of past) {
    if (newest.size >= count) break;
    const name = bucket(snapshot.takenAt);
    if (!newest.has(name)) newest.set(name, snapshot);
  }
  return newest;
}

function findFreeze(snapshots: readonly Snapshot[], remove: RetentionPlan['remove']): string | undefined {
  for (const { key, standing } of snapshots) {
    if (standing !== 'proved' && standing !== 'unproved' && standing !== 'safety') return `${key}: ${FREEZES[standing]}`;
  }
  const isAnyProved = snapshots.some(({ standing }) => standing === 'proved');
  return isAnyProved || remove.length === 0 ? undefined : 'no snapshot here is proved yet: nothing older goes before one is';
}

/** `2026-W53`: the week of the year that its Thursday lies in. */
function isoWeek(at: Date): string {
  const day = Math.floor(at.getTime() / DAY_MS);
  // Day 0 was a Thursday, so a week of days counted from -3 begins on a Monday.
  const thursday = day - ((day + 3) % 7) + 3;
  const year = new Date(thursday * DAY_MS).getUTCFullYear();
  const week = Math.floor((thursday - Date.UTC(year, 0, 1) / DAY_MS) / 7) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}

function duration(ms: number): string {
  if (ms % DAY_MS === 0) return `${ms / DAY_MS}d`;
  return ms % HOUR_MS === 0 ? `${ms / HOUR_MS}h` : `${ms / 1000}s`;
}
