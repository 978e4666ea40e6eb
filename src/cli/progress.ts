import type { Host } from './host.ts';
import { sizeOf } from './units.ts';

// Whoever waits less long needs no sign of life.
const FIRST_MS = 1_000;
const BAR_EVERY_MS = 200;
const LINE_EVERY_MS = 10_000;
const BAR_WIDTH = 24;
const CLEAR = '\r\u001b[K';

/** How far a long reading is: a bar that moves on a terminal, else a plain line now and then. */
export class Progress {
  readonly #host: Pick<Host, 'err' | 'isStderrTerminal'>;
  readonly #verb: string;
  readonly #now: () => number;
  #what = '';
  #startedMs = 0;
  #nextMs = 0;
  #isBarShown = false;

  /** `now` in milliseconds, from any beginning. */
  constructor(host: Pick<Host, 'err' | 'isStderrTerminal'>, verb: string, now: () => number) {
    this.#host = host;
    this.#verb = verb;
    this.#now = now;
  }

  /** So many bytes of it have been read; `total` where anybody knows. */
  tell(what: string, bytes: number, total: number | undefined): void {
    const now = this.#now();
    if (what !== this.#what) this.#begin(what, now);
    if (now < this.#nextMs) return;
    const { isStderrTerminal } = this.#host;
    this.#nextMs = now + (isStderrTerminal ? BAR_EVERY_MS : LINE_EVERY_MS);
    const rate = bytes / (now - this.#startedMs);
    const share = total === undefined || total === 0 ? undefined : Math.min(1, bytes / total);
    const far = share === undefined ? sizeOf(bytes) : `${Math.floor(share * 100)}% of ${sizeOf(total ?? 0)}`;
    const left = total === undefined ? '' : `, ${Math.ceil(Math.max(0, total - bytes) / rate / 1000)}s left`;
    const text = `${far}, ${sizeOf(rate * 1000)}/s${left}`;
    this.#host.err(isStderrTerminal ? `${CLEAR}${bar(share)}${what}: ${text}` : `${this.#verb}: ${what}: ${text}\n`);
    this.#isBarShown = isStderrTerminal;
  }

  /** Takes the bar off the terminal. */
  end(): void {
    if (this.#isBarShown) this.#host.err(CLEAR);
    this.#isBarShown = false;
    this.#what = '';
  }

  #begin(what: string, now: number): void {
    this.#what = what;
    this.#startedMs = now;
    this.#nextMs = now + (this.#host.isStderrTerminal ? FIRST_MS : LINE_EVERY_MS);
  }
}

function bar(share: number | undefined): string {
  if (share === undefined) return '';
  const full = Math.floor(share * BAR_WIDTH);
  return `[${'#'.repeat(full)}${' '.repeat(BAR_WIDTH - full)}] `;
}
