import type { Storage } from '../storage/contract.ts';
import { retrying } from '../storage/retry.ts';
import { pause } from './clock.ts';
import type { RoundDeps } from './deps.ts';

/** Tries again from the spool's first byte until it works, cannot work, or the round's deadline. */
export async function patiently<Result>(storage: Storage, deps: RoundDeps, signal: AbortSignal, attempt: () => Promise<Result>): Promise<Result> {
  return retrying(attempt, {
    signal,
    wait: pause,
    random: deps.random,
    onRetry: (error, delayMs) =>
      deps.log.warn(
        { event: 'upload_retry', destination: storage.name, code: error.code, error: error.message, delay_ms: delayMs },
        'destination failed, trying again',
      ),
  });
}
