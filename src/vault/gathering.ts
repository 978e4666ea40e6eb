import type { IncomingMessage } from 'node:http';
import { release } from '../snapshot/release.ts';

/**
 * Gathers what an answer brings in one large buffer, which is used again and again. The iterator of the answer would make two new buffers of
 * every byte, and the garbage collector lets such lie.
 */
export class Gathering {
  readonly #response: IncomingMessage;
  readonly #buffer: Buffer;
  #filled = 0;
  /** What came when the buffer was full. */
  #left: Uint8Array[] = [];
  #hasEnded = false;
  #failure: { readonly error: unknown } | undefined;
  #wake = (): void => undefined;

  constructor(response: IncomingMessage, bytes: number) {
    this.#response = response;
    this.#buffer = Buffer.allocUnsafeSlow(bytes);
    response.pause();
    response.on('data', (chunk: Uint8Array) => {
      this.#take(chunk);
      this.#wake();
    });
    response.once('end', () => {
      this.#hasEnded = true;
      this.#wake();
    });
    // Kept on: an error that nobody hears ends the process.
    response.on('error', (error) => this.#fail(error));
    response.once('close', () => {
      if (!this.#hasEnded) this.#fail(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
    });
  }

  /** Good until `empty`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#filled);
  }

  isComplete(bytes: number): boolean {
    return this.#filled >= bytes || (this.#hasEnded && this.#left.length === 0);
  }

  /** Resolves when something has come, or the end. */
  async more(): Promise<void> {
    if (this.#failure === undefined && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#response.resume();
      });
      this.#response.pause();
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Makes room for what comes next. */
  empty(): void {
    this.#filled = 0;
    for (const chunk of this.#left.splice(0)) this.#take(chunk);
  }

  #take(chunk: Uint8Array): void {
    const taken = chunk.subarray(0, this.#buffer.length - this.#filled);
    this.#buffer.set(taken, this.#filled);
    this.#filled += taken.length;
    if (taken.length === chunk.length) {
      release(chunk);
    } else {
      this.#left.push(chunk.subarray(taken.length));
      this.#response.pause();
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }
}
