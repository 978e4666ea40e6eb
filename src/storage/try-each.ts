import { abortReason, toSnapshotError } from '../errors.ts';
import type { KeyError, ObjectKey } from './key.ts';

// Enough to hide the way to a distant store, few enough for a small one.
const AT_ONCE = 16;

/** The work for each key once, several at a time; what fails is told, the rest goes on. Rejects only when the signal says so. */
export async function tryEach(keys: readonly ObjectKey[], work: (key: ObjectKey) => Promise<void>, signal: AbortSignal): Promise<readonly KeyError[]> {
  const errors: KeyError[] = [];
  // One iterator for all workers: each takes the next key that nobody has.
  const next = keys.values();
  const worker = async () => {
    for (const key of next) {
      try {
        await work(key);
      } catch (error) {
        if (signal.aborted) throw abortReason(signal);
        errors.push({ key, error: toSnapshotError(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return errors;
}
