import type { StockedSnapshot, StockTotals } from '../agent/events.ts';
import type { Trouble } from './view.ts';

export interface DamagedCopy {
  readonly name: string;
  readonly trouble: Trouble;
  /** Undefined: too old to be listed. */
  readonly takenAt: Date | undefined;
}

/** The snapshots of one destination that were read back and are not whole. That another one is sound mends none of them. */
export class DamagedCopies {
  readonly #known = new Map<string, DamagedCopy>();

  /** The last one that was found, and how many there are besides. */
  get trouble(): Trouble | undefined {
    const last = [...this.#known.values()].at(-1)?.trouble;
    const others = this.#known.size - 1;
    return last && others > 0 ? { ...last, message: `${last.message}, and ${others} more like it` } : last;
  }

  get all(): readonly DamagedCopy[] {
    return [...this.#known.values()];
  }

  restore(copies: readonly DamagedCopy[]): void {
    for (const copy of copies) this.#known.set(copy.name, copy);
  }

  add(name: string, trouble: Trouble, listed: readonly StockedSnapshot[] = []): void {
    this.#known.delete(name);
    this.#known.set(name, { name, trouble, takenAt: listed.find((snapshot) => snapshot.name === name)?.takenAt });
  }

  mend(name: string): void {
    this.#known.delete(name);
  }

  /** Somebody may have removed one, or have put it right and proved it again. */
  compare(listed: readonly StockedSnapshot[], { count }: StockTotals): void {
    const oldest = listed.at(-1)?.takenAt;
    for (const [name, { trouble, takenAt }] of this.#known) {
      const found = listed.find((snapshot) => snapshot.name === name);
      const wouldBeListed = listed.length === count || (takenAt !== undefined && oldest !== undefined && takenAt >= oldest);
      const isMended = found?.verifiedAt !== undefined && found.verifiedAt > trouble.at;
      if (isMended || (found === undefined && wouldBeListed)) this.#known.delete(name);
    }
  }

  clear(): void {
    this.#known.clear();
  }
}
