import type { SnapshotError } from '../errors.ts';
import { LONGEST_TIMER_MS } from '../snapshot/watchdog.ts';

/** Runs work under a signal that also aborts, with that error as its reason, when the time is up. */
export async function withDeadline<Result>(
  signal: AbortSignal,
  ms: number,
  makeError: () => SnapshotError,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(makeError()), Math.min(ms, LONGEST_TIMER_MS));
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}
