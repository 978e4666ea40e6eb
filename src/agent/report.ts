import { ERROR_CODES, type ErrorCode, type SnapshotError } from '../errors.ts';
import { exactNumber } from '../snapshot/manifest.ts';
import type { Proof } from '../snapshot/proof.ts';
import type { ClusterFacts } from '../vault/contract.ts';

export interface ReportedSnapshot {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly index: number | string;
  readonly term: number | string;
  readonly cluster_id: string;
  readonly vault_version: string;
}

export interface Delivered {
  readonly destination: string;
  readonly location: string;
  readonly key: string;
  readonly size: number;
  readonly ms: number;
  /** Only where it is so: the credentials may not read, so nobody has compared it with what was sent. */
  readonly read_back?: false;
}

export interface Missed {
  readonly destination: string;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface Pruned {
  readonly destination: string;
  readonly key: string;
  readonly reason: string;
}

/** Where a round failed; the names are those of the failure counter. */
export type Stage = 'leadership' | 'auth' | 'drain' | 'spool' | 'verify' | 'upload' | 'commit' | 'readback' | 'manifest';

/** How one round ended. */
export type RoundReport =
  | { readonly outcome: 'standby'; readonly reason: string }
  /** Every destination has what it is to have: only a daemon's early look ends so. */
  | { readonly outcome: 'not_due' }
  | {
      readonly outcome: 'failed';
      readonly stage: Stage;
      readonly error: SnapshotError;
      readonly snapshot?: ReportedSnapshot;
      readonly missed: readonly Missed[];
    }
  | {
      readonly outcome: 'taken' | 'partial';
      readonly snapshot: ReportedSnapshot;
      readonly delivered: readonly Delivered[];
      readonly missed: readonly Missed[];
      readonly pruned: readonly Pruned[];
    };

export function reportSnapshot(proof: Proof, facts: ClusterFacts, name: string): ReportedSnapshot {
  return {
    name,
    size: proof.bytes,
    sha256: proof.sha256,
    index: exactNumber(proof.meta.index),
    term: exactNumber(proof.meta.term),
    cluster_id: facts.clusterId,
    vault_version: facts.version,
  };
}

/** What `--once` exits with: partial has its own code, a failed round that of its first cause. */
export function exitCodeOf(report: RoundReport): number {
  if (report.outcome === 'partial') return ERROR_CODES.partial.exitCode;
  return report.outcome === 'failed' ? report.error.exitCode : 0;
}

/** The public form of a report: what `--once --json` prints. */
export function renderReport(report: RoundReport): string {
  const { outcome } = report;
  const lists = { delivered: [], missed: [], pruned: [] };
  if (outcome === 'standby') return JSON.stringify({ outcome, ...lists, message: report.reason });
  if (outcome === 'not_due') return JSON.stringify({ outcome, ...lists });
  if (outcome === 'failed') {
    const { snapshot, missed, error } = report;
    return JSON.stringify({ outcome, snapshot, ...lists, missed, code: error.code, message: error.message });
  }
  const { snapshot, delivered, missed, pruned } = report;
  return JSON.stringify({ outcome, snapshot, delivered, missed, pruned });
}

const STAGES: readonly (readonly [RegExp, Stage])[] = [
  [/^archive_/, 'verify'],
  [/^(vault_denied|vault_login_failed|secret_unavailable)$/, 'auth'],
  [/^spool_/, 'spool'],
  [/^storage_/, 'upload'],
];

/** Where a round failed before its snapshot was on its way to any destination. */
export function stageOf(code: ErrorCode): Stage {
  return STAGES.find(([pattern]) => pattern.test(code))?.[1] ?? 'drain';
}
