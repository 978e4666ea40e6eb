import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { abortReason, SnapshotError } from '../../errors.ts';
import type { ListedObject, ObjectMeta, Pending, Storage, StoredObject, Thawing } from '../contract.ts';
import type { KeyError, KeyPrefix, ObjectKey } from '../key.ts';
import type { PartBudget } from '../part-writer.ts';
import { ask, type Bucket } from './calls.ts';
import { Checksum, toldChecksum } from './checksum.ts';
import { type ClientDeps, createClient, endpointOf } from './client.ts';
import { Conditions } from './conditions.ts';
import type { S3Settings } from './config.ts';
import { deleteInBatches } from './delete-batch.ts';
import { toS3Error, unlessMissing } from './errors.ts';
import { announcedSize } from './layout.ts';
import { listObjects, sweepUploads } from './listing.ts';
import { openPending } from './pending.ts';
import { thawObject } from './thaw.ts';
import { versionOf } from './version.ts';
import { wishesFor } from './wishes.ts';

const PAGE_SIZE = 1_000;
const IDLE_TIMEOUT_MS = 60_000;

export interface S3Deps extends Omit<ClientDeps, 'idleTimeoutMs'> {
  readonly budget: PartBudget;
  /** Objects in one page of a listing: 1,000, the most there may be, unless told. */
  readonly pageSize?: number;
  /** A connection on which nothing moves for so long is given up: a minute unless told. */
  readonly idleTimeoutMs?: number;
}

export async function openS3Storage(settings: S3Settings, deps: S3Deps): Promise<Storage> {
  const client = await createClient(settings, { idleTimeoutMs: IDLE_TIMEOUT_MS, ...deps });
  const region = await client.config.region();
  return new S3Storage(client, region, settings, deps);
}

/** A bucket of S3, or of a store that speaks its language. */
class S3Storage implements Storage {
  readonly kind = 'aws';
  readonly name: string;
  readonly #bucket: Bucket;
  readonly #region: string;
  readonly #settings: S3Settings;
  readonly #deps: S3Deps;
  readonly #conditions: Conditions;

  constructor(client: S3Client, region: string, settings: S3Settings, deps: S3Deps) {
    this.name = deps.name;
    this.#bucket = { client, bucket: settings.s3_bucket, now: () => deps.now() };
    this.#region = region;
    this.#settings = settings;
    this.#deps = deps;
    this.#conditions = new Conditions(deps.name, deps.log);
  }

  /** As the uploader of the ancestor wrote it into its log. */
  locate(key: ObjectKey): string {
    const { s3_bucket: bucket, s3_force_path_style: isPathStyle } = this.#settings;
    const { protocol, host, pathname } = endpointOf(this.#settings) ?? new URL(`https://s3.${this.#region}.amazonaws.com`);
    const base = pathname.replace(/\/$/, '');
    return isPathStyle || /^(\d+(\.\d+){3}|\[.*\]|localhost)(:\d+)?$/.test(host)
      ? `${protocol}//${host}${base}/${bucket}/${key}`
      : `${protocol}//${bucket}.${host}${base}/${key}`;
  }

  async open(key: ObjectKey, { size, replaces }: ObjectMeta, signal: AbortSignal): Promise<Pending> {
    const { s3_checksum: checksum } = this.#settings;
    const wishes = wishesFor(key, this.#settings, this.#deps.now());
    const { budget } = this.#deps;
    const place = { bucket: this.#bucket, key, sizeGuess: size, isReplacing: replaces === true, checksum, budget, conditions: this.#conditions, wishes };
    return await openPending(place, signal);
  }

  list(prefix: KeyPrefix, signal: AbortSignal): AsyncIterable<ListedObject> {
    return listObjects(this.#bucket, prefix, this.#deps.pageSize ?? PAGE_SIZE, signal);
  }

  async *read(key: ObjectKey, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { client, bucket } = this.#bucket;
    const { Body } = await ask(this.#bucket, `read ${key}`, signal, (options) => client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), options));
    // On Node it is a stream, whatever other platforms have.
    const body = Body as Readable;
    const stop = () => body.destroy(abortReason(signal));
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const chunk of body) yield chunk as Uint8Array;
    } catch (error) {
      throw toS3Error(error, { bucket, what: `read ${key}`, signal, now: this.#deps.now });
    } finally {
      signal.removeEventListener('abort', stop);
      body.destroy();
    }
  }

  async thaw(key: ObjectKey, signal: AbortSignal): Promise<Thawing> {
    const head = await this.#head(key, signal);
    if (head === undefined) throw new SnapshotError('not_found', `s3: ${this.#bucket.bucket}: ${key}: not there`);
    return await thawObject(this.#bucket, key, head, signal);
  }

  async stat(key: ObjectKey, signal: AbortSignal): Promise<StoredObject | undefined> {
    const head = await this.#head(key, signal);
    if (head === undefined) return undefined;
    const { ContentLength: size = 0, LastModified: modifiedAt = this.#deps.now() } = head;
    const checksum = toldChecksum(head, this.#settings.s3_checksum) ?? (await this.#sum(key, announcedSize(head.Metadata), signal));
    return { key, size, modifiedAt, checksum, ...versionOf(head.VersionId) };
  }

  /** Where versions are kept this only hides the object; a lifecycle rule removes what is hidden. */
  async delete(key: ObjectKey, signal: AbortSignal): Promise<void> {
    const { client, bucket } = this.#bucket;
    const deleting = ask(this.#bucket, `delete ${key}`, signal, (options) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), options));
    try {
      await deleting.catch(unlessMissing);
    } catch (error) {
      throw (await this.#asLocked(error, key, signal)) ?? error;
    }
  }

  async deleteAll(keys: readonly ObjectKey[], signal: AbortSignal): Promise<readonly KeyError[]> {
    return await deleteInBatches(this.#bucket, keys, (key) => this.delete(key, signal), signal);
  }

  async room(signal: AbortSignal): Promise<number> {
    if (signal.aborted) throw abortReason(signal);
    return Number.POSITIVE_INFINITY;
  }

  async sweep(prefix: KeyPrefix, signal: AbortSignal): Promise<readonly string[]> {
    return await sweepUploads(this.#bucket, prefix, this.#deps.pageSize ?? PAGE_SIZE, signal);
  }

  async close(): Promise<void> {
    this.#bucket.client.destroy();
  }

  async #head(key: ObjectKey, signal: AbortSignal): Promise<HeadObjectCommandOutput | undefined> {
    const { client, bucket } = this.#bucket;
    const isSumAsked = this.#settings.s3_checksum !== 'off';
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key, ...(isSumAsked && { ChecksumMode: 'ENABLED' }) });
    return await ask(this.#bucket, `look at ${key}`, signal, (options) => client.send(command, options)).catch(unlessMissing);
  }

  /** For what the store keeps no sum of: the bytes are read and summed up again, cut as they were uploaded. */
  async #sum(key: ObjectKey, sizeGuess: number | undefined, signal: AbortSignal): Promise<string> {
    if (sizeGuess === undefined) {
      const hash = createHash('sha256');
      for await (const chunk of this.read(key, signal)) hash.update(chunk);
      return `sha256:${hash.digest('hex')}`;
    }
    const checksum = new Checksum(this.#settings.s3_checksum, sizeGuess);
    for await (const chunk of this.read(key, signal)) checksum.update(chunk);
    checksum.end();
    return checksum.value();
  }

  /** A lock is refused with the same words as a missing right; the object itself tells which it was. */
  async #asLocked(error: unknown, key: ObjectKey, signal: AbortSignal): Promise<SnapshotError | undefined> {
    if (!(error instanceof SnapshotError && error.code === 'storage_denied')) return undefined;
    const head = await this.#head(key, signal).catch(() => undefined);
    const until = head?.ObjectLockRetainUntilDate;
    const isHeld = head?.ObjectLockLegalHoldStatus === 'ON';
    if (!isHeld && !(until !== undefined && until > this.#deps.now())) return undefined;
    const says = isHeld ? 'is under a legal hold' : `is locked until ${until?.toISOString()}`;
    return new SnapshotError('storage_locked', `s3: ${this.#bucket.bucket}: ${key}: ${says}`, { cause: error });
  }
}
