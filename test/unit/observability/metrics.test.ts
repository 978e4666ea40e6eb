import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderMetrics, renderMetricsReference } from '../../../src/observability/metrics.ts';
import { ROOT } from '../source-tree.ts';
import { ago, cluster, destination, HOUR_MS, PROGRAM, schedule } from './cluster-view.ts';

const DESTINATION = '{cluster="prod-eu",destination="disk"}';
const SCHEDULE = '{cluster="prod-eu",schedule="default"}';

/** The value of each series, by its name and labels as they stand in the text. */
function seriesOf(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]));
}

function value(name: string, text: string): string | undefined {
  return seriesOf(text).get(`vault_snapshotd_${name}`);
}

const STOCKED = destination('disk', {
  totals: { count: 3, bytes: 900, newestAt: new Date('2026-03-30T11:00:00Z'), oldestAt: new Date('2026-03-01T00:00:00.500Z'), verifiedAt: undefined },
});
const HEALTHY = cluster({ destinations: [STOCKED] });

describe('the metrics', () => {
  it('pass the check of Prometheus without a complaint', () => {
    const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input: renderMetrics(PROGRAM, [HEALTHY]), encoding: 'utf8' });
    expect({ status, stdout, stderr, error }).toEqual({ status: 0, stdout: '', stderr: '', error: undefined });
  });

  it('are those of the guide, all of them and no others', () => {
    const guide = readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8');
    expect(guide).toContain(renderMetricsReference());
    const documented = [...guide.matchAll(/^\| `(vault_snapshotd_\w+)` \|/gm)].map(([, name]) => name);
    const exported = [...renderMetrics(PROGRAM, [HEALTHY]).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
    expect(exported).toEqual(documented);
    expect(new Set(exported).size).toBe(exported.length);
  });

  it.each([
    ['build_info{version="0.1.0",commit="0123456789ab",node_version="v24.21.0"}', '1'],
    ['up_since_timestamp_seconds', String(ago(40 * 24 * HOUR_MS).getTime() / 1000)],
    ['config_last_reload_successful', '1'],
    ['vault_reachable{cluster="prod-eu"}', '1'],
    ['vault_sealed{cluster="prod-eu"}', '0'],
    ['raft_leader{cluster="prod-eu"}', '1'],
    ['raft_committed_index{cluster="prod-eu"}', '4711'],
    ['clock_skew_seconds{cluster="prod-eu"}', '0.02'],
    ['token_lifetime_seconds{cluster="prod-eu"}', '3600'],
    [`schedule_expected_interval_seconds${SCHEDULE}`, '3600'],
    [`last_success_timestamp_seconds${SCHEDULE}`, String(ago(12 * 60_000).getTime() / 1000)],
    [`last_success_raft_index${SCHEDULE}`, '4711'],
    ['snapshots_total{cluster="prod-eu",schedule="default",result="success"}', '3'],
    ['snapshots_total{cluster="prod-eu",schedule="default",result="failure"}', '0'],
    ['snapshot_size_bytes{cluster="prod-eu"}', '400000000'],
    [`destination_up${DESTINATION}`, '1'],
    [`destination_snapshots${DESTINATION}`, '3'],
    [`destination_stored_bytes${DESTINATION}`, '900'],
    [`destination_newest_timestamp_seconds${DESTINATION}`, '1774868400'],
    [`destination_oldest_timestamp_seconds${DESTINATION}`, '1772323200.5'],
    ['uploads_total{cluster="prod-eu",destination="disk",result="success"}', '3'],
    ['uploads_total{cluster="prod-eu",destination="disk",result="failure"}', '0'],
    ['heartbeat_pings_total{cluster="prod-eu",result="failure"}', '0'],
  ])('say %s %s', (series, expected) => {
    expect(value(series, renderMetrics(PROGRAM, [HEALTHY]))).toBe(expected);
  });

  it.each(['leadership', 'auth', 'drain', 'spool', 'verify', 'upload', 'commit', 'readback', 'manifest'])('begin to count failures of %s at 0', (stage) => {
    expect(value(`snapshot_failures_total{cluster="prod-eu",stage="${stage}"}`, renderMetrics(PROGRAM, [HEALTHY]))).toBe('0');
  });

  it('have the buckets of a histogram in order, the last of them all', () => {
    const drain = { counts: [0, 0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], count: 3, sumSeconds: 2602.5 };
    const text = renderMetrics(PROGRAM, [cluster({ durations: { ...cluster().durations, drain } })]);
    const bucket = (le: string) => value(`snapshot_duration_seconds_bucket{cluster="prod-eu",stage="drain",le="${le}"}`, text);
    expect([bucket('0.1'), bucket('0.5'), bucket('2.5'), bucket('2500'), bucket('+Inf')]).toEqual(['0', '1', '2', '2', '3']);
    expect(value('snapshot_duration_seconds_sum{cluster="prod-eu",stage="drain"}', text)).toBe('2602.5');
    expect(value('snapshot_duration_seconds_count{cluster="prod-eu",stage="drain"}', text)).toBe('3');
  });

  it('say nothing of what is not known, and 0 of what never was', () => {
    const empty = cluster({
      role: 'unknown',
      isReachable: false,
      committedIndex: undefined,
      clockSkewMs: undefined,
      spoolFreeBytes: undefined,
      lastSnapshot: undefined,
      token: { expiresAt: undefined, lifetimeMs: 0 },
      schedules: [schedule({ nextAt: undefined, lastAttemptAt: undefined, lastSuccessAt: undefined, lastSuccessIndex: undefined })],
      destinations: [destination('disk', { lastSuccessAt: undefined, snapshots: undefined, totals: undefined })],
    });
    const text = renderMetrics(PROGRAM, [empty]);
    const unknown = [
      'raft_committed_index{cluster="prod-eu"}',
      'clock_skew_seconds{cluster="prod-eu"}',
      'spool_free_bytes{cluster="prod-eu"}',
      `next_run_timestamp_seconds${SCHEDULE}`,
      `last_success_raft_index${SCHEDULE}`,
      `destination_snapshots${DESTINATION}`,
      `destination_newest_timestamp_seconds${DESTINATION}`,
    ];
    expect(unknown.filter((series) => value(series, text) !== undefined)).toEqual([]);
    expect(value(`last_success_timestamp_seconds${SCHEDULE}`, text)).toBe('0');
    expect(value(`destination_last_success_timestamp_seconds${DESTINATION}`, text)).toBe('0');
    expect(value('token_expiry_timestamp_seconds{cluster="prod-eu"}', text)).toBe('0');
    expect(value('raft_leader{cluster="prod-eu"}', text)).toBe('0');
  });

  it.each([
    ['tailing', '400'],
    ['committing', '400'],
    ['waiting', '0'],
    ['missed', '0'],
    ['delivered', '0'],
  ] as const)('say how far a destination that is %s lags behind', (state, lag) => {
    const text = renderMetrics(PROGRAM, [cluster({ spoolBytes: 1000, destinations: [destination('disk', { state, bytes: 600 })] })]);
    expect(value(`destination_lag_bytes${DESTINATION}`, text)).toBe(lag);
  });

  it('keep a hostile name inside its label', () => {
    const text = renderMetrics(PROGRAM, [cluster({ name: 'a"} 1\nb\\', destinations: [STOCKED] })]);
    expect(value(`destination_up{cluster="a\\"} 1\\nb\\\\",destination="disk"}`, text)).toBe('1');
    expect(text.split('\n').filter((line) => line.startsWith('b'))).toEqual([]);
  });

  it('count beyond what a double can', () => {
    const text = renderMetrics(PROGRAM, [cluster({ committedIndex: 9_007_199_254_740_993n, schedules: [schedule({ lastSuccessIndex: '9007199254740995' })] })]);
    expect(value('raft_committed_index{cluster="prod-eu"}', text)).toBe('9007199254740993');
    expect(value(`last_success_raft_index${SCHEDULE}`, text)).toBe('9007199254740995');
  });
});
