import type { RoundReport } from '../../../src/agent/report.ts';
import { SnapshotError } from '../../../src/errors.ts';
import { type ClusterPlan, Ledger } from '../../../src/observability/ledger.ts';

export const NOON = Date.parse('2026-03-01T12:00:00Z');
export const DAY_MS = 86_400_000;
export const BROKEN = new SnapshotError('storage_unavailable', 'aws: away');
const SNAPSHOT = { name: 'a.snap', size: 1, sha256: 'ab', index: 1, term: 1, cluster_id: 'id', vault_version: '1.21.0' };

export const place = (name: string, schedule = 'default', location = `/${name}`) => ({ name, kind: 'local', location, schedule }) as const;

export function planOf(changes: Partial<ClusterPlan> = {}): ClusterPlan {
  return {
    name: undefined,
    vaultAddress: 'https://vault.example.com:8200',
    isTlsVerified: true,
    destinations: [place('aws'), place('disk')],
    schedules: [{ name: 'default', intervalMs: 3_600_000 }],
    vitals: () => ({ token: { expiresAt: undefined, lifetimeMs: 0 }, clockSkewMs: undefined }),
    ...changes,
  };
}

export function aLedger(plan = planOf()) {
  let nowMs = NOON;
  const ledger = new Ledger(plan, () => new Date(nowMs));
  const pass = (ms: number) => {
    nowMs += ms;
  };
  const endRound = (roundId: string, report: RoundReport) => ledger.tell({ kind: 'round_ended', roundId, schedules: ['default'], report });
  return { ledger, pass, endRound };
}

const deliveredTo = (...names: readonly string[]) =>
  names.map((destination) => ({ destination, location: `/${destination}/a.snap`, key: 'a.snap', size: 1, ms: 1 }));
export const TAKEN: RoundReport = { outcome: 'taken', snapshot: SNAPSHOT, delivered: deliveredTo('aws', 'disk'), missed: [], pruned: [] };
export const FAILED: RoundReport = { outcome: 'failed', stage: 'drain', error: new SnapshotError('vault_cut', 'vault: cut'), missed: [] };
