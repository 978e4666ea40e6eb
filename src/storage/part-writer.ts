import { abortReason } from '../errors.ts';

const MIB = 1024 * 1024;
/** The least S3 takes: each upload always has one, and the memory of a round is what they add up to. */
const SMALLEST_PART_BYTES = 5 * MIB;
const LARGEST_PART_BYTES = 5 * 1024 * MIB;
/** What S3 allows; Azure allows five times as many. */
const MOST_PARTS = 10_000;
/** Part sizes double each time this many parts are full: 10,000 parts then hold more than 5 TiB, whatever the guess was. */
const PARTS_PER_SIZE = 900;

/** Memory for parts, shared by all uploads of the process: one for each that may always have one, and so much beyond. */
export class PartBudget {
  #left: number;
  #lent = 0;
  /** Used again: what is thrown away is gone only when the garbage collector finds it, and parts are large. */
  #spare: Buffer[] = [];

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** The one that an upload may always have. */
  takeOwn(size: number): Buffer {
    this.#lent++;
    const at = this.#spare.findIndex(({ length }) => length === size);
    const [again] = at < 0 ? [] : this.#spare.splice(at, 1);
    // Of other sizes than are wanted now.
    if (again === undefined) this.#spare = [];
    return again ?? Buffer.allocUnsafeSlow(size);
  }

  /** One more. Never waits: an upload that hangs on to its parts must not hold another one up. */
  tryTake(size: number): Buffer | undefined {
    if (size > this.#left) return undefined;
    this.#left -= size;
    return this.takeOwn(size);
  }

  giveBack(part: Buffer): void {
    this.#left += part.length;
    this.giveBackOwn(part);
  }

  giveBackOwn(part: Buffer): void {
    this.#lent--;
    // Between the rounds nothing is kept.
    if (this.#lent === 0) this.#spare = [];
    else this.#spare.push(part);
  }
}

export interface PartWriterOptions {
  /** Expected size of the whole; 0 if nobody knows. */
  readonly sizeGuess: number;
  /** Most parts under way at once. */
  readonly concurrency: number;
  readonly budget: PartBudget;
  readonly signal: AbortSignal;
  /** Sends one part, numbered from 1; the bytes are its own until it settles. */
  send(part: Buffer, number: number): Promise<void>;
}

/** Cuts a stream of chunks into parts and sends a few at once, in memory that does not grow with the snapshot. */
export class PartWriter {
  readonly #options: PartWriterOptions;
  readonly #underWay = new Set<Promise<void>>();
  #part: { readonly bytes: Buffer; readonly isBorrowed: boolean } | undefined;
  /** The one this upload may always have; free whenever nothing is under way. */
  #own: Buffer | undefined;
  #filled = 0;
  #number = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: PartWriterOptions) {
    this.#options = options;
  }

  /** Resolves when the chunk may be used again. Rejects with the first failure of any part. */
  async write(chunk: Uint8Array): Promise<void> {
    for (let offset = 0; offset < chunk.length; ) {
      const { bytes } = this.#part ?? (await this.#nextPart());
      const taken = chunk.subarray(offset, offset + bytes.length - this.#filled);
      bytes.set(taken, this.#filled);
      this.#filled += taken.length;
      offset += taken.length;
      if (this.#filled === bytes.length) this.#dispatch();
    }
    this.#throwIfFailed();
  }

  /** Sends what is left, an empty part if there was nothing at all, and waits for every part. */
  async end(): Promise<void> {
    if (this.#part === undefined && this.#number === 0) await this.#nextPart();
    if (this.#part !== undefined) this.#dispatch();
    await this.settle();
    this.#throwIfFailed();
  }

  /** Resolves when nothing is under way any more; the signal given to the sends is what makes that soon. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#release();
  }

  async #nextPart() {
    const { budget, concurrency } = this.#options;
    const size = partBytes(this.#number + 1, this.#options.sizeGuess);
    while (this.#underWay.size > 0) {
      const bytes = this.#underWay.size < concurrency ? budget.tryTake(size) : undefined;
      if (bytes) return this.#begin({ bytes, isBorrowed: true });
      await Promise.race(this.#underWay);
      this.#throwIfFailed();
    }
    this.#throwIfFailed();
    if (this.#own?.length !== size) {
      this.#giveBackOwn();
      this.#own = budget.takeOwn(size);
    }
    return this.#begin({ bytes: this.#own, isBorrowed: false });
  }

  #begin(part: { readonly bytes: Buffer; readonly isBorrowed: boolean }) {
    this.#part = part;
    return part;
  }

  #dispatch(): void {
    const part = this.#part;
    if (part === undefined) return;
    const { bytes, isBorrowed } = part;
    this.#part = undefined;
    const body = bytes.subarray(0, this.#filled);
    this.#filled = 0;
    this.#number++;
    const sent = this.#options
      .send(body, this.#number)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#underWay.delete(sent);
        if (isBorrowed) this.#options.budget.giveBack(bytes);
      });
    this.#underWay.add(sent);
  }

  #release(): void {
    if (this.#part?.isBorrowed) this.#options.budget.giveBack(this.#part.bytes);
    this.#part = undefined;
    this.#giveBackOwn();
    this.#filled = 0;
  }

  #giveBackOwn(): void {
    if (this.#own !== undefined) this.#options.budget.giveBackOwn(this.#own);
    this.#own = undefined;
  }

  #throwIfFailed(): void {
    if (this.#options.signal.aborted) throw abortReason(this.#options.signal);
    if (this.#failure) throw this.#failure.error;
  }
}

/** Big enough that the guess fits into half the parts there may be, and doubling in case the guess was wrong. */
export function partBytes(number: number, sizeGuess: number): number {
  const fitting = Math.ceil(sizeGuess / (MOST_PARTS / 2) / MIB) * MIB;
  return Math.min(Math.max(SMALLEST_PART_BYTES, fitting) * 2 ** Math.floor((number - 1) / PARTS_PER_SIZE), LARGEST_PART_BYTES);
}
