import { describe, expect, it } from 'vitest';
import { PartBudget, PartWriter, partBytes } from '../../../src/storage/part-writer.ts';

const MIB = 1024 * 1024;

/** Sends that end when the test says so. */
class HeldSends {
  readonly parts: { readonly number: number; readonly bytes: Buffer; readonly length: number; end(error?: Error): void }[] = [];

  readonly send = (part: Buffer, number: number): Promise<void> =>
    new Promise((resolve, reject) => {
      this.parts.push({ number, bytes: Buffer.from(part.subarray(0, 1)), length: part.length, end: (error) => (error ? reject(error) : resolve()) });
    });

  /** Ends every part as soon as it is there, until the work is done. */
  async endAllDuring(work: Promise<void>): Promise<void> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    for (let at = 0; !isDone; await turn()) for (; at < this.parts.length; at++) this.parts[at]?.end();
    await done;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function writerOf(sends: HeldSends, more: { budget?: PartBudget; concurrency?: number; signal?: AbortSignal; sizeGuess?: number } = {}): PartWriter {
  return new PartWriter({ sizeGuess: 0, concurrency: 4, budget: new PartBudget(64 * MIB), signal: new AbortController().signal, ...more, send: sends.send });
}

describe('the size of parts', () => {
  it.each([
    { number: 1, guess: 0, mib: 5 },
    { number: 1, guess: 1, mib: 5 },
    { number: 1, guess: 25_000 * MIB, mib: 5 },
    { number: 1, guess: 25_000 * MIB + 1, mib: 6 },
    { number: 900, guess: 0, mib: 5 },
    { number: 901, guess: 0, mib: 10 },
    { number: 9_001, guess: 0, mib: 5_120 },
    { number: 10_000, guess: 5 * 1024 * 1024 * MIB, mib: 5_120 },
  ])('of part $number is $mib MiB when $guess bytes are expected', ({ number, guess, mib }) => {
    expect(partBytes(number, guess)).toBe(mib * MIB);
  });

  it.each([0, 1, 100 * MIB, 1024 ** 4, 5 * 1024 ** 4])('lets 10,000 parts hold 5 TiB, though %d bytes were expected', (guess) => {
    let total = 0;
    for (let number = 1; number <= 10_000; number++) total += partBytes(number, guess);
    expect(total).toBeGreaterThanOrEqual(5 * 1024 ** 4);
  });
});

describe('a budget', () => {
  it('lends the same memory again while it is in use, and keeps none when it is not', () => {
    const budget = new PartBudget(24);
    const [one, two] = [budget.tryTake(8), budget.tryTake(8)];
    budget.giveBack(one!);
    expect(budget.tryTake(8)).toBe(one);
    budget.giveBack(one!);
    budget.giveBack(two!);
    const fresh = budget.tryTake(8);
    expect(fresh).not.toBe(one);
    expect(fresh).not.toBe(two);
  });

  it('keeps what came back as long as any upload has a part of its own', () => {
    const budget = new PartBudget(8);
    const own = budget.takeOwn(8);
    const more = budget.tryTake(8)!;
    budget.giveBack(more);
    expect(budget.tryTake(8)).toBe(more);
    budget.giveBack(more);
    budget.giveBackOwn(own);
    expect(budget.takeOwn(8)).not.toBe(more);
  });

  it('never lends more than it has, whatever sizes came back', () => {
    const budget = new PartBudget(24);
    const small = [budget.tryTake(8)!, budget.tryTake(8)!];
    expect(budget.tryTake(16)).toBeUndefined();
    budget.giveBack(small[0]!);
    expect(budget.tryTake(16)).toHaveLength(16);
    expect(budget.tryTake(1)).toBeUndefined();
  });
});

describe('a part writer', () => {
  it('sends one empty part when there is nothing at all', async () => {
    const sends = new HeldSends();
    await sends.endAllDuring(writerOf(sends).end());
    expect(sends.parts.map(({ number, length }) => [number, length])).toEqual([[1, 0]]);
  });

  it.each([
    { bytes: 1, parts: [1] },
    { bytes: 5 * MIB, parts: [5 * MIB] },
    { bytes: 5 * MIB + 1, parts: [5 * MIB, 1] },
    { bytes: 12 * MIB, parts: [5 * MIB, 5 * MIB, 2 * MIB] },
  ])('cuts $bytes bytes into parts of $parts', async ({ bytes, parts }) => {
    const sends = new HeldSends();
    const writer = writerOf(sends);
    await sends.endAllDuring(writer.write(Buffer.alloc(bytes)).then(() => writer.end()));
    expect(sends.parts.map(({ length }) => length)).toEqual(parts);
    expect(sends.parts.map(({ number }) => number)).toEqual(parts.map((_, index) => index + 1));
  });

  it('lets go of the chunk as soon as it has taken it', async () => {
    const sends = new HeldSends();
    const writer = writerOf(sends);
    const chunk = Buffer.alloc(5 * MIB, 1);
    await writer.write(chunk);
    chunk.fill(2);
    await sends.endAllDuring(writer.end());
    expect(sends.parts[0]?.bytes).toEqual(Buffer.from([1]));
  });

  it('has no more parts under way than it may', async () => {
    const sends = new HeldSends();
    const writer = writerOf(sends, { concurrency: 2 });
    const writing = writer.write(Buffer.alloc(25 * MIB));
    await turn();
    // Two on their way; a third is filled only when one of them has ended.
    expect(sends.parts).toHaveLength(2);
    await sends.endAllDuring(writing.then(() => writer.end()));
    expect(sends.parts).toHaveLength(5);
  });

  it('goes on with one part at a time when the memory is with others', async () => {
    const sends = new HeldSends();
    const writer = writerOf(sends, { budget: new PartBudget(0) });
    const writing = writer.write(Buffer.alloc(15 * MIB));
    await turn();
    expect(sends.parts).toHaveLength(1);
    await sends.endAllDuring(writing.then(() => writer.end()));
    expect(sends.parts).toHaveLength(3);
  });

  it('gives back all it borrowed, when it ends and when it is given up', async () => {
    const budget = new PartBudget(10 * MIB);
    const sends = new HeldSends();
    const writer = writerOf(sends, { budget });
    await sends.endAllDuring(writer.write(Buffer.alloc(15 * MIB)).then(() => writer.end()));
    const all = budget.tryTake(10 * MIB);
    expect(all).toHaveLength(10 * MIB);
    budget.giveBack(all!);
    const given = new HeldSends();
    const other = writerOf(given, { budget });
    await other.write(Buffer.alloc(7 * MIB));
    await given.endAllDuring(other.settle());
    expect(budget.tryTake(10 * MIB)).toHaveLength(10 * MIB);
  });

  it('fails with the first failure of any part, however many follow', async () => {
    const sends = new HeldSends();
    const writer = writerOf(sends);
    await writer.write(Buffer.alloc(10 * MIB));
    sends.parts[1]?.end(new Error('first'));
    sends.parts[0]?.end(new Error('second'));
    await expect(writer.end()).rejects.toThrow('first');
    await expect(writer.write(Buffer.alloc(1))).rejects.toThrow('first');
  });

  it('wakes from waiting for a part that fails', async () => {
    const sends = new HeldSends();
    const writer = writerOf(sends, { concurrency: 1 });
    const writing = writer.write(Buffer.alloc(10 * MIB));
    await turn();
    sends.parts[0]?.end(new Error('gone'));
    await expect(writing).rejects.toThrow('gone');
    expect(sends.parts).toHaveLength(1);
  });

  it('tells that it was stopped, not what the stopped parts say', async () => {
    const stop = new AbortController();
    const sends = new HeldSends();
    const writer = writerOf(sends, { signal: stop.signal });
    await writer.write(Buffer.alloc(5 * MIB));
    stop.abort();
    sends.parts[0]?.end(new Error('aborted'));
    await expect(writer.end()).rejects.toMatchObject({ code: 'stopped' });
  });
});
