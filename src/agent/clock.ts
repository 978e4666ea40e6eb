/** Time as the agent sees it: passed in, so that ten years can go by in a test. */
export interface Clock {
  now(): Date;
  /** Resolves when the time has come or, on a clock that is set back, as late as was meant; at once when the signal aborts. Never rejects. */
  waitUntil(time: Date, signal: AbortSignal): Promise<void>;
}

/** Since then; never less than nothing, whatever became of the clock. */
export function elapsedMs(since: Date, clock: Pick<Clock, 'now'>): number {
  return Math.max(0, clock.now().getTime() - since.getTime());
}

// Looked at again this often: a timer neither sees the clock jump nor takes more than 2^31 ms.
const LOOK_AGAIN_MS = 30_000;

export const systemClock: Clock = {
  now: () => new Date(),
  async waitUntil(time, signal) {
    // Set back, the clock must not put off what was to come: a wait is never longer than it was meant to be.
    const longest = performance.now() + time.getTime() - Date.now();
    const left = () => Math.min(time.getTime() - Date.now(), longest - performance.now());
    for (let ms = left(); ms > 0 && !signal.aborted; ms = left()) await pause(Math.min(ms, LOOK_AGAIN_MS), signal);
  },
};

/** Resolves after that long, or at once when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
