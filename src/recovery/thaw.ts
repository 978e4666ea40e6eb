import type { Clock } from '../agent/clock.ts';
import type { Destination } from '../agent/destination.ts';
import { abortReason, SnapshotError } from '../errors.ts';
import type { Storage } from '../storage/contract.ts';
import type { ObjectKey } from '../storage/key.ts';

const FIRST_LOOK_MS = 1_000;
const LAST_LOOK_MS = 60_000;

/** The same destination, but what cannot be read for the cold is asked for: that is `object_thawing` until it is there. */
export function thawing(destination: Destination): Destination {
  const storage = new Proxy(destination.storage, {
    get(target, name) {
      if (name === 'read') return (key: ObjectKey, signal: AbortSignal) => readThawed(target, key, signal);
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { ...destination, storage };
}

async function* readThawed(storage: Storage, key: ObjectKey, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* storage.read(key, signal);
    return;
  } catch (error) {
    if (!(error instanceof SnapshotError && error.code === 'object_cold')) throw error;
    const state = await storage.thaw?.(key, signal);
    if (state === undefined) throw error;
    if (!state.isWarm) throw new SnapshotError('object_thawing', `${storage.name}: ${key}: asked for; it takes ${state.takes}`, { cause: error });
  }
  yield* storage.read(key, signal);
}

export interface ThawPatience {
  readonly waitMs: number;
  readonly clock: Clock;
  /** Hears once that it has to wait. */
  onWait(error: SnapshotError): void;
}

/** Does it again until nothing it reads is on its way any more, or patience ends. */
export async function untilThawed<Result>(work: () => Promise<Result>, { waitMs, clock, onWait }: ThawPatience, signal: AbortSignal): Promise<Result> {
  const endMs = clock.now().getTime() + waitMs;
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, LAST_LOOK_MS)) {
    try {
      return await work();
    } catch (error) {
      const nextMs = clock.now().getTime() + pauseMs;
      if (!(error instanceof SnapshotError && error.code === 'object_thawing') || nextMs > endMs) throw error;
      if (pauseMs === FIRST_LOOK_MS) onWait(error);
      await clock.waitUntil(new Date(nextMs), signal);
      if (signal.aborted) throw abortReason(signal);
    }
  }
}
