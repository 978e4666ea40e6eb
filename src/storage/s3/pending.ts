import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  HeadObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { abortReason, SnapshotError } from '../../errors.ts';
import type { Pending, StoredObject } from '../contract.ts';
import type { ObjectKey } from '../key.ts';
import { type PartBudget, PartWriter } from '../part-writer.ts';
import { ask, type Bucket } from './calls.ts';
import { Checksum, type ChecksumMode } from './checksum.ts';
import type { Conditions } from './conditions.ts';
import { isConflict, unlessGone, unlessUnseen } from './errors.ts';
import { announceSize } from './layout.ts';
import { versionOf } from './version.ts';

const PARTS_AT_ONCE = 4;
const ABORT_LIMIT_MS = 10_000;

export interface Place {
  readonly bucket: Bucket;
  readonly key: ObjectKey;
  readonly sizeGuess: number;
  readonly isReplacing: boolean;
  readonly checksum: ChecksumMode;
  readonly budget: PartBudget;
  /** Undefined: the condition of the commit is all there is, for it is being tried out. */
  readonly conditions: Conditions | undefined;
  /** Encryption, class, tags, locks: what the object is to have. */
  readonly wishes: Partial<CreateMultipartUploadCommandInput>;
}

export async function openPending(place: Place, signal: AbortSignal): Promise<Pending> {
  const { bucket, key, sizeGuess, checksum, wishes } = place;
  const command = new CreateMultipartUploadCommand({
    Bucket: bucket.bucket,
    Key: key,
    Metadata: announceSize(sizeGuess),
    ...(checksum === 'SHA256' && { ChecksumAlgorithm: 'SHA256' }),
    ...(checksum === 'CRC64NVME' && { ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'FULL_OBJECT' }),
    ...wishes,
  });
  const { UploadId } = await ask(bucket, `open ${key}`, signal, (options) => bucket.client.send(command, options));
  if (UploadId === undefined) throw new SnapshotError('storage_failed', `s3: ${bucket.bucket}: open ${key}: an answer without an upload id`);
  return new S3Pending(place, UploadId, signal);
}

class S3Pending implements Pending {
  readonly #place: Place;
  readonly #uploadId: string;
  readonly #signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #checksum: Checksum;
  readonly #writer: PartWriter;
  readonly #parts: CompletedPart[] = [];
  #copy: Buffer | undefined;
  #size = 0;
  #isOpen = true;
  #isCommitted = false;

  constructor(place: Place, uploadId: string, signal: AbortSignal) {
    this.#place = place;
    this.#uploadId = uploadId;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#checksum = new Checksum(place.checksum, place.sizeGuess);
    this.#writer = new PartWriter({
      sizeGuess: place.sizeGuess,
      concurrency: PARTS_AT_ONCE,
      budget: place.budget,
      signal: this.#signal,
      send: (part, number) => this.#send(part, number),
    });
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#enter();
    // First the sum: a part that the chunk fills goes off at once and takes its own along.
    this.#checksum.update(chunk);
    this.#size += chunk.length;
    await this.#writer.write(chunk);
    this.#isOpen = true;
  }

  async commit(): Promise<StoredObject> {
    this.#enter();
    this.#checksum.end();
    await this.#writer.end();
    const { bucket, key, isReplacing, conditions } = this.#place;
    const checksum = this.#checksum.value();
    if (!isReplacing && conditions) await this.#refuseToReplace();
    const command = new CompleteMultipartUploadCommand({
      ...this.#address,
      MultipartUpload: { Parts: this.#parts },
      ...(!isReplacing && { IfNoneMatch: '*' }),
      // MinIO takes no sum of nothing for right.
      ...(this.#place.checksum === 'CRC64NVME' && this.#size > 0 && { ChecksumType: 'FULL_OBJECT', ChecksumCRC64NVME: toBase64(checksum) }),
    });
    const { VersionId } = await ask(bucket, `commit ${key}`, this.#signal, (options) => bucket.client.send(command, options)).catch(async (error: unknown) => {
      // S3 says "conflict" to one of two that commit at once; whether the other one won, the object tells.
      if (isConflict(error)) await this.#refuseToReplace();
      throw error;
    });
    this.#isCommitted = true;
    if (!isReplacing && this.#copy) await conditions?.tryOut(this.#copy, () => openPending({ ...this.#place, conditions: undefined }, this.#signal));
    return { key, size: this.#size, modifiedAt: bucket.now(), checksum, ...versionOf(VersionId) };
  }

  async abort(): Promise<void> {
    this.#isOpen = false;
    if (this.#isCommitted) return;
    this.#stop.abort();
    await this.#writer.settle();
    const { bucket, key } = this.#place;
    await ask(bucket, `abort ${key}`, AbortSignal.timeout(ABORT_LIMIT_MS), (options) =>
      bucket.client.send(new AbortMultipartUploadCommand(this.#address), options),
    ).catch(unlessGone);
  }

  get #address() {
    return { Bucket: this.#place.bucket.bucket, Key: this.#place.key, UploadId: this.#uploadId };
  }

  async #send(part: Buffer, number: number): Promise<void> {
    const { bucket, key, checksum } = this.#place;
    if (this.#place.conditions?.wants(this.#size)) this.#copy = Buffer.from(part);
    const digest = this.#checksum.ofPart(number);
    const sum = digest.toString('base64');
    const kept = { ...(checksum === 'SHA256' && { ChecksumSHA256: sum }), ...(checksum === 'CRC64NVME' && { ChecksumCRC64NVME: sum }) };
    const command = new UploadPartCommand({
      ...this.#address,
      PartNumber: number,
      Body: part,
      ContentLength: part.length,
      ...kept,
      ...(checksum === 'off' && { ContentMD5: sum }),
    });
    if (checksum === 'SHA256') signWith(command, digest);
    const { ETag } = await ask(bucket, `part ${number} of ${key}`, this.#signal, (options) => bucket.client.send(command, options));
    this.#parts[number - 1] = { PartNumber: number, ETag, ...kept };
  }

  /**
   * A second net, for stores that take no conditions; the first one is the condition of the commit itself. To look may be forbidden, to
   * those who may only write and to those who may not list: then the first net is all there is.
   */
  async #refuseToReplace(): Promise<void> {
    const { bucket, key } = this.#place;
    const there = await ask(bucket, `look for ${key}`, this.#signal, (options) =>
      bucket.client.send(new HeadObjectCommand({ Bucket: bucket.bucket, Key: key }), options),
    ).catch(unlessUnseen);
    if (there !== undefined) throw new SnapshotError('storage_exists', `s3: ${bucket.bucket}: ${key}: exists already`);
  }

  /** Closed until the step has gone well: after a failed write nothing may be written or committed. */
  #enter(): void {
    if (this.#signal.aborted && !this.#stop.signal.aborted) throw abortReason(this.#signal);
    if (!this.#isOpen) throw new SnapshotError('storage_failed', `s3: ${this.#place.bucket.bucket}: ${this.#place.key}: this upload has failed or ended`);
    this.#isOpen = false;
  }
}

/** The signature covers the sum of the body, which is known already: one pass over the bytes instead of two. */
function signWith(command: UploadPartCommand, sha256: Buffer): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { readonly headers: Record<string, string> };
      request.headers['x-amz-content-sha256'] = sha256.toString('hex');
      return next(args);
    },
    { step: 'build', name: 'sumOfBody' },
  );
}

function toBase64(checksum: string): string {
  return Buffer.from(checksum.slice(checksum.indexOf(':') + 1), 'hex').toString('base64');
}
