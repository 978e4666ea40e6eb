import { freshnessOf } from './freshness.ts';
import { areOlderKeysNeeded } from './older-keys.ts';
import { judge } from './verdict.ts';
import type { ClusterView, DestinationView, ProgramView, ScheduleView, Trouble } from './view.ts';

/** What `/status` answers; times are RFC 3339. */
export type Status = ReturnType<typeof describeStatus>;
export type ClusterStatus = Status['clusters'][number];

export function renderStatus(program: ProgramView, clusters: readonly ClusterView[], now: Date): string {
  return `${JSON.stringify(describeStatus(program, clusters, now), null, 2)}\n`;
}

/** The first cluster also stands at the top, where checks written for Vault Enterprise look: its first fields are named as there. */
function describeStatus(program: ProgramView, clusters: readonly ClusterView[], now: Date) {
  const all = clusters.map((cluster) => statusOfCluster(cluster, now));
  return { ...all[0], now: now.toISOString(), program: statusOfProgram(program), clusters: all };
}

function statusOfProgram(program: ProgramView) {
  return {
    version: program.version,
    commit: program.commit,
    node_version: program.nodeVersion,
    host: program.host,
    started_at: program.startedAt.toISOString(),
    config: program.configPath,
    last_reload_successful: program.isLastReloadGood,
    config_read_at: program.lastGoodReloadAt.toISOString(),
  };
}

function statusOfCluster(cluster: ClusterView, now: Date) {
  const { level, sentence, concerns } = judge(cluster, now);
  const { round, lastRound, lastSnapshot, destinations, schedules } = cluster;
  const errorsInARow = Math.max(0, ...schedules.map(({ consecutiveFailures }) => consecutiveFailures));
  const isRetry = round !== undefined && errorsInARow > 0;
  return {
    last_snapshot_start: timeOf(lastRound?.startedAt),
    last_snapshot_end: timeOf(lastRound?.endedAt),
    last_snapshot_error: lastRound?.trouble?.message ?? '',
    last_snapshot_url: lastRound?.location ?? '',
    snapshot_start: timeOf(round?.startedAt),
    // It has one once it is committed, and then it is the last one.
    snapshot_url: '',
    next_snapshot_start: earliest(schedules.map(({ nextAt }) => nextAt)),
    consecutive_errors: errorsInARow,
    last_rotation_error: destinations.find(({ retention }) => retention.trouble)?.retention.trouble?.message ?? '',
    retry_in_progress: isRetry,
    retry_attempt: isRetry ? errorsInARow : 0,

    verdict: level,
    verdict_reason: sentence,
    concerns: concerns.map(({ level, destination, what, since, advice }) => ({ level, destination: destination ?? null, what, since: timeOf(since), advice })),
    cluster: cluster.name,
    cluster_id: cluster.id ?? null,
    vault_address: cluster.vaultAddress,
    vault_version: cluster.vaultVersion ?? null,
    vault_reachable: cluster.isReachable,
    vault_sealed: cluster.isSealed,
    vault_tls_verified: cluster.isTlsVerified,
    clock_skew_seconds: cluster.clockSkewMs === undefined ? null : cluster.clockSkewMs / 1000,
    leader: cluster.role === 'leader',
    role: cluster.role,
    leader_reason: cluster.roleReason,
    token_expires_at: timeOf(cluster.token.expiresAt),
    last_outcome: lastRound?.outcome ?? null,
    last_error: statusOfTrouble(lastRound?.trouble),
    snapshot: lastSnapshot?.name ?? null,
    raft_index: lastSnapshot?.index ?? null,
    raft_term: lastSnapshot?.term ?? null,
    entries: lastSnapshot?.entries ?? null,
    size: lastSnapshot?.size ?? null,
    sha256: lastSnapshot?.sha256 ?? null,
    seal_type: lastSnapshot?.keys.sealType ?? null,
    seal_fingerprint: lastSnapshot?.keys.fingerprint ?? null,
    keys_since: timeOf(lastSnapshot?.keys.since),
    older_keys_needed: areOlderKeysNeeded(cluster),
    last_verified_at: latest(destinations.map(({ verification }) => verification.lastSuccessAt)),
    last_drill_at: timeOf(cluster.drill.lastSuccessAt),
    last_drill_error: statusOfTrouble(cluster.drill.trouble),
    spool_bytes: cluster.spoolBytes,
    spool_free_bytes: cluster.spoolFreeBytes ?? null,
    schedules: schedules.map(statusOfSchedule),
    destinations: destinations.map((destination) => ({ ...statusOfDestination(destination), freshness: freshnessOf(destination, cluster, now).state })),
  };
}

function statusOfSchedule(schedule: ScheduleView) {
  return {
    name: schedule.name,
    interval_seconds: schedule.intervalMs / 1000,
    next: timeOf(schedule.nextAt),
    last_attempt: timeOf(schedule.lastAttemptAt),
    last_success: timeOf(schedule.lastSuccessAt),
    consecutive_errors: schedule.consecutiveFailures,
  };
}

function statusOfDestination(destination: DestinationView) {
  const { retention, verification, totals } = destination;
  return {
    name: destination.name,
    kind: destination.kind,
    location: destination.location,
    schedule: destination.schedule,
    up: destination.isUp,
    state: destination.state,
    bytes: destination.bytes,
    last_success: timeOf(destination.lastSuccessAt),
    last_error: statusOfTrouble(destination.trouble),
    snapshots: totals?.count ?? null,
    stored_bytes: totals?.bytes ?? null,
    newest: timeOf(totals?.newestAt),
    oldest: timeOf(totals?.oldestAt),
    last_verified_at: timeOf(verification.lastSuccessAt),
    last_verify_error: statusOfTrouble(verification.trouble),
    last_rotation_error: statusOfTrouble(retention.trouble),
  };
}

function statusOfTrouble(trouble: Trouble | undefined) {
  return trouble === undefined ? null : { at: trouble.at.toISOString(), code: trouble.code, message: trouble.message, advice: trouble.advice };
}

function timeOf(time: Date | undefined): string | null {
  return time?.toISOString() ?? null;
}

function earliest(times: readonly (Date | undefined)[]): string | null {
  return timeOf(inOrder(times)[0]);
}

function latest(times: readonly (Date | undefined)[]): string | null {
  return timeOf(inOrder(times).at(-1));
}

function inOrder(times: readonly (Date | undefined)[]): readonly Date[] {
  return times.filter((time) => time !== undefined).sort((a, b) => a.getTime() - b.getTime());
}
