import { describe, expect, it } from 'vitest';
import { exitCodeOf, type RoundReport, renderReport, stageOf } from '../../../src/agent/report.ts';
import { type ErrorCode, SnapshotError } from '../../../src/errors.ts';

const SNAPSHOT = { name: 'a.snap', size: 1, sha256: 'ab', index: 1, term: 1, cluster_id: 'id', vault_version: '1.21.0' };
const MISSED = { destination: 'aws', code: 'storage_denied', message: 'aws: no' } as const;
const DELIVERED = { destination: 'local', location: '/a.snap', key: 'a.snap', size: 1, ms: 2 };

describe('the report of a round', () => {
  it.each<{ readonly report: RoundReport; readonly exitCode: number; readonly rendered: object }>([
    {
      report: { outcome: 'standby', reason: 'another node leads' },
      exitCode: 0,
      rendered: { outcome: 'standby', delivered: [], missed: [], pruned: [], message: 'another node leads' },
    },
    { report: { outcome: 'not_due' }, exitCode: 0, rendered: { outcome: 'not_due', delivered: [], missed: [], pruned: [] } },
    {
      report: { outcome: 'failed', stage: 'upload', error: new SnapshotError('storage_denied', 'aws: no'), snapshot: SNAPSHOT, missed: [MISSED] },
      exitCode: 77,
      rendered: { outcome: 'failed', snapshot: SNAPSHOT, delivered: [], missed: [MISSED], pruned: [], code: 'storage_denied', message: 'aws: no' },
    },
    {
      report: { outcome: 'failed', stage: 'leadership', error: new SnapshotError('vault_sealed', 'vault: sealed'), missed: [] },
      exitCode: 69,
      rendered: { outcome: 'failed', delivered: [], missed: [], pruned: [], code: 'vault_sealed', message: 'vault: sealed' },
    },
    {
      report: { outcome: 'partial', snapshot: SNAPSHOT, delivered: [DELIVERED], missed: [MISSED], pruned: [] },
      exitCode: 3,
      rendered: { outcome: 'partial', snapshot: SNAPSHOT, delivered: [DELIVERED], missed: [MISSED], pruned: [] },
    },
    {
      report: { outcome: 'taken', snapshot: SNAPSHOT, delivered: [DELIVERED], missed: [], pruned: [] },
      exitCode: 0,
      rendered: { outcome: 'taken', snapshot: SNAPSHOT, delivered: [DELIVERED], missed: [], pruned: [] },
    },
  ])('$report.outcome exits with $exitCode', ({ report, exitCode, rendered }) => {
    expect(exitCodeOf(report)).toBe(exitCode);
    expect(JSON.parse(renderReport(report))).toEqual(rendered);
    expect(renderReport(report)).not.toContain('\n');
  });
});

it.each<readonly [ErrorCode, string]>([
  ['archive_stale', 'verify'],
  ['vault_login_failed', 'auth'],
  ['secret_unavailable', 'auth'],
  ['spool_no_space', 'spool'],
  ['storage_denied', 'upload'],
  ['vault_cut', 'drain'],
  ['round_timeout', 'drain'],
])('a round that failed with %s failed at %s', (code, stage) => {
  expect(stageOf(code)).toBe(stage);
});
