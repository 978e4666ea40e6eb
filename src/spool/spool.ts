import type { FileHandle } from 'node:fs/promises';
import { abortReason, SnapshotError, toSnapshotError } from '../errors.ts';
import { describe, isFileSystemError } from '../storage/file-system.ts';
import type { Spool } from './contract.ts';

const READ_SIZE_BYTES = 256 * 1024;

/** A file without a name: only this process can reach it, and nothing of it outlives this process. */
export class TailingSpool implements Spool {
  readonly #file: FileHandle;
  readonly #directory: string;
  readonly #waiting = new Set<() => void>();
  #bytes = 0;
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(file: FileHandle, directory: string) {
    this.#file = file;
    this.#directory = directory;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#throwIfFailed();
    if (this.#isEnded) throw new SnapshotError('internal', 'spool: more bytes after its end');
    try {
      // writeFile goes on where the last one stopped and repeats short writes; reading by position does not move it.
      await this.#file.writeFile(chunk);
    } catch (error) {
      this.fail(toSpoolError(error, this.#directory));
    }
    this.#throwIfFailed();
    this.#bytes += chunk.byteLength;
    this.#wakeReaders();
  }

  end(): void {
    this.#isEnded = true;
    this.#wakeReaders();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wakeReaders();
  }

  async *tail(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const buffer = Buffer.allocUnsafeSlow(READ_SIZE_BYTES);
    let position = 0;
    for (;;) {
      if (signal.aborted) throw abortReason(signal);
      this.#throwIfFailed();
      if (position < this.#bytes) {
        const chunk = await this.#readAt(position, buffer);
        position += chunk.byteLength;
        yield chunk;
      } else if (this.#isEnded) {
        return;
      } else {
        await this.#untilWoken(signal);
      }
    }
  }

  async remove(): Promise<void> {
    this.fail(new SnapshotError('spool_failed', `spool: ${this.#directory}: removed while it was read`));
    try {
      // Waits for reads and writes on their way; the file has no name, so closing it frees its space.
      await this.#file.close();
    } catch (error) {
      throw toSpoolError(error, this.#directory);
    }
  }

  async #readAt(position: number, buffer: Buffer): Promise<Uint8Array> {
    try {
      const { bytesRead } = await this.#file.read(buffer, 0, Math.min(buffer.length, this.#bytes - position), position);
      if (bytesRead > 0) return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw toSpoolError(error, this.#directory);
    }
    throw new SnapshotError('spool_failed', `spool: ${this.#directory}: shorter than what was written to it`);
  }

  /** Until anything changes: more bytes, the end, a failure, the signal. */
  #untilWoken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #wakeReaders(): void {
    for (const wake of this.#waiting) wake();
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

export function toSpoolError(error: unknown, directory: string): SnapshotError {
  if (!isFileSystemError(error)) return toSnapshotError(error);
  const code = error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'spool_no_space' : 'spool_failed';
  return new SnapshotError(code, `spool: ${directory}: ${describe(error)}`, { cause: error });
}
