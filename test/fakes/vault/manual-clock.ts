import type { Clock } from '../../../src/agent/clock.ts';

/** Time that goes only when told. */
export class ManualClock implements Clock {
  #nowMs: number;
  #waits: { readonly untilMs: number; readonly done: () => void }[] = [];
  #tell = (): void => undefined;

  constructor(start = '2026-03-01T12:00:00Z') {
    this.#nowMs = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  waitUntil(time: Date, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wait = { untilMs: time.getTime(), done: resolve };
      this.#waits.push(wait);
      signal.addEventListener('abort', () => {
        this.#waits = this.#waits.filter((other) => other !== wait);
        resolve();
      });
      this.#tell();
    });
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  /** Resolves when somebody waits: all that could be done at this time is done. */
  async untilWaitedFor(): Promise<void> {
    while (this.#waits.length === 0) {
      await new Promise<void>((resolve) => {
        this.#tell = resolve;
      });
    }
  }

  /** Lets the time pass that somebody waits for, and tells how long it was. */
  async passWait(): Promise<number> {
    await this.untilWaitedFor();
    const wait = this.#waits.shift();
    if (wait === undefined) return 0;
    const ms = Math.max(0, wait.untilMs - this.#nowMs);
    this.#nowMs += ms;
    wait.done();
    return ms;
  }
}
