import { elapsedMs } from '../agent/clock.ts';
import type { RoundDeps } from '../agent/deps.ts';
import type { Destination } from '../agent/destination.ts';
import { runRound } from '../agent/round.ts';
import { SnapshotError } from '../errors.ts';
import { SAFETY_SCHEDULE } from './choose.ts';
import type { Safety } from './restore.ts';
import type { TargetFacts } from './target-facts.ts';

const KEEP_ALL = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };

/** A snapshot of the target as it is, proved and published like any other; nothing is pruned, and no alias leads to it. */
export async function takeSafety(destination: Destination, facts: TargetFacts, deps: RoundDeps, signal: AbortSignal): Promise<Safety> {
  const place: Destination = { ...destination, schedule: SAFETY_SCHEDULE, retain: KEEP_ALL, alias: undefined, keepsHistory: true };
  const begun = deps.clock.now();
  const leader = { role: 'leader', reason: 'it is restored into', isAssumed: false, appliedIndex: facts.appliedIndex } as const;
  const settings = { ...deps.settings, clusterId: facts.cluster.clusterId, canary: undefined };
  const report = await runRound([place], leader, { ...deps, settings, tell: () => undefined }, signal);
  signal.throwIfAborted();
  if (report.outcome !== 'taken') {
    const error = report.outcome === 'failed' ? report.error : undefined;
    const advice = `mend that, take it elsewhere with --safety, or do without it: --no-safety-snapshot (${error?.advice ?? 'it was not taken'})`;
    throw new SnapshotError('refused', `safety snapshot: ${error?.message ?? 'was not taken'}`, { cause: error, advice });
  }
  const ms = elapsedMs(begun, deps.clock);
  const [delivered] = report.delivered;
  return { place: delivered?.location ?? place.storage.name, fingerprint: place.newest?.seal_fingerprint ?? undefined, bytes: report.snapshot.size, ms };
}
