import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlockBlobClient } from '@azure/storage-blob';
import { SnapshotError } from '../../errors.ts';
import type { Pending, StoredObject } from '../contract.ts';
import type { ObjectKey } from '../key.ts';
import { type PartBudget, PartWriter } from '../part-writer.ts';
import { request, throwIfAborted } from './calls.ts';
import type { Encryption } from './connect.ts';
import { isBlocksGone, type Translate } from './errors.ts';

const SLICE_BYTES = 256 * 1024;
/** Two keep a line busy; more only take memory. */
const CONCURRENCY = 2;

export interface Upload {
  readonly key: ObjectKey;
  readonly blob: BlockBlobClient;
  readonly encryption: Encryption;
  readonly tier: string | undefined;
  readonly isReplacing: boolean;
  readonly sizeGuess: number;
  readonly budget: PartBudget;
  readonly idleMs: number;
  readonly translate: Translate;
}

/**
 * Blocks that no listing shows until they are committed. There is no call to abort: Azure forgets blocks that nobody commits after a week, and
 * the next commit of the same key forgets them at once.
 */
export class AzurePending implements Pending {
  readonly #upload: Upload;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #writer: PartWriter;
  readonly #md5 = createHash('md5');
  // Two uploads of one key share the space of its blocks: neither may commit a block of the other.
  readonly #id = randomBytes(12).toString('hex');
  readonly #blocks: string[] = [];
  #size = 0;
  #isOpen = true;

  constructor(upload: Upload, signal: AbortSignal) {
    this.#upload = upload;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#writer = new PartWriter({
      sizeGuess: upload.sizeGuess,
      concurrency: CONCURRENCY,
      budget: upload.budget,
      signal: this.#signal,
      send: (part, number) => this.#stage(part, number),
    });
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#enter();
    this.#md5.update(chunk);
    await this.#writer.write(chunk);
    this.#size += chunk.byteLength;
    this.#isOpen = true;
  }

  async commit(): Promise<StoredObject> {
    this.#enter();
    await this.#writer.end();
    throwIfAborted(this.#signal);
    const md5 = this.#md5.digest();
    const published = await this.#publish(md5);
    return { key: this.#upload.key, size: this.#size, checksum: `md5:${md5.toString('hex')}`, ...published };
  }

  async abort(): Promise<void> {
    this.#isOpen = false;
    this.#stop.abort(endedError(this.#upload.key));
    await this.#writer.settle();
  }

  /** Closed until the step has gone well: after a failed write nothing may be written or committed. */
  #enter(): void {
    throwIfAborted(this.#signal);
    if (!this.#isOpen) throw endedError(this.#upload.key);
    this.#isOpen = false;
  }

  async #stage(part: Buffer, number: number): Promise<void> {
    // Azure refuses a block without bytes; an empty object is a list without blocks.
    if (part.length === 0) return;
    const { key, blob, encryption, idleMs, translate } = this.#upload;
    // Equally long for all blocks, as Azure demands of one blob.
    const block = Buffer.from(`${this.#id}-${String(number).padStart(6, '0')}`).toString('base64');
    this.#blocks[number - 1] = block;
    const transactionalContentMD5 = createHash('md5').update(part).digest();
    try {
      await request({ signal: this.#signal, idleMs }, (abortSignal, moved) =>
        blob.stageBlock(block, () => sliced(part, moved), part.length, { abortSignal, transactionalContentMD5, ...encryption }),
      );
    } catch (error) {
      throw translate(error, key);
    }
  }

  async #publish(md5: Buffer): Promise<Pick<StoredObject, 'modifiedAt' | 'version'>> {
    const { key, blob, encryption, tier, isReplacing, idleMs, translate } = this.#upload;
    const options = {
      // Azure stores this sum for the readers; what it checked itself are those of the blocks.
      blobHTTPHeaders: { blobContentMD5: md5, blobContentType: 'application/octet-stream' },
      conditions: isReplacing ? {} : { ifNoneMatch: '*' },
      ...(tier === undefined ? {} : { tier }),
      ...encryption,
    };
    try {
      const { lastModified, versionId: version } = await request({ signal: this.#signal, idleMs }, (abortSignal) =>
        blob.commitBlockList(this.#blocks, { ...options, abortSignal }),
      );
      return { modifiedAt: lastModified ?? new Date(0), ...(version !== undefined && { version }) };
    } catch (error) {
      if (isBlocksGone(error)) throw await this.#overtaken();
      throw translate(error, key);
    }
  }

  /** Whoever commits first makes Azure forget the blocks of the others. */
  async #overtaken(): Promise<SnapshotError> {
    const { key, blob, isReplacing, idleMs, translate } = this.#upload;
    try {
      const isThere = await request({ signal: this.#signal, idleMs }, (abortSignal) => blob.exists({ abortSignal }));
      return new SnapshotError(isThere && !isReplacing ? 'storage_exists' : 'storage_failed', `azure: ${key}: another upload of it was first`);
    } catch (error) {
      return translate(error, key);
    }
  }
}

/** A stream and not the buffer itself: only so it can be seen that the line takes bytes. */
function sliced(part: Buffer, moved: () => void): Readable {
  function* slices(): Generator<Buffer, void, undefined> {
    for (let start = 0; start < part.length; start += SLICE_BYTES) {
      moved();
      yield part.subarray(start, start + SLICE_BYTES);
    }
  }
  return Readable.from(slices(), { objectMode: false, highWaterMark: SLICE_BYTES });
}

function endedError(key: ObjectKey): SnapshotError {
  return new SnapshotError('storage_failed', `azure: ${key}: this upload has failed or ended`);
}
