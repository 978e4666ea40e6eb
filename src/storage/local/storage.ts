import { createHash, randomBytes } from 'node:crypto';
import { constants, type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SnapshotError } from '../../errors.ts';
import type { ListedObject, ObjectMeta, Pending, Storage, StoredObject } from '../contract.ts';
import { ifThere, isFileSystemError, roomAt } from '../file-system.ts';
import type { KeyError, KeyPrefix, ObjectKey } from '../key.ts';
import { leftoverName, type Witness } from '../leftover.ts';
import { tryEach } from '../try-each.ts';
import { acquire, onDisk, throwIfAborted } from './calls.ts';
import { listObjects, sweepPartials } from './listing.ts';
import { openPending, syncDirectory } from './pending.ts';

const READ_SIZE_BYTES = 256 * 1024;

export interface LocalStorageOptions extends Witness {
  readonly name: string;
  readonly path: string;
}

/** A directory of this host, or one that is mounted on it. */
export class LocalStorage implements Storage {
  readonly kind = 'local';
  readonly #options: LocalStorageOptions;

  constructor(options: LocalStorageOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  locate(key: ObjectKey): string {
    return join(this.#options.path, key);
  }

  async open(key: ObjectKey, { replaces }: ObjectMeta, signal: AbortSignal): Promise<Pending> {
    throwIfAborted(signal);
    const target = this.locate(key);
    const partial = join(dirname(target), leftoverName('partial', this.#options.owner, randomBytes(8).toString('hex')));
    return await openPending({ key, target, partial, isReplacing: replaces === true }, signal);
  }

  list(prefix: KeyPrefix, signal: AbortSignal): AsyncIterable<ListedObject> {
    return listObjects(join(this.#options.path, prefix), prefix, signal);
  }

  async *read(key: ObjectKey, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const path = this.locate(key);
    const file = await acquire(path, signal, openObject(path), async (late) => late?.close());
    if (file === undefined) throw new SnapshotError('not_found', `local: ${path}: not there`);
    try {
      yield* chunksOf(file, path, signal);
    } finally {
      await onDisk(path, signal, file.close());
    }
  }

  async stat(key: ObjectKey, signal: AbortSignal): Promise<StoredObject | undefined> {
    throwIfAborted(signal);
    const path = this.locate(key);
    const file = await acquire(path, signal, openObject(path), async (late) => late?.close());
    if (file === undefined) return undefined;
    try {
      const { mtime } = await onDisk(path, signal, file.stat());
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of chunksOf(file, path, signal, Buffer.allocUnsafeSlow(READ_SIZE_BYTES))) {
        hash.update(chunk);
        size += chunk.byteLength;
      }
      return { key, size, modifiedAt: mtime, checksum: `sha256:${hash.digest('hex')}` };
    } finally {
      await onDisk(path, signal, file.close());
    }
  }

  async delete(key: ObjectKey, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const path = this.locate(key);
    await onDisk(path, signal, ifThere(unlink(path).then(() => syncDirectory(dirname(path)))));
  }

  async deleteAll(keys: readonly ObjectKey[], signal: AbortSignal): Promise<readonly KeyError[]> {
    return await tryEach(keys, (key) => this.delete(key, signal), signal);
  }

  async room(signal: AbortSignal): Promise<number> {
    const { path } = this.#options;
    return await onDisk(path, signal, roomAt(path));
  }

  async sweep(prefix: KeyPrefix, signal: AbortSignal): Promise<readonly string[]> {
    throwIfAborted(signal);
    const path = join(this.#options.path, prefix);
    return await onDisk(path, signal, sweepPartials(path, this.#options));
  }

  async close(): Promise<void> {
    // Nothing is held between calls.
  }
}

/** Regular files only, as listed: no link is followed, and a pipe of that name cannot make us wait. */
async function openObject(path: string): Promise<FileHandle | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file: FileHandle | undefined;
  try {
    file = await ifThere(open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  } catch (error) {
    if (isFileSystemError(error, 'ELOOP', 'ENXIO')) return undefined;
    throw error;
  }
  if (file === undefined || (await file.stat()).isFile()) return file;
  await file.close();
  return undefined;
}

/** With a buffer of the caller's, each chunk is good until the next one only. */
async function* chunksOf(file: FileHandle, path: string, signal: AbortSignal, into?: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const { buffer, bytesRead } = await onDisk(path, signal, file.read(into ?? Buffer.allocUnsafeSlow(READ_SIZE_BYTES)));
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
