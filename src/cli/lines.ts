import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { abortReason } from '../errors.ts';

/** Reads a stream line by line, on demand: one that nobody asks a line of is never opened and keeps no process alive. */
export class Lines {
  readonly #open: () => Readable;
  #opened: { readonly input: Readable; readonly lines: AsyncIterator<string> } | undefined;

  constructor(open: () => Readable) {
    this.#open = open;
  }

  /** Undefined after the last one. */
  async next(signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) throw abortReason(signal);
    this.#opened ??= begin(this.#open());
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const { done, value } = await Promise.race([this.#opened.lines.next(), stopped]);
      return done ? undefined : value;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    this.#opened?.input.destroy();
  }
}

function begin(input: Readable) {
  return { input, lines: createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]() };
}
