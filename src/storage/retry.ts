import { SnapshotError } from '../errors.ts';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;

/** How long to wait after that many failures in a row: doubling up to a minute, at least half of it, so that many agents spread out. */
export function delayAfter(failures: number, random: number): number {
  const ceiling = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 30), LONGEST_DELAY_MS);
  return Math.round(ceiling * (0.5 + random / 2));
}

export interface Retrying {
  readonly signal: AbortSignal;
  /** Resolves after that long, or as soon as the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** 0 to 1. */
  random(): number;
  onRetry(error: SnapshotError, delayMs: number): void;
}

/** Tries until it works, until waiting cannot help, or until the signal; then throws what went wrong, not that time ran out. */
export async function retrying<Result>(operation: () => Promise<Result>, { signal, wait, random, onRetry }: Retrying): Promise<Result> {
  let last: SnapshotError | undefined;
  for (let failures = 1; ; failures++) {
    try {
      return await operation();
    } catch (error) {
      if (signal.aborted) throw last ?? error;
      if (!(error instanceof SnapshotError && error.isRetryable)) throw error;
      last = error;
    }
    const delayMs = Math.max(delayAfter(failures, random()), last.retryAfterMs);
    onRetry(last, delayMs);
    await wait(delayMs, signal);
    if (signal.aborted) throw last;
  }
}
