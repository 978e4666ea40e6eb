/** A longer timer would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Ends work that makes no progress: a signal for those who listen, a rejection for those who do not. */
export class Watchdog {
  /** Aborts when the outer signal does, or when a step took too long. */
  readonly signal: AbortSignal;
  readonly #stall = new AbortController();
  readonly #limitMs: number;
  readonly #makeError: () => Error;

  constructor(outer: AbortSignal, limitMs: number, makeError: () => Error) {
    this.#limitMs = limitMs;
    this.#makeError = makeError;
    this.signal = AbortSignal.any([outer, this.#stall.signal]);
  }

  /** Passes on what comes, as long as each part of it comes in time. */
  async *each<Part>(parts: AsyncIterable<Part>): AsyncGenerator<Part, void, undefined> {
    const iterator = parts[Symbol.asyncIterator]();
    try {
      for (let next = await this.watch(() => iterator.next()); !next.done; next = await this.watch(() => iterator.next())) yield next.value;
    } finally {
      // Whoever stops early lets go of what is read. Not waited for: the step under way may hang for ever.
      iterator.return?.().then(undefined, () => undefined);
    }
  }

  /** Runs one step under the watch. A step that hears no signal is left behind, so that its hang holds nobody up. */
  async watch<Result>(step: () => Promise<Result>, extraMs = 0): Promise<Result> {
    this.signal.throwIfAborted();
    const timer = setTimeout(() => this.#stall.abort(this.#makeError()), Math.min(this.#limitMs + extraMs, LONGEST_TIMER_MS));
    let giveUp = (): void => undefined;
    try {
      // A listener of its own per step, taken off again: racing one long-lived promise would keep every step in memory.
      return await new Promise<Result>((resolve, reject) => {
        giveUp = () => reject(this.signal.reason);
        this.signal.addEventListener('abort', giveUp, { once: true });
        step().then(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
      this.signal.removeEventListener('abort', giveUp);
    }
  }
}
