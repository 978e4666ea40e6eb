import { createHash } from 'node:crypto';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { partBytes } from '../part-writer.ts';
import { Crc64 } from './crc64.ts';

/** `off`, for stores that refuse the headers: then the MD5 sums of the parts count, which most stores keep as the ETag. */
export type ChecksumMode = 'SHA256' | 'CRC64NVME' | 'off';

interface Sum {
  update(chunk: Uint8Array): unknown;
  digest(): Buffer;
}

/** Sums up bytes as they come, cut exactly as the upload cuts them, and so comes to what the store will tell. */
export class Checksum {
  readonly #mode: ChecksumMode;
  readonly #sizeGuess: number;
  readonly #parts: Buffer[] = [];
  readonly #whole: Sum | undefined;
  #part: Sum;
  #left: number;
  #isPartEmpty = true;

  constructor(mode: ChecksumMode, sizeGuess: number) {
    this.#mode = mode;
    this.#sizeGuess = sizeGuess;
    this.#whole = mode === 'CRC64NVME' ? new Crc64() : undefined;
    this.#part = startSum(mode);
    this.#left = partBytes(1, sizeGuess);
  }

  update(chunk: Uint8Array): void {
    this.#whole?.update(chunk);
    for (let offset = 0; offset < chunk.length; ) {
      const taken = chunk.subarray(offset, offset + this.#left);
      this.#part.update(taken);
      this.#isPartEmpty = false;
      this.#left -= taken.length;
      offset += taken.length;
      if (this.#left === 0) this.#closePart();
    }
  }

  /** No more bytes: closes the last part; an empty object has one, too. */
  end(): void {
    if (!this.#isPartEmpty || this.#parts.length === 0) this.#closePart();
  }

  /** Of a part that is closed. */
  ofPart(number: number): Buffer {
    const digest = this.#parts[number - 1];
    if (digest === undefined) throw new RangeError(`part ${number} is not closed`);
    return digest;
  }

  /** The sum of the sums of the parts, which S3 calls composite; of the bytes themselves with CRC64NVME. */
  value(): string {
    if (this.#whole) return `crc64nvme:${this.#whole.digest().toString('hex')}`;
    const sum = startSum(this.#mode);
    for (const part of this.#parts) sum.update(part);
    return `${this.#mode === 'off' ? 'md5' : 'sha256'}parts:${sum.digest().toString('hex')}`;
  }

  #closePart(): void {
    this.#parts.push(this.#part.digest());
    this.#part = startSum(this.#mode);
    this.#left = partBytes(this.#parts.length + 1, this.#sizeGuess);
    this.#isPartEmpty = true;
  }
}

function startSum(mode: ChecksumMode): Sum {
  return mode === 'CRC64NVME' ? new Crc64() : createHash(mode === 'off' ? 'md5' : 'sha256');
}

/** As the store tells it; undefined where it keeps no sum of this kind, and the bytes must be read. */
export function toldChecksum(head: HeadObjectCommandOutput, mode: ChecksumMode): string | undefined {
  if (mode === 'SHA256') return toldSha256(head.ChecksumSHA256);
  if (mode === 'CRC64NVME') return head.ChecksumCRC64NVME && `crc64nvme:${Buffer.from(head.ChecksumCRC64NVME, 'base64').toString('hex')}`;
  // With a key of KMS or of the customer the ETag is no MD5 though it looks like one.
  const isEncryptedWithKey = head.SSECustomerAlgorithm !== undefined || head.ServerSideEncryption?.startsWith('aws:') === true;
  const sum = isEncryptedWithKey ? undefined : /^"?([0-9a-f]{32})-\d+"?$/.exec(head.ETag ?? '')?.[1];
  return sum && `md5parts:${sum}`;
}

/** S3 writes the number of parts behind a composite sum. One without it is of an object that came in one piece. */
function toldSha256(told: string | undefined): string | undefined {
  const [, sum, parts] = /^([^-]+)(-\d+)?$/.exec(told ?? '') ?? [];
  return sum && `sha256${parts === undefined ? '' : 'parts'}:${Buffer.from(sum, 'base64').toString('hex')}`;
}
