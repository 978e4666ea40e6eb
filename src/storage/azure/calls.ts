import { abortReason, SnapshotError } from '../../errors.ts';

/** What ends a request: whoever said stop, or a silence. */
export interface Limits {
  readonly signal: AbortSignal;
  /** Longest time in which nothing moves, connecting included. */
  readonly idleMs: number;
}

/**
 * One request, given up at the signal or after a silence. `moved` puts the end of patience off; without it this is the time for the whole.
 * The race is for what the SDK awaits without hearing a signal: tokens of an identity, bodies that stall.
 */
export async function request<Result>(limits: Limits, work: (signal: AbortSignal, moved: () => void) => Promise<Result>): Promise<Result> {
  throwIfAborted(limits.signal);
  const silence = new AbortController();
  const signal = AbortSignal.any([limits.signal, silence.signal]);
  const timer = setTimeout(() => silence.abort(new SnapshotError('storage_unavailable', `azure: silent for ${limits.idleMs / 1000}s`)), limits.idleMs);
  let giveUp = (): void => undefined;
  try {
    return await new Promise<Result>((resolve, reject) => {
      giveUp = () => reject(abortReason(signal));
      signal.addEventListener('abort', giveUp, { once: true });
      work(signal, () => void timer.refresh()).then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal);
}
