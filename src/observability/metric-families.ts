import { buckets, type Family, family, ofCluster, ofDestination, ofProgram, ofSchedule, results, sample } from './metric-samples.ts';
import type { ClusterView, DestinationView } from './view.ts';

export const METRIC_PREFIX = 'vault_snapshotd_';

/** In the order in which an operator would ask. */
export const FAMILIES: readonly Family[] = [
  {
    kind: 'gauge',
    name: 'build_info',
    labels: ['version', 'commit', 'node_version'],
    help: 'Always 1; the labels say what runs.',
    read: ({ version, commit, nodeVersion }) => sample([version, commit, nodeVersion], 1),
  },
  ofProgram('up_since_timestamp_seconds', 'When the process started.', ({ startedAt }) => startedAt),
  ofProgram(
    'config_last_reload_successful',
    'Whether the last reload of the configuration was taken; 1 before the first.',
    (program) => program.isLastReloadGood,
  ),
  ofProgram('config_last_reload_success_timestamp_seconds', 'When the configuration in effect was read.', ({ lastGoodReloadAt }) => lastGoodReloadAt),

  ofCluster('gauge', 'vault_reachable', 'Whether Vault answered when it was last asked.', ({ isReachable }) => isReachable),
  ofCluster('gauge', 'vault_sealed', 'Whether Vault said that it is sealed.', ({ isSealed }) => isSealed),
  ofCluster('gauge', 'raft_leader', 'Whether this node takes the snapshots: 1 on the leader, 0 on a standby.', ({ role }) => role === 'leader'),
  ofCluster('gauge', 'raft_committed_index', 'The raft index as Vault last gave it.', ({ committedIndex }) => committedIndex),
  ofCluster('counter', 'leader_changes_total', 'Times this node became the leader or ceased to be it.', ({ leaderChanges }) => leaderChanges),
  ofCluster('gauge', 'token_expiry_timestamp_seconds', 'When the token ends; 0: never.', ({ token }) => token.expiresAt ?? 0),
  ofCluster('gauge', 'token_lifetime_seconds', 'The life the token was granted.', ({ token }) => token.lifetimeMs / 1000),
  ofCluster('gauge', 'clock_skew_seconds', 'How far the clock of this host is ahead of that of Vault.', ({ clockSkewMs }) => seconds(clockSkewMs)),

  ofSchedule(
    'gauge',
    'schedule_expected_interval_seconds',
    'The longest time from one snapshot to the next, as configured.',
    ({ intervalMs }) => intervalMs / 1000,
  ),
  ofSchedule('gauge', 'next_run_timestamp_seconds', 'When the next round is due.', ({ nextAt }) => nextAt),
  family(
    'counter',
    'snapshots_total',
    ['cluster', 'schedule', 'result'],
    'Rounds on the leader; one that could not learn who leads is a failure, the turn of a standby is not counted.',
    ({ name, schedules }) => schedules.flatMap((one) => results([name, one.name], one.successes, one.failures)),
  ),
  ofSchedule('counter', 'rounds_skipped_total', 'Times a round was due while another was running.', ({ skipped }) => skipped),
  family(
    'counter',
    'snapshot_failures_total',
    ['cluster', 'stage'],
    'Rounds and deliveries that failed, by where: leadership auth drain spool verify upload commit readback manifest.',
    ({ name, failuresByStage }) => Object.entries(failuresByStage).flatMap(([stage, count]) => sample([name, stage], count)),
  ),
  ofSchedule('gauge', 'last_attempt_timestamp_seconds', 'When a round of this node last ended; 0: none has.', ({ lastAttemptAt }) => lastAttemptAt ?? 0),
  ofSchedule(
    'gauge',
    'last_success_timestamp_seconds',
    'When the newest proved snapshot was taken, by whichever node; 0: none is known.',
    ({ lastSuccessAt }) => lastSuccessAt ?? 0,
  ),
  ofSchedule('gauge', 'last_success_raft_index', 'The raft index of that snapshot.', ({ lastSuccessIndex }) =>
    lastSuccessIndex === undefined ? undefined : BigInt(lastSuccessIndex),
  ),
  ofSchedule('gauge', 'consecutive_failures', 'Rounds in a row that failed.', ({ consecutiveFailures }) => consecutiveFailures),
  family(
    'histogram',
    'snapshot_duration_seconds',
    ['cluster', 'stage'],
    'How long the steps of a round take: drain upload commit readback prune. Vault is held during drain.',
    ({ name, durations }) => Object.entries(durations).flatMap(([stage, histogram]) => buckets([name, stage], histogram)),
  ),
  ofCluster('gauge', 'snapshot_size_bytes', 'The size of the last whole snapshot; 0: none yet.', ({ lastSnapshot }) => lastSnapshot?.size ?? 0),
  ofCluster('gauge', 'snapshot_entries', 'The entries of the last whole snapshot; 0: not counted.', ({ lastSnapshot }) => lastSnapshot?.entries ?? 0),
  ofCluster('counter', 'canary_failures_total', 'Canaries that could not be written before a snapshot.', ({ canaryFailures }) => canaryFailures),
  ofCluster('gauge', 'spool_bytes', 'Bytes in the spool of the round in progress.', ({ spoolBytes }) => spoolBytes),
  ofCluster('gauge', 'spool_free_bytes', 'Room left where the spool lies.', ({ spoolFreeBytes }) => spoolFreeBytes),

  ofDestination('gauge', 'destination_up', 'Whether nothing failed there that has not been made good since.', ({ isUp }) => isUp),
  ofDestination(
    'gauge',
    'destination_last_success_timestamp_seconds',
    'When the newest proved snapshot there was taken, by whichever node; 0: none is known.',
    ({ lastSuccessAt }) => lastSuccessAt ?? 0,
  ),
  ofDestination(
    'gauge',
    'destination_expected_interval_seconds',
    'The longest time from one snapshot there to the next, as configured.',
    ({ schedule }, { schedules }) => seconds(schedules.find(({ name }) => name === schedule)?.intervalMs),
  ),
  ofDestination('gauge', 'destination_lag_bytes', 'Bytes of the spool that are yet to be sent there.', lagOf),
  family('counter', 'uploads_total', ['cluster', 'destination', 'result'], 'Deliveries, by how they ended.', ({ name, destinations }) =>
    destinations.flatMap((one) => results([name, one.name], one.uploads.success, one.uploads.failure)),
  ),
  ofDestination('counter', 'upload_bytes_total', 'Bytes sent there.', ({ uploads }) => uploads.bytes),
  ofDestination('counter', 'upload_retries_total', 'Tries after the first.', ({ uploads }) => uploads.retries),
  ofDestination('gauge', 'destination_snapshots', 'Snapshots there.', ({ totals }) => totals?.count),
  ofDestination('gauge', 'destination_stored_bytes', 'What they take.', ({ totals }) => totals?.bytes),
  ofDestination('gauge', 'destination_newest_timestamp_seconds', 'When the newest of them was taken; 0: there is none.', ({ totals }) =>
    totals === undefined ? undefined : (totals.newestAt ?? 0),
  ),
  ofDestination('gauge', 'destination_oldest_timestamp_seconds', 'When the oldest of them was taken; 0: there is none.', ({ totals }) =>
    totals === undefined ? undefined : (totals.oldestAt ?? 0),
  ),
  ofDestination('counter', 'retention_deleted_total', 'Snapshots deleted because the plan no longer keeps them.', ({ retention }) => retention.deleted),
  ofDestination('counter', 'retention_errors_total', 'Times pruning failed there.', ({ retention }) => retention.errors),
  ofDestination(
    'gauge',
    'verify_last_success_timestamp_seconds',
    'When a copy was last read back in full and proved again; 0: never.',
    ({ verification }) => verification.lastSuccessAt ?? 0,
  ),
  ofDestination('counter', 'verify_failures_total', 'Copies that were read back and are not whole.', ({ verification }) => verification.failures),

  ofCluster('gauge', 'drill_last_success_timestamp_seconds', 'When a restore drill last succeeded; 0: never.', ({ drill }) => drill.lastSuccessAt ?? 0),
  ofCluster(
    'gauge',
    'drill_last_failure_timestamp_seconds',
    'When the last restore drill failed, whoever did it; 0: it went well, or there was none.',
    ({ drill }) => drill.trouble?.at ?? 0,
  ),
  ofCluster('gauge', 'drill_duration_seconds', 'How long the last drill took that went well; 0: there was none.', ({ drill }) => drill.lastSeconds),
  ofCluster('counter', 'drill_failures_total', 'Restore drills of this daemon that failed.', ({ drill }) => drill.failures),
  family('counter', 'heartbeat_pings_total', ['cluster', 'result'], 'Pings of the dead-man service, by how they ended.', ({ name, pings }) =>
    results([name], pings.success, pings.failure),
  ),
];

/** Who is slow: only while it is being sent to. */
function lagOf({ state, bytes }: DestinationView, { spoolBytes }: ClusterView): number {
  return state === 'tailing' || state === 'committing' ? Math.max(0, spoolBytes - bytes) : 0;
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
