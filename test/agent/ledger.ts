import type { Destination } from '../../src/agent/destination.ts';
import { longestGapMs } from '../../src/agent/schedule.ts';
import { Ledger } from '../../src/observability/ledger.ts';
import type { ClusterView } from '../../src/observability/view.ts';
import type { Scene } from './scene.ts';

/** The account of everything a scene was told so far. */
export function viewOf({ events, clock }: Scene, destinations: readonly Destination[]): ClusterView {
  const ledger = new Ledger(
    {
      name: 'prod',
      vaultAddress: 'https://127.0.0.1:8200',
      isTlsVerified: true,
      destinations: destinations.map(({ storage, schedule }) => ({ name: storage.name, kind: storage.kind, location: `memory://${storage.name}`, schedule })),
      schedules: [...new Map(destinations.map(({ schedule, rule }) => [schedule, rule]))].map(([name, rule]) => ({
        name,
        intervalMs: longestGapMs(rule, clock.now()),
      })),
      vitals: () => ({ token: { expiresAt: undefined, lifetimeMs: 0 }, clockSkewMs: undefined }),
    },
    () => clock.now(),
  );
  for (const event of events) ledger.tell(event);
  return ledger.view();
}

/** Every counter of a view by its path. */
export function counters(view: ClusterView): Readonly<Record<string, number>> {
  const { leaderChanges, canaryFailures, pings, drill, failuresByStage, durations } = view;
  const found: Record<string, number> = {
    leaderChanges,
    canaryFailures,
    'pings.success': pings.success,
    'pings.failure': pings.failure,
    'drill.failures': drill.failures,
  };
  for (const [stage, count] of Object.entries(failuresByStage)) found[`failures.${stage}`] = count;
  for (const [stage, { count, counts, sumSeconds }] of Object.entries(durations)) {
    found[`durations.${stage}`] = count;
    found[`seconds.${stage}`] = sumSeconds;
    for (const [at, bucket] of counts.entries()) found[`bucket.${stage}.${at}`] = bucket;
  }
  for (const { name, successes, failures, skipped } of view.schedules) {
    found[`schedule ${name}.successes`] = successes;
    found[`schedule ${name}.failures`] = failures;
    found[`schedule ${name}.skipped`] = skipped;
  }
  for (const { name, uploads, retention, verification } of view.destinations) {
    for (const [what, count] of Object.entries(uploads)) found[`${name}.uploads.${what}`] = count;
    found[`${name}.deleted`] = retention.deleted;
    found[`${name}.retention errors`] = retention.errors;
    found[`${name}.verification failures`] = verification.failures;
  }
  return found;
}

/** Those that moved, but for what is measured. */
export function moved(view: ClusterView): Readonly<Record<string, number>> {
  const isMeasured = (path: string) => /^(durations|seconds|bucket)\.|\.bytes$/.test(path);
  return Object.fromEntries(Object.entries(counters(view)).filter(([path, count]) => count > 0 && !isMeasured(path)));
}
