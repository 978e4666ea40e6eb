import type { Clock } from '../../src/agent/clock.ts';

interface Sleeper {
  readonly untilMs: number;
  /** When it would wake if nobody touched the clock on the wall. */
  readonly steadyMs: number;
  readonly wake: () => void;
}

/** Time that goes only when told, and wakes one sleeper after the other, in the order of their times. */
export class FakeClock implements Clock {
  #wallMs: number;
  #steadyMs = 0;
  #sleepers: Sleeper[] = [];
  #fellAsleep = (): void => undefined;

  constructor(start = '2026-03-01T12:00:00Z') {
    this.#wallMs = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#wallMs);
  }

  waitUntil(time: Date, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper = { untilMs: time.getTime(), steadyMs: this.#steadyMs + time.getTime() - this.#wallMs, wake };
      signal.addEventListener('abort', wake);
      this.#sleepers.push(sleeper);
      this.#fellAsleep();
    });
  }

  /** Resolves once that many wait: all that could be done by now is done. */
  async untilAsleep(count: number): Promise<void> {
    while (this.#sleepers.length < count) {
      await new Promise<void>((resolve) => {
        this.#fellAsleep = resolve;
      });
    }
  }

  /** Lets time pass among that many sleepers: each wakes at its time, does what it has to, and sleeps again before the next. */
  async advance(ms: number, count = 1): Promise<void> {
    const endMs = this.#steadyMs + ms;
    for (;;) {
      await this.untilAsleep(count);
      const next = this.#sleepers.toSorted((a, b) => a.steadyMs - b.steadyMs)[0];
      if (next === undefined || next.steadyMs > endMs) break;
      this.pass(next.steadyMs - this.#steadyMs);
      next.wake();
    }
    this.pass(endMs - this.#steadyMs);
  }

  /** Somebody sets the clock: who waits for a time that is now past wakes, who waits for one that went away waits no longer than he meant to. */
  jump(ms: number): void {
    this.#wallMs += ms;
    for (const { untilMs, wake } of [...this.#sleepers]) if (untilMs <= this.#wallMs) wake();
  }

  /** Time goes by while somebody is at work. */
  pass(ms: number): void {
    this.#steadyMs += Math.max(0, ms);
    this.#wallMs += Math.max(0, ms);
  }
}
