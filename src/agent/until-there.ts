import { SnapshotError, toSnapshotError } from '../errors.ts';
import { type Content, findWhole, removeWrong, type Stored, unlessDenied, WrongObjectLeft } from '../snapshot/deliver.ts';
import type { Storage } from '../storage/contract.ts';
import type { ObjectKey } from '../storage/key.ts';
import { retrying } from '../storage/retry.ts';
import { pause } from './clock.ts';
import type { Course } from './course.ts';
import { withDeadline } from './deadline.ts';
import type { RoundDeps } from './deps.ts';

export interface Wanted {
  readonly storage: Storage;
  readonly key: ObjectKey;
  /** Is told of each try that failed. */
  readonly course: Course;
  /** What is to lie there; undefined as long as nothing of it can have been committed. */
  content(): Content | undefined;
  /** One try, from the first byte. */
  put(): Promise<Stored>;
}

/** Tries until the object is there whole, cannot be, or the signal. A commit that failed may have succeeded: each try looks first. */
export async function untilThere({ storage, key, course, content, put }: Wanted, deps: RoundDeps, signal: AbortSignal): Promise<Stored> {
  const { stallTimeoutMs } = deps.settings;
  const find = async () => {
    const wanted = content();
    if (wanted === undefined) return undefined;
    // Whoever may not look goes by what the commit answers: it refuses to replace what is there.
    const found = await unlessDenied(findWhole(storage, key, wanted, stallTimeoutMs, signal));
    return found instanceof SnapshotError ? undefined : found;
  };
  let isWrongLeft = false;
  const clear = async () => {
    if (!isWrongLeft) return;
    const silent = () => new SnapshotError('storage_unavailable', `no answer within ${stallTimeoutMs / 1000}s`);
    await withDeadline(signal, stallTimeoutMs, silent, (limited) => removeWrong(storage, key, `${storage.name}: ${key}: is not what was written`, limited));
    isWrongLeft = false;
  };
  const attempt = async () => {
    try {
      const found = await find();
      if (found !== undefined) return found;
      await clear();
      return await put();
    } catch (error) {
      if (error instanceof WrongObjectLeft) isWrongLeft = true;
      // The name may be taken by ourselves: an answer got lost, and the commit was sent again on the way.
      const taken = toSnapshotError(error).code === 'storage_exists' ? await find() : undefined;
      if (taken === undefined) throw error;
      return taken;
    }
  };
  return retrying(attempt, {
    signal,
    wait: pause,
    random: deps.random,
    onRetry: (error, delayMs) => course.retried(error, delayMs),
  });
}
