import type { Clock } from '../agent/clock.ts';
import { ERROR_CODES, type ErrorCode, toSnapshotError } from '../errors.ts';
import { exactNumber, type Manifest } from '../snapshot/manifest.ts';
import type { Proof } from '../snapshot/proof.ts';

/** How far a recovery has been shown to work, the least first. */
export type Level = 'none' | 'verified' | 'installed' | 'unsealed' | 'canary-read';

interface Step {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
}

/** The snapshot a command is about, as far as it is known. */
export interface RecoveredSnapshot {
  readonly key: string;
  readonly taken_at: string | null;
  readonly age_seconds: number | null;
  readonly cluster_id: string | null;
  readonly raft_index: number | string | null;
  readonly archive_sha256: string | null;
  readonly entries: number | null;
}

/** What every recovery command tells with --json, beside its own fields. Names are public (docs/restore.md). */
export interface RecoveryReport {
  readonly command: string;
  readonly outcome: 'ok' | 'failed';
  readonly level: Level;
  readonly exit_code: number;
  /** The step that failed. */
  readonly stage: string | null;
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly advice: string } | null;
  readonly run_id: string;
  readonly started_at: string;
  readonly duration_seconds: number;
  readonly destination: string | null;
  readonly snapshot: RecoveredSnapshot | null;
  readonly steps: readonly Step[];
  readonly warnings: readonly string[];
  readonly left_behind: readonly string[];
}

/** Keeps the account of one recovery command while it runs. */
export class Account {
  readonly warnings: string[] = [];
  /** What is still there after the end, whatever the end was. */
  readonly leftBehind: string[] = [];
  level: Level = 'none';
  destination: string | undefined;
  snapshot: RecoveredSnapshot | undefined;
  readonly runId: string;
  readonly #command: string;
  readonly #clock: Clock;
  readonly #startedAt: Date;
  readonly #steps: Step[] = [];
  #failedStep: string | undefined;

  constructor(command: string, runId: string, clock: Clock) {
    this.#command = command;
    this.runId = runId;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  /** Runs one step and notes how long it took; the first that fails is the stage of the failure. */
  async step<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const begun = this.#clock.now();
    const note = (ok: boolean) => this.#steps.push({ name, ok, seconds: this.#secondsSince(begun) });
    try {
      const result = await work();
      note(true);
      return result;
    } catch (error) {
      this.#failedStep ??= name;
      note(false);
      throw error;
    }
  }

  /** What is told at the end; `thrown` is what ended it, if anything did. */
  conclude(thrown?: unknown): RecoveryReport {
    const error = thrown === undefined ? undefined : toSnapshotError(thrown);
    return {
      command: this.#command,
      outcome: error === undefined ? 'ok' : 'failed',
      level: this.level,
      exit_code: error === undefined ? 0 : ERROR_CODES[error.code].exitCode,
      stage: error === undefined ? null : (this.#failedStep ?? this.#command),
      error: error === undefined ? null : { code: error.code, message: error.message, advice: error.advice },
      run_id: this.runId,
      started_at: this.#startedAt.toISOString(),
      duration_seconds: this.#secondsSince(this.#startedAt),
      destination: this.destination ?? null,
      snapshot: this.snapshot ?? null,
      steps: this.#steps,
      warnings: this.warnings,
      left_behind: this.leftBehind,
    };
  }

  #secondsSince(begun: Date): number {
    return Math.max(0, this.#clock.now().getTime() - begun.getTime()) / 1000;
  }
}

/** A snapshot as the report has it. */
export function describeSnapshot(
  key: string,
  facts: {
    readonly takenAt: Date | undefined;
    readonly manifest: Manifest | undefined;
    readonly proof?: Proof;
    readonly clusterId?: string | undefined;
  },
  now: Date,
): RecoveredSnapshot {
  const { takenAt, manifest, proof } = facts;
  return {
    key,
    taken_at: takenAt?.toISOString() ?? null,
    age_seconds: takenAt === undefined ? null : Math.round((now.getTime() - takenAt.getTime()) / 1000),
    cluster_id: manifest?.cluster_id ?? facts.clusterId ?? null,
    raft_index: proof ? exactNumber(proof.meta.index) : (manifest?.raft_index ?? null),
    archive_sha256: proof?.sha256 ?? manifest?.archive_sha256 ?? null,
    entries: proof?.entries ?? manifest?.entries ?? null,
  };
}

/** As an operator reads a failure: the stage, the thing, what happened; then what to do. */
export function renderFailure({ stage, error }: Pick<RecoveryReport, 'stage' | 'error'>): string {
  if (error === null) return '';
  // Some name their stage themselves: they are met elsewhere, too.
  const where = error.message.startsWith(`${stage}: `) ? '' : `${stage}: `;
  return `${where}${error.message} (${error.code})\nhint: ${error.advice}\n`;
}
