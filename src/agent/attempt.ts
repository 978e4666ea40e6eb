import { SnapshotError, toSnapshotError } from '../errors.ts';
import { withDeadline } from './deadline.ts';
import type { RoundDeps } from './deps.ts';

/** Work that no round depends on: a failure is told and given back, and rounds go on. Cut off by the signal, it has not failed. */
export async function attempt(
  { log }: RoundDeps,
  what: string,
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<SnapshotError | undefined> {
  const silent = () => new SnapshotError('storage_unavailable', `${what}: no end within ${limitMs / 1000}s`);
  try {
    await withDeadline(signal, limitMs, silent, work);
    return undefined;
  } catch (thrown) {
    if (signal.aborted) return undefined;
    const error = toSnapshotError(thrown);
    const { code, message, advice } = error;
    log.warn({ event: 'look_failed', what, code, error: message, advice }, 'could not look at what is there');
    return error;
  }
}
