import { SnapshotError, toSnapshotError } from '../../errors.ts';
import { delayAfter } from '../../storage/retry.ts';

/** One thing to send; `send` is called until it works or cannot. */
export interface Errand {
  send(signal: AbortSignal): Promise<void>;
  /** Once, however it ended; the error is why it did not work. */
  ended(error: SnapshotError | undefined): void;
}

export interface OutboxDeps {
  readonly random: () => number;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const MOST_WAITING = 20;
const MOST_RETRIES = 5;

/** Sends one errand after the other, so that a start never comes after its end; a slow address costs nobody else anything. */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #stopping = new AbortController();
  readonly #waiting: Errand[] = [];
  #work: Promise<void> | undefined;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** Returns at once. When too many wait, the oldest is given up. */
  put(errand: Errand): void {
    this.#waiting.push(errand);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift()?.ended(new SnapshotError('notify_failed', `${MOST_WAITING} newer ones wait already`));
    this.#work ??= this.#sendAll();
  }

  /** Gives what waits that long, then ends. */
  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#stopping.abort(), graceMs);
    await this.#work;
    clearTimeout(timer);
  }

  async #sendAll(): Promise<void> {
    // In another turn: whoever tells us something must not wait for the first lines of what it leads to.
    await Promise.resolve();
    for (let errand = this.#waiting.shift(); errand !== undefined; errand = this.#waiting.shift()) {
      errand.ended(await this.#deliver(errand));
    }
    this.#work = undefined;
  }

  /** What went wrong at last, if it did. */
  async #deliver(errand: Errand): Promise<SnapshotError | undefined> {
    const { signal } = this.#stopping;
    let last: SnapshotError | undefined;
    for (let failures = 0; failures <= MOST_RETRIES && !signal.aborted; failures++) {
      if (last !== undefined) await this.#deps.wait(Math.max(delayAfter(failures, this.#deps.random()), last.retryAfterMs), signal);
      if (signal.aborted) break;
      try {
        await errand.send(signal);
        return undefined;
      } catch (thrown) {
        const error = toSnapshotError(thrown);
        // That we ended says less than why it did not work before.
        if (!signal.aborted || last === undefined) last = error;
        if (!error.isRetryable) return last;
      }
    }
    return last ?? new SnapshotError('notify_failed', 'there was no time left to send it');
  }
}
