import { abortReason, toSnapshotError } from '../errors.ts';
import type { Storage } from '../storage/contract.ts';
import type { ObjectKey } from '../storage/key.ts';
import type { KeyError } from './appraise.ts';
import { inParallel } from './in-parallel.ts';

/** Deletes all it can and tells what refused. Rejects only when the signal says so. */
export async function deleteKeys(storage: Storage, keys: readonly ObjectKey[], signal: AbortSignal): Promise<readonly KeyError[]> {
  const refusals: KeyError[] = [];
  await inParallel(keys.values(), async (key) => {
    try {
      await storage.delete(key, signal);
    } catch (error) {
      if (signal.aborted) throw abortReason(signal);
      refusals.push({ key, error: toSnapshotError(error) });
    }
  });
  return refusals;
}
