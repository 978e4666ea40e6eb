import { bytesOf } from '../observability/units.ts';
import type { Host } from './host.ts';
import { ageOf } from './units.ts';

// Whoever waits less long needs no sign of life.
const FIRST_MS = 1_000;
const BAR_EVERY_MS = 200;
const LINE_EVERY_MS = 10_000;
const BAR_WIDTH = 20;
const CLEAR = '\r\u001b[K';

type Screen = Pick<Host, 'err' | 'isStderrTerminal' | 'columns'>;

/** How far a long work is: a bar that moves on a terminal, else a plain line now and then. */
export class Progress {
  readonly #screen: Screen;
  readonly #say: (line: string) => void;
  readonly #now: () => number;
  #what = '';
  #startedMs = 0;
  #nextMs = 0;
  #isBarShown = false;

  /** `say` gets the lines where there is no terminal; `now` is in milliseconds, from any beginning. */
  constructor(screen: Screen, say: (line: string) => void, now: () => number) {
    this.#screen = screen;
    this.#say = say;
    this.#now = now;
  }

  /** Of a verb that reads. */
  static of(verb: string, host: Screen): Progress {
    return new Progress(
      host,
      (line) => host.err(`${verb}: ${line}\n`),
      () => performance.now(),
    );
  }

  /** So many bytes of it are done; `total` where anybody knows. */
  tell(what: string, bytes: number, total: number | undefined): void {
    const now = this.#now();
    if (what !== this.#what) this.#begin(what, now);
    if (now < this.#nextMs) return;
    const { isStderrTerminal } = this.#screen;
    this.#nextMs = now + (isStderrTerminal ? BAR_EVERY_MS : LINE_EVERY_MS);
    const rate = bytes / (now - this.#startedMs);
    const far = total === undefined || total === 0 ? bytesOf(bytes) : `${percentOf(bytes, total)}% of ${bytesOf(total)}`;
    const left = total === undefined || rate === 0 ? '' : `, ${timeLeft(Math.max(0, total - bytes) / rate)} left`;
    const text = `${far}, ${bytesOf(rate * 1000)}/s${left}`;
    if (isStderrTerminal) this.#show(total === undefined ? '' : bar(percentOf(bytes, total)), what, text);
    else this.#say(`${what}: ${text}`);
  }

  /** Takes the bar off the terminal; it comes back with what is told next. */
  hide(): void {
    if (this.#isBarShown) this.#screen.err(CLEAR);
    this.#isBarShown = false;
  }

  end(): void {
    this.hide();
    this.#what = '';
  }

  #begin(what: string, now: number): void {
    this.#what = what;
    this.#startedMs = now;
    this.#nextMs = now + (this.#screen.isStderrTerminal ? FIRST_MS : LINE_EVERY_MS);
  }

  /** In one line, however narrow: a second one would stay behind. The end of a name tells more than its beginning. */
  #show(front: string, what: string, text: string): void {
    const room = this.#screen.columns() - front.length - text.length - 3;
    const name = what.length <= room ? `${what}: ` : room > 1 ? `…${what.slice(1 - room)}: ` : '';
    this.#screen.err(`${CLEAR}${`${front}${name}${text}`.slice(0, this.#screen.columns() - 1)}`);
    this.#isBarShown = true;
  }
}

function percentOf(bytes: number, total: number): number {
  return total === 0 ? 0 : Math.floor(Math.min(1, bytes / total) * 100);
}

function timeLeft(ms: number): string {
  return ms < 120_000 ? `${Math.ceil(ms / 1000)}s` : ageOf(ms);
}

function bar(percent: number): string {
  const full = Math.floor((percent * BAR_WIDTH) / 100);
  return `[${'#'.repeat(full)}${' '.repeat(BAR_WIDTH - full)}] `;
}
