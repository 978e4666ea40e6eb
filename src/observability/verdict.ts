import { type Concern, clusterConcerns, tellConcern } from './concerns.ts';
import { type Freshness, freshnessOf } from './freshness.ts';
import { durationOf } from './units.ts';
import type { ClusterView } from './view.ts';

/**
 * `waiting`: just begun, some destination has nothing to show yet. `attention`: the snapshots are fresh, something else is not as it should be. `stale`: somewhere
 * no proved snapshot is as young as the schedule wants. `failing`: what was tried last has failed.
 */
export type Level = 'good' | 'waiting' | 'attention' | 'stale' | 'failing';

/** Whether the snapshots of a cluster are good, for those who only glance, and for those who then read on. */
export interface Verdict {
  readonly level: Level;
  /** `All good`, `Failing`. */
  readonly word: string;
  readonly sentence: string;
  /** All that is wrong, the worst first. */
  readonly concerns: readonly Concern[];
}

const WORDS: Readonly<Record<Level, string>> = { good: 'All good', waiting: 'Waiting', attention: 'Needs attention', stale: 'Stale', failing: 'Failing' };

export function judge(cluster: ClusterView, now: Date): Verdict {
  const places = cluster.destinations.map((destination) => freshnessOf(destination, cluster, now));
  const concerns = clusterConcerns(cluster, now);
  const isFresh = places.length > 0 && places.every(({ state }) => state === 'fresh');
  const level = concerns[0]?.level ?? (isFresh ? 'good' : 'waiting');
  return { level, word: WORDS[level], sentence: tell(concerns[0], places, now), concerns };
}

/** What is worst comes first, then what there is to fall back on. */
function tell(worst: Concern | undefined, places: readonly Freshness[], now: Date): string {
  const fallBack = tellNewest(places, now);
  if (worst === undefined) return fallBack;
  const since = worst.since ? ` (for ${durationOf(now.getTime() - worst.since.getTime())})` : '';
  return `${tellConcern(worst)}${since}; ${fallBack}`;
}

function tellNewest(places: readonly Freshness[], now: Date): string {
  const newest = Math.max(...places.flatMap(({ newestAt }) => newestAt?.getTime() ?? []));
  if (!Number.isFinite(newest)) {
    if (places.every(({ state }) => state === 'unknown')) return 'no destination has been looked at yet';
    return places.some(({ state }) => state === 'stale') ? 'there is no proved snapshot' : 'there is no proved snapshot yet, the first is still to come';
  }
  const fresh = places.filter(({ state }) => state === 'fresh').length;
  return `newest proved snapshot ${durationOf(now.getTime() - newest)} old, fresh at ${fresh} of ${places.length} ${places.length === 1 ? 'destination' : 'destinations'}`;
}
