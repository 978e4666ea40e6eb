import { describe, expect, it } from 'vitest';
import { renderStatus, type Status } from '../../../src/observability/status.ts';
import { ago, cluster, DENIED, destination, HOUR_MS, NOW, PROGRAM, round, schedule } from './cluster-view.ts';

function statusOf(...clusters: Parameters<typeof renderStatus>[1]): Status {
  return JSON.parse(renderStatus(PROGRAM, clusters, NOW)) as Status;
}

const MINUTES = 60_000;

describe('the status', () => {
  it('of a healthy leader has the fields of Vault Enterprise at the top', () => {
    expect(statusOf(cluster({ lastRound: round(12 * MINUTES, { location: 's3://backups/a.snap' }) }))).toMatchObject({
      last_snapshot_start: '2026-03-30T11:48:00.000Z',
      last_snapshot_end: '2026-03-30T11:48:20.000Z',
      last_snapshot_error: '',
      last_snapshot_url: 's3://backups/a.snap',
      snapshot_start: null,
      snapshot_url: '',
      next_snapshot_start: '2026-03-30T12:48:00.000Z',
      consecutive_errors: 0,
      last_rotation_error: '',
      retry_in_progress: false,
      retry_attempt: 0,
    });
  });

  it('has all that is known of the cluster and its last snapshot', () => {
    expect(statusOf(cluster()).clusters).toMatchObject([
      {
        verdict: 'good',
        concerns: [],
        cluster: 'prod-eu',
        cluster_id: '3f5a0c1e-6b7d-4a7e-9c55-0d3a1b2c4d5e',
        vault_version: '1.21.0',
        leader: true,
        leader_reason: 'addr is this host, and it says it leads',
        token_expires_at: '2026-03-30T12:50:00.000Z',
        raft_index: 4711,
        raft_term: 3,
        entries: 1200,
        size: 400_000_000,
        sha256: 'ab'.repeat(32),
        seal_type: 'shamir',
        seal_fingerprint: '3fa9c1d0'.repeat(8),
        keys_since: '2026-03-27T12:00:00.000Z',
        older_keys_needed: false,
        spool_bytes: 0,
        last_verified_at: null,
        last_drill_at: null,
      },
    ]);
  });

  it('says that the keys of before are still needed as long as a snapshot of before is anywhere', () => {
    const withOldest = (hours: number) => {
      const totals = { count: 9, bytes: 9, newestAt: ago(0), oldestAt: ago(hours * HOUR_MS), verifiedAt: undefined };
      return statusOf(cluster({ destinations: [destination('s3'), destination('disk', { totals })] })).clusters[0]?.older_keys_needed;
    };
    expect([withOldest(72), withOldest(73)]).toEqual([false, true]);
  });

  it('of a destination says what is there, what is wrong, and what to do', () => {
    const totals = { count: 72, bytes: 7200, newestAt: ago(HOUR_MS), oldestAt: ago(72 * HOUR_MS), verifiedAt: undefined };
    const verification = { lastSuccessAt: ago(2 * HOUR_MS), failures: 0, trouble: undefined };
    const [one] = statusOf(cluster({ destinations: [destination('s3', { state: 'missed', trouble: DENIED, totals, verification })] })).clusters;
    expect(one?.last_verified_at).toBe('2026-03-30T10:00:00.000Z');
    expect(one?.destinations).toMatchObject([
      {
        name: 's3',
        state: 'missed',
        last_success: '2026-03-30T11:48:00.000Z',
        last_error: {
          at: '2026-03-30T11:00:00.000Z',
          code: 'storage_denied',
          message: 's3: backups/x.snap: AccessDenied',
          advice: 'give the key the right to create',
        },
        snapshots: 72,
        stored_bytes: 7200,
        newest: '2026-03-30T11:00:00.000Z',
        oldest: '2026-03-27T12:00:00.000Z',
      },
    ]);
  });

  it('says of a round in progress that it follows on failed ones', () => {
    const failing = cluster({
      round: { id: 'r', startedAt: ago(MINUTES) },
      lastRound: round(HOUR_MS, { outcome: 'failed', trouble: DENIED }),
      schedules: [schedule(), schedule({ name: 's3', consecutiveFailures: 3, nextAt: ago(-MINUTES) })],
    });
    expect(statusOf(failing)).toMatchObject({
      snapshot_start: '2026-03-30T11:59:00.000Z',
      last_snapshot_error: 's3: backups/x.snap: AccessDenied',
      consecutive_errors: 3,
      retry_in_progress: true,
      retry_attempt: 3,
      next_snapshot_start: '2026-03-30T12:01:00.000Z',
    });
  });

  it('of a daemon that has just begun has null for whatever is not known', () => {
    const [one] = statusOf(
      cluster({
        id: undefined,
        vaultVersion: undefined,
        lastRound: undefined,
        lastSnapshot: undefined,
        history: [],
        token: { expiresAt: undefined, lifetimeMs: 0 },
        schedules: [schedule({ nextAt: undefined })],
        destinations: [destination('disk', { snapshots: undefined, totals: undefined, lastSuccessAt: undefined })],
      }),
    ).clusters;
    expect(one).toMatchObject({
      last_snapshot_start: null,
      next_snapshot_start: null,
      cluster_id: null,
      token_expires_at: null,
      sha256: null,
      seal_type: null,
      seal_fingerprint: null,
      keys_since: null,
      older_keys_needed: false,
      last_error: null,
    });
    expect(one?.destinations).toMatchObject([{ snapshots: null, newest: null, last_success: null, last_error: null, freshness: 'unknown' }]);
  });

  it('of several clusters has the first at the top and all of them in the list', () => {
    const status = statusOf(cluster({ name: 'one' }), cluster({ name: 'two' }));
    expect(status).toMatchObject({ cluster: 'one' });
    expect(status.clusters.map(({ cluster: name }) => name)).toEqual(['one', 'two']);
  });

  it('of none is still an answer', () => {
    expect(statusOf()).toMatchObject({ now: '2026-03-30T12:00:00.000Z', clusters: [], program: { version: '0.1.0', config: '/etc/vault.d/snapshot.json' } });
  });
});
