import type { RoundReport } from './report.ts';

// A sync, the joining of parts and a read-back go over a whole object without a sign of life: at this pace, they live.
const SLOWEST_BYTES_PER_MS = 10_000;
// Longer than the longest wait that ends by itself: ten minutes for the first byte of a Vault that is busy.
const LONGEST_QUIET_MS = 15 * 60_000;
// A timer that is this late does not run any more.
const LATE_MS = 60_000;

export interface ProgressDeps {
  /** Of a clock that nobody sets. */
  readonly nowMs: () => number;
  readonly stallTimeoutMs: number;
  /** Hears in one line how it goes, whenever that changes. */
  readonly say: (status: string) => void;
}

/** How the agent gets on, for whoever watches over the process: it rests until a time to come, or something has moved not long ago. */
export class Progress {
  readonly #deps: ProgressDeps;
  #untilMs = 0;
  #lastWord = '';

  constructor(deps: ProgressDeps) {
    this.#deps = deps;
    this.awake();
  }

  /** False once nothing has happened for so long that nothing will. */
  get isMade(): boolean {
    return this.#deps.nowMs() < this.#untilMs;
  }

  /** Something moved. `quietMs`: it is known to be still for that long. */
  moved(quietMs = 0): void {
    this.#untilMs = Math.max(this.#untilMs, this.#quietFrom() + quietMs);
  }

  /** What may be done with that many bytes in one silent step has its time. */
  movedBytes(bytes: number): void {
    this.moved(bytes / SLOWEST_BYTES_PER_MS);
  }

  /** The rest is over: from now on something is to move. */
  awake(): void {
    this.#untilMs = this.#quietFrom();
  }

  taking(): void {
    this.#deps.say('taking a snapshot');
  }

  ended(report: RoundReport): void {
    if (report.outcome !== 'not_due') this.#lastWord = wordOn(report);
  }

  resting(now: Date, next: Date): void {
    this.#untilMs = this.#deps.nowMs() + Math.max(0, next.getTime() - now.getTime()) + LATE_MS;
    const word = this.#lastWord === '' ? 'no snapshot is due' : this.#lastWord;
    this.#deps.say(`${word}; next look at ${next.toISOString()}`);
  }

  #quietFrom(): number {
    return this.#deps.nowMs() + LONGEST_QUIET_MS + this.#deps.stallTimeoutMs;
  }
}

function wordOn(report: Exclude<RoundReport, { outcome: 'not_due' }>): string {
  switch (report.outcome) {
    case 'standby':
      return `standby: ${report.reason}`;
    case 'failed':
      return `no snapshot (${report.error.code}): ${report.error.message}`;
    case 'taken':
      return `took ${report.snapshot.name}`;
    case 'partial':
      return `took ${report.snapshot.name}, but not to ${report.missed.map(({ destination }) => destination).join(', ')}`;
  }
}
