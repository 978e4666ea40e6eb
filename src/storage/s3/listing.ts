import { AbortMultipartUploadCommand, ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { abortReason, SnapshotError } from '../../errors.ts';
import type { ListedObject } from '../contract.ts';
import { type KeyPrefix, type ObjectKey, objectKey } from '../key.ts';
import { ask, type Bucket } from './calls.ts';
import { unlessGone } from './errors.ts';

/** Longer than any round: an upload that began before that belongs to nobody, on whatever host it began. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** Page by page: the memory does not grow with the bucket. */
export async function* listObjects(bucket: Bucket, prefix: KeyPrefix, pageSize: number, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
  const progress = new Progress(bucket.bucket);
  let token: string | undefined;
  for (;;) {
    const command = new ListObjectsV2Command({
      Bucket: bucket.bucket,
      Prefix: prefix,
      Delimiter: '/',
      MaxKeys: pageSize,
      // A foreign key may hold what XML cannot.
      EncodingType: 'url',
      ContinuationToken: token,
    });
    const page = await ask(bucket, `list ${prefix}`, signal, (options) => bucket.client.send(command, options));
    const decode = page.EncodingType === 'url' ? decodeKey : (key: string) => key;
    progress.enter((page.Contents ?? []).map(({ Key = '' }) => decode(Key)));
    for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
      const key = keyOf(prefix, decode(Key));
      if (key !== undefined && !(Number.isSafeInteger(Size) && Size >= 0)) throw new SnapshotError('storage_failed', `s3: ${key}: the listing tells no size`);
      // Asked one by one, objects have a time in whole seconds.
      if (key !== undefined && LastModified !== undefined) yield { key, size: Size, modifiedAt: inSeconds(LastModified) };
      if (signal.aborted) throw abortReason(signal);
    }
    if (page.IsTruncated !== true && page.NextContinuationToken === undefined) return;
    token = progress.goOn(page.NextContinuationToken);
  }
}

/** Ends the uploads of our kind, directly below the prefix or among its manifests, that were begun more than a day ago. */
export async function sweepUploads(bucket: Bucket, prefix: KeyPrefix, pageSize: number, signal: AbortSignal): Promise<readonly string[]> {
  // All are found before the first is ended, or the pages would shift.
  const abandoned = await findAbandoned(bucket, prefix, pageSize, signal);
  for (const address of abandoned) {
    const command = new AbortMultipartUploadCommand({ Bucket: bucket.bucket, ...address });
    await ask(bucket, `abort ${address.Key}`, signal, (options) => bucket.client.send(command, options)).catch(unlessGone);
  }
  return abandoned.map(({ Key }) => `s3://${bucket.bucket}/${Key}`);
}

interface UploadAddress {
  readonly Key: string;
  readonly UploadId: string | undefined;
}

async function findAbandoned(bucket: Bucket, prefix: KeyPrefix, pageSize: number, signal: AbortSignal): Promise<readonly UploadAddress[]> {
  const found: UploadAddress[] = [];
  const progress = new Progress(bucket.bucket);
  let keyMarker: string | undefined;
  for (;;) {
    const command = new ListMultipartUploadsCommand({
      Bucket: bucket.bucket,
      Prefix: prefix,
      MaxUploads: pageSize,
      EncodingType: 'url',
      KeyMarker: keyMarker,
    });
    const page = await ask(bucket, `list unfinished ${prefix}`, signal, (options) => bucket.client.send(command, options));
    const decode = page.EncodingType === 'url' ? decodeKey : (key: string) => key;
    for (const { Key = '', UploadId, Initiated } of page.Uploads ?? []) {
      const isOld = Initiated !== undefined && bucket.now().getTime() - Initiated.getTime() > ABANDONED_AFTER_MS;
      if (isOld && isOurs(decode(Key), prefix)) found.push({ Key: decode(Key), UploadId });
    }
    if (page.IsTruncated !== true) return found;
    // By key alone: what more there is of the same key is found at the next start, and some stores cannot go on from an upload.
    keyMarker = progress.goOn(page.NextKeyMarker && decode(page.NextKeyMarker));
  }
}

/** A server that answers with the same page again must not keep us for ever, nor tell us of an object twice. */
class Progress {
  readonly #bucket: string;
  #token: string | undefined;
  #lastKey: Buffer | undefined;

  constructor(bucket: string) {
    this.#bucket = bucket;
  }

  /** Keys come in the order of their bytes, so that a page never begins before the end of the last one. */
  enter(keys: readonly string[]): void {
    const [first] = keys;
    const last = keys.at(-1);
    if (first === undefined || last === undefined) return;
    if (this.#lastKey !== undefined && Buffer.from(first).compare(this.#lastKey) <= 0) throw this.#stuck();
    this.#lastKey = Buffer.from(last);
  }

  goOn(token: string | undefined): string {
    if (token === undefined || token === this.#token) throw this.#stuck();
    this.#token = token;
    return token;
  }

  #stuck(): SnapshotError {
    return new SnapshotError('storage_failed', `s3: ${this.#bucket}: the listing repeats itself`);
  }
}

/** Snapshots and manifests of the places we write to; what else is unfinished there is none of our business. */
function isOurs(key: string, prefix: KeyPrefix): boolean {
  const isManifest = key.startsWith(`${prefix}manifests/`);
  return keyOf(isManifest ? (`${prefix}manifests/` as KeyPrefix) : prefix, key) !== undefined && key.endsWith(isManifest ? '.snap.json' : '.snap');
}

/** Names that no key can have are somebody else's. */
function keyOf(prefix: KeyPrefix, written: string): ObjectKey | undefined {
  if (!written.startsWith(prefix) || written.slice(prefix.length).includes('/')) return undefined;
  try {
    return objectKey(written);
  } catch (error) {
    if (error instanceof SnapshotError) return undefined;
    throw error;
  }
}

function decodeKey(written: string): string {
  try {
    return decodeURIComponent(written.replaceAll('+', ' '));
  } catch (error) {
    // Bytes that are no UTF-8 are in no key of ours.
    if (error instanceof URIError) return written;
    throw error;
  }
}

function inSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}
