import type { SnapshotError } from '../errors.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import type { RoundReport, Stage } from './report.ts';

/** The steps whose time is worth knowing; `drain` is how long Vault was held. */
export type TimedStage = 'drain' | 'upload' | 'commit' | 'readback' | 'prune';

export type DeliveryState = 'waiting' | 'tailing' | 'committing' | 'delivered' | 'missed';

/** One snapshot as a listing and its manifest tell of it. */
export interface StockedSnapshot {
  readonly name: string;
  readonly takenAt: Date;
  readonly size: number;
  readonly isProved: boolean;
  /** Of the state that a restore gave up: it counts for no fresh one. */
  readonly isSafety?: true;
  /** When it was last read back and proved again. */
  readonly verifiedAt: Date | undefined;
}

/** All that is there of this cluster, however old. */
export interface StockTotals {
  readonly count: number;
  readonly bytes: number;
  readonly newestAt: Date | undefined;
  readonly oldestAt: Date | undefined;
  /** When any of them was last read back and proved again. */
  readonly verifiedAt: Date | undefined;
}

/** What happens to one cluster, as it happens. */
export type AgentEvent =
  | { readonly kind: 'leadership'; readonly role: 'leader' | 'standby'; readonly reason: string; readonly appliedIndex: bigint | undefined }
  /** Nobody could tell who leads: Vault is sealed, away, or without a leader. */
  | { readonly kind: 'leadership_unknown'; readonly error: SnapshotError }
  /** What Vault says of itself. */
  | { readonly kind: 'cluster'; readonly id: string; readonly name: string; readonly version: string }
  | { readonly kind: 'round_began'; readonly roundId: string; readonly destinations: readonly string[]; readonly schedules: readonly string[] }
  /** Of the whole spool, while it grows; 0 when it is gone. */
  | { readonly kind: 'spool'; readonly bytes: number }
  | { readonly kind: 'spool_room'; readonly freeBytes: number }
  | { readonly kind: 'delivery'; readonly destination: string; readonly state: DeliveryState; readonly bytes: number }
  /** This destination does not have the snapshot of this round. */
  | { readonly kind: 'missed'; readonly destination: string; readonly stage: Stage; readonly error: SnapshotError }
  | { readonly kind: 'upload_retried'; readonly destination: string; readonly error: SnapshotError }
  | { readonly kind: 'stage_ended'; readonly stage: TimedStage; readonly ms: number }
  /** Every round on the leader, and every turn in which nobody could tell who leads. */
  | { readonly kind: 'round_ended'; readonly roundId: string; readonly schedules: readonly string[]; readonly report: RoundReport }
  | { readonly kind: 'ticks_skipped'; readonly schedule: string; readonly count: number }
  | { readonly kind: 'next_round'; readonly schedule: string; readonly at: Date }
  | { readonly kind: 'destination_up'; readonly destination: string; readonly error: SnapshotError | undefined }
  /** The newest proved one there; undefined: there is none. */
  | { readonly kind: 'newest'; readonly destination: string; readonly manifest: Manifest | undefined }
  /** The last 31 days of it, newest first and 2,000 at most, and the totals of all. */
  | { readonly kind: 'stock'; readonly destination: string; readonly snapshots: readonly StockedSnapshot[]; readonly totals: StockTotals }
  /** A prune came to its end. `frozen`: why nothing is deleted until somebody clears it up. */
  | { readonly kind: 'pruned'; readonly destination: string; readonly count: number; readonly frozen: string | undefined }
  | { readonly kind: 'prune_failed'; readonly destination: string; readonly error: SnapshotError }
  /** A stored copy was read back in full. */
  | { readonly kind: 'verified'; readonly destination: string; readonly name: string; readonly error: SnapshotError | undefined }
  /** A record of a drill, by whomever. */
  | { readonly kind: 'drill_found'; readonly at: Date; readonly level: string; readonly seconds: number; readonly error: SnapshotError | undefined }
  | { readonly kind: 'drilled'; readonly level: string; readonly seconds: number; readonly error: SnapshotError | undefined }
  /** A canary was to be written into Vault before a snapshot. */
  | { readonly kind: 'canary'; readonly error: SnapshotError | undefined }
  /** A dead man's switch was told of a round, or could not be. */
  | { readonly kind: 'pinged'; readonly ok: boolean };

/** Hears of each event in the turn it happens. Never throws, answers nothing, holds nothing up. */
export type Tell = (event: AgentEvent) => void;
