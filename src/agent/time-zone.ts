const HOUR_MS = 3_600_000;
/** Clocks of the world are at most 14 hours ahead, and 12 behind. */
const WINDOW_MS = 15 * HOUR_MS;

/** A moment at which the clocks of a zone are changed. Offsets are what they are ahead by, in milliseconds. */
export interface Change {
  readonly atMs: number;
  readonly before: number;
  readonly after: number;
}

/** The clocks on the wall of a zone. What they show is written as if it were UTC, in milliseconds. */
export class TimeZone {
  readonly #format: Intl.DateTimeFormat;

  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  }

  shownAt(atMs: number): number {
    return atMs + this.#offset(atMs);
  }

  /** The first moment at which they show that, or more: what they leave out comes when they are put forward, what comes twice comes the first time. */
  firstShowing(shownMs: number): number {
    const change = this.#changeBetween(shownMs - WINDOW_MS, shownMs + WINDOW_MS);
    if ('offset' in change) return shownMs - change.offset;
    const early = shownMs - change.before;
    return early < change.atMs ? early : Math.max(change.atMs, shownMs - change.after);
  }

  /** The change that makes them show the same twice, if this moment is one of the two. */
  repeatAround(atMs: number): Change | undefined {
    const change = this.#changeBetween(atMs - WINDOW_MS, atMs + WINDOW_MS);
    if ('offset' in change) return undefined;
    const lengthMs = change.before - change.after;
    return change.atMs - lengthMs <= atMs && atMs < change.atMs + lengthMs ? change : undefined;
  }

  /** No zone changes its clocks twice within a day. */
  #changeBetween(fromMs: number, toMs: number): Change | { readonly offset: number } {
    const [before, after] = [this.#offset(fromMs), this.#offset(toMs)];
    if (before === after) return { offset: before };
    let [early, late] = [fromMs, toMs];
    while (late - early > 1) {
      const middle = Math.floor((early + late) / 2);
      if (this.#offset(middle) === before) early = middle;
      else late = middle;
    }
    return { atMs: late, before, after };
  }

  #offset(atMs: number): number {
    const [, sign, hours, minutes, seconds = '0'] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(this.#format.format(atMs)) ?? [];
    const ahead = ((Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -ahead : ahead;
  }
}
