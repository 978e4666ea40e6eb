import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/observability/verdict.ts';
import type { ClusterView } from '../../../src/observability/view.ts';
import { ago, cluster, DENIED, destination, HOUR_MS, hourly, NOW, round, schedule, snapshot } from './cluster-view.ts';

const FRESH = 'newest proved snapshot 12 min old, fresh at 3 of 3 destinations';
const [disk, s3] = [destination('disk'), destination('s3')];
const old = destination('azure', { snapshots: hourly(3, 5 * HOUR_MS) });

const CASES: readonly { readonly what: string; readonly view: Partial<ClusterView>; readonly level: string; readonly sentence: string }[] = [
  { what: 'a healthy leader', view: {}, level: 'good', sentence: FRESH },
  {
    what: 'a healthy standby',
    view: { role: 'standby', lastRound: undefined, history: [], schedules: [schedule({ lastAttemptAt: undefined })] },
    level: 'good',
    sentence: FRESH,
  },
  { what: 'a standby whose own rounds once failed', view: { role: 'standby', lastRound: failed(HOUR_MS) }, level: 'good', sentence: FRESH },
  {
    what: 'a failed round',
    view: { lastRound: failed(60_000), history: [round(5 * HOUR_MS), failed(3 * HOUR_MS), failed(60_000)], schedules: [schedule({ consecutiveFailures: 2 })] },
    level: 'failing',
    sentence: `Vault is sealed (for 2 h); ${FRESH}`,
  },
  {
    what: 'a Vault that was sealed while nothing was due, and is back',
    view: { lastRound: failed(60_000), history: [round(HOUR_MS), failed(60_000)] },
    level: 'good',
    sentence: FRESH,
  },
  {
    what: 'a destination that missed the last rounds',
    view: {
      destinations: [disk, { ...s3, trouble: DENIED }],
      history: [round(4 * HOUR_MS), round(3 * HOUR_MS, { outcome: 'partial', missed: ['s3'] }), round(HOUR_MS, { outcome: 'partial', missed: ['s3'] })],
    },
    level: 'failing',
    sentence: 's3: s3: backups/x.snap: AccessDenied (for 2 h); newest proved snapshot 12 min old, fresh at 2 of 2 destinations',
  },
  {
    what: 'one destination left behind',
    view: { destinations: [disk, s3, old] },
    level: 'stale',
    sentence: 'azure: a new snapshot is overdue (for 4 h); newest proved snapshot 12 min old, fresh at 2 of 3 destinations',
  },
  {
    what: 'half an interval late',
    view: { destinations: [destination('disk', { snapshots: hourly(2, 1.5 * HOUR_MS) })] },
    level: 'good',
    sentence: 'newest proved snapshot 1 h old, fresh at 1 of 1 destination',
  },
  {
    what: 'later than that',
    view: { destinations: [destination('disk', { snapshots: hourly(2, 1.5 * HOUR_MS + 1) })] },
    level: 'stale',
    sentence: 'disk: a new snapshot is overdue (for 30 min); newest proved snapshot 1 h old, fresh at 0 of 1 destination',
  },
  {
    what: 'a newest one nobody proved',
    view: { destinations: [destination('disk', { snapshots: [snapshot(0, { isProved: false }), snapshot(9 * HOUR_MS)] })] },
    level: 'stale',
    sentence: 'disk: a new snapshot is overdue (for 8 h); newest proved snapshot 9 h old, fresh at 0 of 1 destination',
  },
  {
    what: 'one from the future before old ones',
    view: { destinations: [destination('disk', { snapshots: [snapshot(-HOUR_MS), snapshot(9 * HOUR_MS)] })] },
    level: 'stale',
    sentence: 'disk: a new snapshot is overdue (for 8 h); newest proved snapshot 9 h old, fresh at 0 of 1 destination',
  },
  {
    what: 'destinations not looked at',
    view: { destinations: [destination('disk', { snapshots: undefined })], lastRound: undefined },
    level: 'waiting',
    sentence: 'no destination has been looked at yet',
  },
  {
    what: 'one not looked at',
    view: { destinations: [disk, destination('s3', { snapshots: undefined })] },
    level: 'waiting',
    sentence: 'newest proved snapshot 12 min old, fresh at 1 of 2 destinations',
  },
  {
    what: 'nothing there before the first round',
    view: { destinations: [destination('disk', { snapshots: [] })], schedules: [schedule({ lastAttemptAt: undefined })], lastRound: undefined },
    level: 'waiting',
    sentence: 'there is no proved snapshot yet, the first is still to come',
  },
  {
    what: 'nothing there in the first round',
    view: { destinations: [destination('disk', { snapshots: [] })], round: { id: 'r', startedAt: ago(1000) }, lastRound: undefined },
    level: 'waiting',
    sentence: 'there is no proved snapshot yet, the first is still to come',
  },
  {
    what: 'nothing there though the first round should have been',
    view: {
      destinations: [destination('disk', { snapshots: [] })],
      schedules: [schedule({ lastAttemptAt: undefined, nextAt: ago(HOUR_MS) })],
      lastRound: undefined,
    },
    level: 'stale',
    sentence: 'disk: no proved snapshot there; there is no proved snapshot',
  },
  {
    what: 'nothing there for a standby',
    view: { role: 'standby', destinations: [destination('disk', { snapshots: [] })] },
    level: 'stale',
    sentence: 'disk: no proved snapshot there; there is no proved snapshot',
  },
  {
    what: 'a sealed Vault before any round',
    view: { isSealed: true, role: 'unknown', lastRound: undefined },
    level: 'attention',
    sentence: `Vault is sealed; ${FRESH}`,
  },
  {
    what: 'a silent Vault',
    view: { isReachable: false, role: 'unknown', lastRound: undefined },
    level: 'attention',
    sentence: `Vault does not answer; ${FRESH}`,
  },
  {
    what: 'a Vault not asked yet',
    view: { isReachable: false, role: 'unknown', lastRound: undefined, schedules: [schedule({ lastAttemptAt: undefined })] },
    level: 'good',
    sentence: FRESH,
  },
  {
    what: 'a token near its end',
    view: { token: { expiresAt: ago(-5 * 60_000), lifetimeMs: HOUR_MS } },
    level: 'attention',
    sentence: `the token for Vault expires in 5 min; ${FRESH}`,
  },
  {
    what: 'an expired token',
    view: { token: { expiresAt: ago(60_000), lifetimeMs: HOUR_MS } },
    level: 'failing',
    sentence: `the token for Vault has expired (for 60 s); ${FRESH}`,
  },
  { what: 'a token without end', view: { token: { expiresAt: undefined, lifetimeMs: 0 } }, level: 'good', sentence: FRESH },
  { what: 'clocks apart', view: { clockSkewMs: -180_000 }, level: 'attention', sentence: `the clocks of Vault and this host are 3 min apart; ${FRESH}` },
  {
    what: 'a small spool',
    view: { spoolFreeBytes: 700_000_000 },
    level: 'attention',
    sentence: `only 700 MB are free for the spool, the last snapshot had 400 MB; ${FRESH}`,
  },
  {
    what: 'a snapshot much smaller than those before',
    view: { destinations: [destination('disk', { snapshots: [snapshot(60_000, { size: 400 }), snapshot(HOUR_MS, { size: 1000 })] })] },
    level: 'attention',
    sentence: 'disk: the newest snapshot has 400 B, one of the last week had 1.00 kB; newest proved snapshot 60 s old, fresh at 1 of 1 destination',
  },
  {
    what: 'one smaller than those of long ago',
    view: { destinations: [destination('disk', { snapshots: [snapshot(60_000, { size: 400 }), snapshot(8 * 24 * HOUR_MS, { size: 1000 })] })] },
    level: 'good',
    sentence: 'newest proved snapshot 60 s old, fresh at 1 of 1 destination',
  },
  {
    what: 'a stored copy that is damaged',
    view: {
      destinations: [
        destination('disk', { verification: { lastSuccessAt: undefined, failures: 1, trouble: { ...DENIED, message: 'x.snap: 3 bytes short' } } }),
      ],
    },
    level: 'failing',
    sentence: 'disk: a stored copy is not whole: x.snap: 3 bytes short (for 60 min); newest proved snapshot 12 min old, fresh at 1 of 1 destination',
  },
  {
    what: 'a prune that failed',
    view: { destinations: [destination('disk', { retention: { deleted: 0, errors: 1, trouble: { ...DENIED, message: 'no right to delete' } } })] },
    level: 'attention',
    sentence: 'disk: pruning failed: no right to delete (for 60 min); newest proved snapshot 12 min old, fresh at 1 of 1 destination',
  },
  {
    what: 'a drill that failed',
    view: { drill: { lastSuccessAt: undefined, lastSeconds: 0, failures: 1, lastLevel: undefined, trouble: { ...DENIED, message: 'no leader' } } },
    level: 'attention',
    sentence: `restore drill failed: no leader (for 60 min); ${FRESH}`,
  },
];

function failed(ageMs: number) {
  return round(ageMs, { outcome: 'failed', trouble: { at: ago(ageMs), code: 'vault_sealed', message: 'Vault is sealed', advice: 'unseal Vault' } });
}

describe('the verdict', () => {
  it.each(CASES)('on $what is $level', ({ view, level, sentence }) => {
    expect(judge(cluster(view), NOW)).toMatchObject({ level, sentence });
  });

  it('puts the worst first, and leaves out nothing', () => {
    const { concerns, word } = judge(cluster({ isSealed: true, lastRound: undefined, destinations: [old, { ...s3, trouble: DENIED }] }), NOW);
    expect(word).toBe('Failing');
    expect(concerns.map(({ level, destination: place }) => [level, place])).toEqual([
      ['failing', 's3'],
      ['stale', 'azure'],
      ['attention', undefined],
    ]);
  });

  it('tells of a sealed Vault once when the last round failed of it', () => {
    const { concerns } = judge(cluster({ isSealed: true, role: 'unknown', lastRound: failed(60_000) }), NOW);
    expect(concerns.map(({ what }) => what)).toEqual(['Vault is sealed']);
  });

  it('knows of a monthly snapshot that is too old for the timeline', () => {
    const archive = destination('archive', { snapshots: [], lastSuccessAt: ago(40 * 24 * HOUR_MS) });
    const verdict = judge(cluster({ destinations: [archive], schedules: [schedule({ intervalMs: 31 * 24 * HOUR_MS })] }), NOW);
    expect(verdict).toMatchObject({ level: 'good', sentence: 'newest proved snapshot 40 days old, fresh at 1 of 1 destination' });
  });

  it('judges a destination by its own schedule', () => {
    const weekly = destination('archive', { schedule: 'archive', snapshots: [snapshot(100 * HOUR_MS)] });
    const schedules = [schedule(), schedule({ name: 'archive', intervalMs: 168 * HOUR_MS })];
    expect(judge(cluster({ destinations: [disk, weekly], schedules }), NOW).level).toBe('good');
  });
});
