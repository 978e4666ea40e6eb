import type { StockedSnapshot, StockTotals } from '../../../src/agent/events.ts';
import type { ClusterView, DestinationView, ProgramView, RoundMark, ScheduleView, Trouble } from '../../../src/observability/view.ts';

export const NOW = new Date('2026-03-30T12:00:00Z');
export const HOUR_MS = 3_600_000;

export function ago(ms: number): Date {
  return new Date(NOW.getTime() - ms);
}

export const DENIED: Trouble = {
  at: ago(HOUR_MS),
  code: 'storage_denied',
  message: 's3: backups/x.snap: AccessDenied',
  advice: 'give the key the right to create',
};

/** One each hour, the newest 12 minutes old, growing a little from one to the next. */
export function hourly(count: number, first = 12 * 60_000): readonly StockedSnapshot[] {
  return Array.from({ length: count }, (_, i) => snapshot(first + i * HOUR_MS, { size: 400_000_000 - i * 150_000 }));
}

export function snapshot(ageMs: number, other: Partial<StockedSnapshot> = {}): StockedSnapshot {
  const takenAt = ago(ageMs);
  return { name: `raft_snapshot-${takenAt.getTime()}000000.snap`, takenAt, size: 1_000_000, isProved: true, verifiedAt: undefined, ...other };
}

export function destination(name: string, other: Partial<DestinationView> = {}): DestinationView {
  const snapshots = 'snapshots' in other ? other.snapshots : hourly(3);
  return {
    name,
    kind: 'local',
    location: `/var/backups/${name}`,
    schedule: 'default',
    isUp: true,
    state: 'delivered',
    bytes: 0,
    lastSuccessAt: snapshots?.find(({ isProved, takenAt }) => isProved && takenAt <= NOW)?.takenAt,
    trouble: undefined,
    uploads: { success: 3, failure: 0, bytes: 3_000_000, retries: 0 },
    retention: { deleted: 0, errors: 0, trouble: undefined },
    verification: { lastSuccessAt: undefined, failures: 0, trouble: undefined },
    snapshots,
    totals: snapshots && totalsOf(snapshots),
    ...other,
  };
}

function totalsOf(snapshots: readonly StockedSnapshot[]): StockTotals {
  let bytes = 0;
  for (const { size } of snapshots) bytes += size;
  const verified = snapshots.flatMap(({ verifiedAt }) => verifiedAt ?? []).sort((a, b) => b.getTime() - a.getTime());
  return { count: snapshots.length, bytes, newestAt: snapshots[0]?.takenAt, oldestAt: snapshots.at(-1)?.takenAt, verifiedAt: verified[0] };
}

export function schedule(other: Partial<ScheduleView> = {}): ScheduleView {
  return {
    name: 'default',
    intervalMs: HOUR_MS,
    nextAt: ago(-48 * 60_000),
    lastAttemptAt: ago(12 * 60_000),
    lastSuccessAt: ago(12 * 60_000),
    lastSuccessIndex: 4711,
    consecutiveFailures: 0,
    successes: 3,
    failures: 0,
    skipped: 0,
    ...other,
  };
}

export function round(ageMs: number, other: Partial<RoundMark> = {}): RoundMark {
  const startedAt = ago(ageMs);
  const endedAt = ago(ageMs - 20_000);
  return { id: `round-${ageMs}`, startedAt, endedAt, outcome: 'taken', missed: [], trouble: undefined, location: '/var/backups/disk', ...other };
}

const NONE = { counts: Array.from({ length: 14 }, () => 0), count: 0, sumSeconds: 0 };

export function cluster(other: Partial<ClusterView> = {}): ClusterView {
  return {
    name: 'prod-eu',
    id: '3f5a0c1e-6b7d-4a7e-9c55-0d3a1b2c4d5e',
    vaultAddress: 'https://127.0.0.1:8200',
    vaultVersion: '1.21.0',
    isReachable: true,
    isSealed: false,
    clockSkewMs: 20,
    isTlsVerified: true,
    role: 'leader',
    roleReason: 'addr is this host, and it says it leads',
    leaderChanges: 0,
    committedIndex: 4711n,
    canaryFailures: 0,
    token: { expiresAt: ago(-50 * 60_000), lifetimeMs: HOUR_MS },
    schedules: [schedule()],
    round: undefined,
    lastRound: round(12 * 60_000),
    lastSnapshot: {
      name: 'a.snap',
      takenAt: ago(12 * 60_000),
      size: 400_000_000,
      sha256: 'ab'.repeat(32),
      index: 4711,
      term: 3,
      entries: 1200,
      keys: { sealType: 'shamir', fingerprint: '3fa9c1d0'.repeat(8), since: ago(72 * HOUR_MS) },
    },
    history: [round(2 * HOUR_MS + 12 * 60_000), round(HOUR_MS + 12 * 60_000), round(12 * 60_000)],
    failuresByStage: { leadership: 0, auth: 0, drain: 0, spool: 0, verify: 0, upload: 0, commit: 0, readback: 0, manifest: 0 },
    durations: { drain: NONE, upload: NONE, commit: NONE, readback: NONE, prune: NONE },
    spoolBytes: 0,
    spoolFreeBytes: 40_000_000_000,
    destinations: [destination('disk'), destination('s3'), destination('azure')],
    drill: { lastSuccessAt: undefined, lastSeconds: 0, failures: 0, lastLevel: undefined, trouble: undefined },
    pings: { success: 0, failure: 0 },
    ...other,
  };
}

export const PROGRAM: ProgramView = {
  version: '0.1.0',
  commit: '0123456789ab',
  nodeVersion: 'v24.21.0',
  host: 'vault-1',
  startedAt: ago(40 * 24 * HOUR_MS),
  configPath: '/etc/vault.d/snapshot.json',
  isLastReloadGood: true,
  lastGoodReloadAt: ago(40 * 24 * HOUR_MS),
};
