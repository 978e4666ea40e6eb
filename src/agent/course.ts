import type { SnapshotError } from '../errors.ts';
import type { Step, Steps } from '../snapshot/deliver.ts';
import { elapsedMs } from './clock.ts';
import type { RoundDeps } from './deps.ts';
import type { DeliveryState } from './events.ts';

/** One delivery under way: how far it is, for those who watch, and where it was when it failed. */
export class Course implements Steps {
  readonly #destination: string;
  readonly #deps: RoundDeps;
  #stage: Step | 'manifest' = 'upload';
  /** Undefined: no step is under way whose time would tell anything. */
  #since: Date | undefined;
  #bytes = 0;
  #hasFailed = false;

  constructor(destination: string, deps: RoundDeps) {
    this.#destination = destination;
    this.#deps = deps;
  }

  get stage(): Step | 'manifest' {
    return this.#stage;
  }

  enter(stage: Step | 'manifest'): void {
    this.#endStep();
    this.#stage = stage;
    this.#since = this.#deps.clock.now();
    if (stage === 'upload') this.#bytes = 0;
    this.#tellState(stage === 'upload' ? 'tailing' : 'committing');
  }

  sent(bytes: number): void {
    this.#bytes = bytes;
    this.#tellState('tailing');
  }

  delivered(bytes: number): void {
    this.#bytes = bytes;
    this.#tellState('delivered');
  }

  /** A destination that fails over and over is worth one line in each round. */
  retried(error: SnapshotError, delayMs: number): void {
    const { tell, log, progress } = this.#deps;
    this.#since = undefined;
    progress?.moved(delayMs);
    tell({ kind: 'upload_retried', destination: this.#destination, error });
    const fields = { event: 'upload_retry', destination: this.#destination, code: error.code, error: error.message, delay_ms: delayMs };
    log[this.#hasFailed ? 'debug' : 'warn'](fields, 'destination failed, trying again');
    this.#hasFailed = true;
  }

  #endStep(): void {
    const { tell, clock } = this.#deps;
    if (this.#since === undefined || this.#stage === 'manifest') return;
    tell({ kind: 'stage_ended', stage: this.#stage, ms: elapsedMs(this.#since, clock) });
  }

  #tellState(state: DeliveryState): void {
    this.#deps.tell({ kind: 'delivery', destination: this.#destination, state, bytes: this.#bytes });
  }
}
