import { createHash } from 'node:crypto';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SnapshotError } from '../../errors.ts';
import type { Pending, StoredObject } from '../contract.ts';
import { ifThere, isFileSystemError, makeDirectory } from '../file-system.ts';
import type { ObjectKey } from '../key.ts';
import { acquire, onDisk, throwIfAborted } from './calls.ts';
import { toLocalError, toPublishError } from './errors.ts';

interface Place {
  readonly key: ObjectKey;
  /** Where the object is to be seen. */
  readonly target: string;
  /** Where it grows, in the same directory. */
  readonly partial: string;
  readonly isReplacing: boolean;
}

export async function openPending(place: Place, signal: AbortSignal): Promise<Pending> {
  const { target, partial } = place;
  const directory = dirname(target);
  await onDisk(directory, signal, makeLastingDirectory(directory));
  const file = await acquire(partial, signal, open(partial, 'wx', 0o600), (late) => release(late, partial));
  return new LocalPending(place, file, signal);
}

class LocalPending implements Pending {
  readonly #place: Place;
  readonly #file: FileHandle;
  readonly #signal: AbortSignal;
  readonly #hash = createHash('sha256');
  #size = 0;
  #isOpen = true;

  constructor(place: Place, file: FileHandle, signal: AbortSignal) {
    this.#place = place;
    this.#file = file;
    this.#signal = signal;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#enter();
    const writing = this.#file.writeFile(chunk); // from where the last one stopped, repeating short writes
    this.#hash.update(chunk); // while the disk writes
    await onDisk(this.#place.target, this.#signal, writing);
    this.#size += chunk.byteLength;
    this.#isOpen = true;
  }

  async commit(): Promise<StoredObject> {
    this.#enter();
    const { key, target, partial } = this.#place;
    try {
      const { mtime } = await onDisk(target, this.#signal, this.#publish());
      return { key, size: this.#size, modifiedAt: mtime, checksum: `sha256:${this.#hash.digest('hex')}` };
    } catch (error) {
      const releasing = release(this.#file, partial);
      // The first failure is the one to tell; abort() tries again.
      await onDisk(partial, this.#signal, releasing).catch(() => undefined);
      throw error;
    }
  }

  async abort(): Promise<void> {
    this.#isOpen = false;
    const { partial } = this.#place;
    try {
      await release(this.#file, partial);
    } catch (error) {
      throw toLocalError(error, partial);
    }
  }

  /** Closed until the step has gone well: after a failed write nothing may be written or committed. */
  #enter(): void {
    throwIfAborted(this.#signal);
    if (!this.#isOpen) throw new SnapshotError('storage_failed', `local: ${this.#place.target}: this upload has failed or ended`);
    this.#isOpen = false;
  }

  async #publish() {
    const { target, partial, isReplacing } = this.#place;
    await this.#file.sync();
    const stats = await this.#file.stat();
    await this.#file.close();
    // A sync can take long; who was given up meanwhile shows nothing any more.
    throwIfAborted(this.#signal);
    if (isReplacing) await rename(partial, target);
    else await linkOnce(partial, target);
    await syncDirectory(dirname(target));
    return stats;
  }
}

/** link, not rename: rename would silently replace an existing snapshot. */
async function linkOnce(partial: string, target: string): Promise<void> {
  await link(partial, target).catch((error: unknown) => {
    throw toPublishError(error, target);
  });
  await unlink(partial);
}

/** The name goes first: closing waits for writes on their way. */
async function release(file: FileHandle, partial: string): Promise<void> {
  try {
    await ifThere(unlink(partial));
  } finally {
    await file.close();
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } catch (error) {
    // Some file systems, SMB among them, know no such thing; the snapshot is whole and visible all the same.
    if (!isFileSystemError(error, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP')) throw error;
  } finally {
    await directory.close();
  }
}

/** A directory that is new must itself survive a power cut, and so must each parent made for it. */
async function makeLastingDirectory(path: string): Promise<void> {
  const first = await makeDirectory(path);
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}
