import { ERROR_CODES } from '../errors.ts';
import { freshnessOf, newestProved } from './freshness.ts';
import { bytesOf, durationOf } from './units.ts';
import type { ClusterView, DestinationView, RoundMark, Trouble } from './view.ts';

/** One thing that is wrong, and what to do about it. */
export interface Concern {
  readonly level: 'attention' | 'stale' | 'failing';
  /** Undefined: it is not one destination's. */
  readonly destination: string | undefined;
  readonly what: string;
  readonly since: Date | undefined;
  readonly advice: string;
}

const WORST_FIRST = ['failing', 'stale', 'attention'] as const;
const STALE_ADVICE = 'look at the rounds of the node that leads, and at its journal: they tell why none was brought here';
const SKEW_LIMIT_MS = 60_000;
const WEEK_MS = 7 * 86_400_000;

/** All that is wrong with the snapshots of a cluster, the worst first. */
export function clusterConcerns(cluster: ClusterView, now: Date): readonly Concern[] {
  const all = [
    ...roundConcerns(cluster),
    ...cluster.destinations.flatMap((destination) => destinationConcerns(destination, cluster, now)),
    ...vaultConcerns(cluster),
    ...tokenConcerns(cluster, now),
    ...careConcerns(cluster),
  ];
  return WORST_FIRST.flatMap((level) => all.filter((concern) => concern.level === level));
}

/** In one line, when it stands apart from its destination. */
export function tellConcern({ destination, what }: Concern): string {
  return destination === undefined ? what : `${destination}: ${what}`;
}

export function destinationConcerns(destination: DestinationView, cluster: ClusterView, now: Date): readonly Concern[] {
  const { name, trouble, retention, verification } = destination;
  const concerns: Concern[] = [];
  if (trouble) concerns.push({ ...fromTrouble('failing', trouble, name), since: firstMiss(cluster.history, name) ?? trouble.at });
  if (verification.trouble) concerns.push(fromTrouble('failing', verification.trouble, name, 'a stored copy is not whole: '));
  const { state, newestAt, overdueSince } = freshnessOf(destination, cluster, now);
  if (state === 'stale') {
    const what = newestAt ? 'a new snapshot is overdue' : 'no proved snapshot there';
    concerns.push({ level: 'stale', destination: name, what, since: overdueSince, advice: STALE_ADVICE });
  }
  if (retention.trouble) concerns.push(fromTrouble('attention', retention.trouble, name, 'pruning failed: '));
  return [...concerns, ...shrunk(destination, now)];
}

/**
 * A standby's own rounds of before are no longer its business: the destinations tell how its successor does. Nor does it matter any more
 * that nobody could tell who leads, once it is known again and nothing is due.
 */
function roundConcerns({ role, lastRound, history, schedules }: ClusterView): readonly Concern[] {
  if (role === 'standby' || lastRound?.outcome !== 'failed') return [];
  const { trouble, endedAt } = lastRound;
  const isOver = role === 'leader' && schedules.every(({ consecutiveFailures }) => consecutiveFailures === 0);
  if (isOver && trouble?.code.startsWith('vault_')) return [];
  const since = firstOf(history, ({ outcome }) => outcome === 'failed') ?? endedAt;
  if (trouble) return [{ ...fromTrouble('failing', trouble), since }];
  return [{ level: 'failing', destination: undefined, what: 'the last round failed', since, advice: ERROR_CODES.failed.advice }];
}

function firstMiss(history: readonly RoundMark[], destination: string): Date | undefined {
  return firstOf(history, ({ outcome, missed }) => outcome === 'failed' || missed.includes(destination));
}

/** When the unbroken run of such rounds began that lasts to this day. */
function firstOf(history: readonly RoundMark[], isSuch: (mark: RoundMark) => boolean): Date | undefined {
  const lastOther = history.findLastIndex((mark) => !isSuch(mark));
  return history[lastOther + 1]?.endedAt;
}

/** Until then nobody can say that it does not answer. */
export function isVaultAsked({ isReachable, schedules }: ClusterView): boolean {
  return isReachable || schedules.some(({ lastAttemptAt }) => lastAttemptAt !== undefined);
}

function vaultConcerns(cluster: ClusterView): readonly Concern[] {
  const { isSealed, isReachable, role, clockSkewMs, lastRound } = cluster;
  const concerns: Concern[] = [];
  const add = (what: string, advice: string) => concerns.push({ level: 'attention', destination: undefined, what, since: undefined, advice });
  // The last round's failure tells of the same in more words.
  const isTold = role !== 'standby' && lastRound?.outcome === 'failed';
  if (isSealed && !isTold) add('Vault is sealed', ERROR_CODES.vault_sealed.advice);
  else if (!isReachable && isVaultAsked(cluster) && !isTold) add('Vault does not answer', ERROR_CODES.vault_unreachable.advice);
  if (clockSkewMs !== undefined && Math.abs(clockSkewMs) > SKEW_LIMIT_MS) {
    add(`the clocks of Vault and this host are ${durationOf(Math.abs(clockSkewMs))} apart`, 'set both by NTP: snapshots are named and kept by their time');
  }
  return concerns;
}

/** A token is renewed when a third of its life is left, or there is a new login when a tenth is: less means that both fail. */
function tokenConcerns({ token: { expiresAt, lifetimeMs } }: ClusterView, now: Date): readonly Concern[] {
  if (expiresAt === undefined) return [];
  const left = expiresAt.getTime() - now.getTime();
  const advice = 'look for "token" in the journal: renewing it fails';
  if (left <= 0) return [{ level: 'failing', destination: undefined, what: 'the token for Vault has expired', since: expiresAt, advice }];
  if (left >= lifetimeMs / 10) return [];
  return [{ level: 'attention', destination: undefined, what: `the token for Vault expires in ${durationOf(left)}`, since: undefined, advice }];
}

function careConcerns({ drill, spoolFreeBytes, lastSnapshot }: ClusterView): readonly Concern[] {
  const concerns: Concern[] = [];
  if (drill.trouble) concerns.push(fromTrouble('attention', drill.trouble, undefined, 'restore drill failed: '));
  if (spoolFreeBytes !== undefined && lastSnapshot && spoolFreeBytes < 2 * lastSnapshot.size) {
    const what = `only ${bytesOf(spoolFreeBytes)} are free for the spool, the last snapshot had ${bytesOf(lastSnapshot.size)}`;
    concerns.push({ level: 'attention', destination: undefined, what, since: undefined, advice: ERROR_CODES.spool_no_space.advice });
  }
  return concerns;
}

function shrunk({ name, snapshots }: DestinationView, now: Date): readonly Concern[] {
  const newest = newestProved(snapshots ?? [], now);
  if (newest === undefined) return [];
  const ofTheWeek = (snapshots ?? []).filter(({ takenAt, isProved }) => isProved && takenAt.getTime() > now.getTime() - WEEK_MS);
  const largest = Math.max(...ofTheWeek.map(({ size }) => size));
  if (newest.size >= largest / 2) return [];
  const what = `the newest snapshot has ${bytesOf(newest.size)}, one of the last week had ${bytesOf(largest)}`;
  return [
    {
      level: 'attention',
      destination: name,
      what,
      since: undefined,
      advice: 'find out what was deleted from Vault; keep the older snapshots until you know',
    },
  ];
}

function fromTrouble(level: Concern['level'], trouble: Trouble, destination?: string, prefix = ''): Concern {
  return { level, destination, what: `${prefix}${trouble.message}`, since: trouble.at, advice: trouble.advice };
}
