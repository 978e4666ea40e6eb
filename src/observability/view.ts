import type { DeliveryState, StockedSnapshot, StockTotals, TimedStage } from '../agent/events.ts';
import type { Stage } from '../agent/report.ts';
import type { ErrorCode } from '../errors.ts';

/** A failure as it may be shown to anyone. */
export interface Trouble {
  readonly at: Date;
  readonly code: ErrorCode;
  readonly message: string;
  readonly advice: string;
}

/** How the process itself is. */
export interface ProgramView {
  readonly version: string;
  readonly commit: string;
  readonly nodeVersion: string;
  readonly host: string;
  readonly startedAt: Date;
  readonly configPath: string;
  readonly isLastReloadGood: boolean;
  readonly lastGoodReloadAt: Date;
}

/** Everything known of one cluster on this node: status, metrics and the page all say what stands here, and nothing else. */
export interface ClusterView {
  readonly name: string;
  readonly id: string | undefined;
  readonly vaultAddress: string;
  readonly vaultVersion: string | undefined;
  readonly isReachable: boolean;
  readonly isSealed: boolean;
  readonly clockSkewMs: number | undefined;
  readonly isTlsVerified: boolean;
  readonly role: 'leader' | 'standby' | 'unknown';
  readonly roleReason: string;
  readonly leaderChanges: number;
  readonly committedIndex: bigint | undefined;
  /** Canaries that could not be written. */
  readonly canaryFailures: number;
  readonly token: TokenView;
  readonly schedules: readonly ScheduleView[];
  /** The one in progress. */
  readonly round: { readonly id: string; readonly startedAt: Date } | undefined;
  readonly lastRound: RoundMark | undefined;
  readonly lastSnapshot: SnapshotFacts | undefined;
  /** Rounds of this node in the last 30 days, oldest first; standbys' are none. */
  readonly history: readonly RoundMark[];
  readonly failuresByStage: Readonly<Record<Stage, number>>;
  readonly durations: Readonly<Record<TimedStage, Histogram>>;
  readonly spoolBytes: number;
  readonly spoolFreeBytes: number | undefined;
  readonly destinations: readonly DestinationView[];
  readonly drill: {
    readonly lastSuccessAt: Date | undefined;
    /** Of that one. */
    readonly lastSeconds: number;
    readonly lastLevel: string | undefined;
    /** By this process. */
    readonly failures: number;
    /** Of the last one, whoever did it; undefined: it went well. */
    readonly trouble: Trouble | undefined;
  };
  readonly pings: { readonly success: number; readonly failure: number };
}

export interface TokenView {
  /** Undefined: never, or there is none. */
  readonly expiresAt: Date | undefined;
  readonly lifetimeMs: number;
}

export interface ScheduleView {
  readonly name: string;
  /** The longest time between two snapshots that it wants: at a weekend, one of working days is not late. */
  readonly intervalMs: number;
  readonly nextAt: Date | undefined;
  readonly lastAttemptAt: Date | undefined;
  /** Of any node: read back from the destinations. */
  readonly lastSuccessAt: Date | undefined;
  readonly lastSuccessIndex: number | string | undefined;
  readonly consecutiveFailures: number;
  readonly successes: number;
  readonly failures: number;
  readonly skipped: number;
}

export interface RoundMark {
  readonly id: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly outcome: 'taken' | 'partial' | 'failed';
  readonly missed: readonly string[];
  readonly trouble: Trouble | undefined;
  readonly location: string | undefined;
}

export interface SnapshotFacts {
  readonly name: string;
  readonly takenAt: Date;
  readonly size: number;
  readonly sha256: string;
  readonly index: number | string;
  readonly term: number | string;
  readonly entries: number;
  readonly keys: {
    readonly sealType: string;
    readonly fingerprint: string | undefined;
    /** Since when they are in use, as far as the snapshots tell. */
    readonly since: Date | undefined;
  };
}

/** Cumulative, as Prometheus wants them: `counts[i]` of those that took no longer than `BOUNDS_SECONDS[i]`. */
export interface Histogram {
  readonly counts: readonly number[];
  readonly count: number;
  readonly sumSeconds: number;
}

export const BOUNDS_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500] as const;

export interface DestinationView {
  readonly name: string;
  readonly kind: 'local' | 'aws' | 'gcp' | 'azure';
  /** Where its snapshots lie: a path or a URL. */
  readonly location: string;
  readonly schedule: string;
  /** False after a delivery there failed, until one works, whichever node's; and after a look, until the next. */
  readonly isUp: boolean;
  readonly state: DeliveryState;
  /** Uploaded in the round in progress. */
  readonly bytes: number;
  readonly lastSuccessAt: Date | undefined;
  readonly trouble: Trouble | undefined;
  readonly uploads: { readonly success: number; readonly failure: number; readonly bytes: number; readonly retries: number };
  readonly retention: { readonly deleted: number; readonly errors: number; readonly trouble: Trouble | undefined };
  readonly verification: { readonly lastSuccessAt: Date | undefined; readonly failures: number; readonly trouble: Trouble | undefined };
  /** Of the last 31 days, newest first, 2,000 at most. Undefined: not looked at yet. */
  readonly snapshots: readonly StockedSnapshot[] | undefined;
  /** Of all there are. Undefined: not looked at yet. */
  readonly totals: StockTotals | undefined;
}
