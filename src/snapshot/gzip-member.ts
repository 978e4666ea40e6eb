import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { corrupt } from './archive-checks.ts';
import { release } from './release.ts';

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
/** As long as the chunks that come in: smaller ones cost a trip to zlib each. */
const OUTPUT_BYTES = 262_144;

/**
 * Exactly one gzip member, unpacked as it comes. Header and trailer are read by hand: the gunzip of Node takes
 * zeros, rubbish and whole second members after the end without a word.
 */
export class GzipMember {
  readonly #inflate: InflateRaw = createInflateRaw({ chunkSize: OUTPUT_BYTES });
  #header = Buffer.alloc(0);
  #trailer = Buffer.alloc(0);
  #crc = 0;
  #unpackedBytes = 0;
  #isDataOver = false;
  #failure: unknown;
  /** Wakes the write that waits for zlib. */
  #wake = (): void => {};

  /** What `onBytes` throws fails the write under way. */
  constructor(onBytes: (bytes: Buffer) => void) {
    this.#inflate.on('data', (bytes: Buffer) => {
      if (this.#failure !== undefined) return;
      this.#crc = crc32(bytes, this.#crc);
      this.#unpackedBytes += bytes.length;
      try {
        onBytes(bytes);
        // Filled to its end: zlib has taken another one.
        if (bytes.byteOffset + bytes.length === OUTPUT_BYTES) release(new Uint8Array(bytes.buffer));
      } catch (error) {
        this.destroy(error);
      }
    });
    this.#inflate.on('end', () => {
      this.#isDataOver = true;
      this.#wake();
    });
    this.#inflate.on('error', (error) => this.destroy(corrupt('gzip data', 'data that unpacks', error.message, error)));
  }

  /** Resolves when every byte of the chunk has been unpacked and seen. One call at a time. */
  async write(chunk: Uint8Array): Promise<void> {
    const data = this.#withoutHeader(chunk);
    const before = this.#inflate.bytesWritten;
    if (!this.#isDataOver) await this.#unpack(data);
    this.#endsWith(data.subarray(this.#inflate.bytesWritten - before));
  }

  /** Throws unless the member is whole and was the last thing. */
  finish(): void {
    if (this.#header.length < HEADER_BYTES) throw corrupt('gzip header', `${HEADER_BYTES} bytes`, `${this.#header.length}`);
    if (this.#trailer.length < TRAILER_BYTES) {
      throw corrupt('gzip end', 'the whole archive', this.#isDataOver ? `an end within the trailer` : 'an end in the middle of the data');
    }
    const crc = this.#trailer.readUInt32LE(0);
    if (crc !== this.#crc) throw corrupt('gzip crc', hex(crc), hex(this.#crc));
    const size = this.#trailer.readUInt32LE(4);
    // Told in 32 bits, however much it was.
    const found = this.#unpackedBytes >>> 0;
    if (size !== found) throw corrupt('gzip size', `${size}`, `${found}`);
  }

  /** Frees zlib; a write under way rejects with the reason. */
  destroy(reason: unknown): void {
    this.#failure ??= reason;
    this.#inflate.destroy();
    this.#wake();
  }

  #withoutHeader(chunk: Uint8Array): Buffer {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const missing = HEADER_BYTES - this.#header.length;
    this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)]);
    const magic = this.#header.subarray(0, 4).toString('hex');
    if (!'1f8b0800'.startsWith(magic)) throw corrupt('gzip header', '1f8b0800', magic);
    return bytes.subarray(missing);
  }

  async #unpack(data: Buffer): Promise<void> {
    await new Promise<void>((resolve) => {
      // When the compressed data ends inside this chunk, zlib says `end` and never calls back.
      this.#wake = resolve;
      if (this.#failure === undefined) this.#inflate.write(data, () => resolve());
      else resolve();
    });
    if (this.#failure !== undefined) throw this.#failure;
  }

  #endsWith(bytes: Buffer): void {
    this.#trailer = Buffer.concat([this.#trailer, bytes.subarray(0, TRAILER_BYTES + 1)]);
    if (this.#trailer.length > TRAILER_BYTES) throw corrupt('gzip end', 'nothing after the gzip trailer', 'more bytes');
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
