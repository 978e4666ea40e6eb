import { SnapshotError } from '../../errors.ts';
import type { Log } from '../../observability/contract.ts';
import type { Pending } from '../contract.ts';

/** Small enough to be written twice: a manifest, or what "check" writes. */
const SMALL_BYTES = 64 * 1024;

/**
 * Whether the store heeds "only if nothing is there". It is tried once, by writing a small object that was just written a
 * second time: that is refused, or it changes nothing but the object's time.
 */
export class Conditions {
  readonly #name: string;
  readonly #log: Log;
  #isKnown = false;

  constructor(name: string, log: Log) {
    this.#name = name;
    this.#log = log;
  }

  wants(size: number): boolean {
    return !this.#isKnown && size <= SMALL_BYTES;
  }

  /** Never rejects: the object itself is committed already. What could not be told now is tried with the next one. */
  async tryOut(bytes: Uint8Array, openAgain: () => Promise<Pending>): Promise<void> {
    this.#isKnown = true;
    try {
      const pending = await openAgain();
      try {
        await pending.write(bytes);
        await pending.commit();
        const fields = { event: 'storage_unconditional', destination: this.#name };
        this.#log.warn(fields, 'this store ignores conditions: only a look before each commit keeps an object from being replaced');
      } finally {
        await pending.abort();
      }
    } catch (error) {
      this.#isKnown = error instanceof SnapshotError && error.code === 'storage_exists';
    }
  }
}
