import { describe, expect, it } from 'vitest';
import { Checksum, type ChecksumMode, toldChecksum } from '../../../../src/storage/s3/checksum.ts';
import { Crc64 } from '../../../../src/storage/s3/crc64.ts';

const MIB = 1024 * 1024;

function sumOf(mode: ChecksumMode, chunks: readonly Uint8Array[]): string {
  const checksum = new Checksum(mode, 0);
  for (const chunk of chunks) checksum.update(chunk);
  checksum.end();
  return checksum.value();
}

function crcOf(...texts: readonly string[]): string {
  const crc = new Crc64();
  for (const text of texts) crc.update(Buffer.from(text));
  return crc.digest().toString('hex');
}

describe('CRC-64/NVME', () => {
  it.each([
    ['', '0000000000000000'],
    ['123456789', 'ae8b14860a799888'],
  ])('of %j is %s', (text, expected) => {
    expect(crcOf(text)).toBe(expected);
  });

  it('does not depend on how the bytes are cut', () => {
    const text = 'the quick brown fox jumps over the lazy dog';
    for (let at = 0; at <= text.length; at++) expect(crcOf(text.slice(0, at), text.slice(at))).toBe(crcOf(text));
  });
});

describe('a checksum', () => {
  it.each<[ChecksumMode, string]>([
    // Sum of the sum of nothing: an empty object has one empty part.
    ['SHA256', 'sha256parts:5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456'],
    ['off', 'md5parts:59adb24ef3cdbe0297f05b395827453f'],
    ['CRC64NVME', 'crc64nvme:0000000000000000'],
  ])('of nothing is known (%s)', (mode, expected) => {
    expect(sumOf(mode, [])).toBe(expected);
    expect(sumOf(mode, [Buffer.alloc(0)])).toBe(expected);
  });

  it.each<ChecksumMode>(['SHA256', 'CRC64NVME', 'off'])('does not depend on how the bytes come (%s)', (mode) => {
    const content = Buffer.alloc(17 * MIB, 'snapshot');
    const odd = Array.from({ length: 18 }, (_, index) => content.subarray(index * 1_000_003, (index + 1) * 1_000_003));
    expect(sumOf(mode, odd)).toBe(sumOf(mode, [content]));
    content.writeUInt8(0, 9 * MIB);
    expect(sumOf(mode, odd)).toBe(sumOf(mode, [content]));
  });

  it.each<ChecksumMode>(['SHA256', 'off'])('does not close a last part that is empty (%s)', (mode) => {
    const checksum = new Checksum(mode, 0);
    checksum.update(Buffer.alloc(5 * MIB));
    checksum.end();
    expect(() => checksum.ofPart(2)).toThrow(RangeError);
    expect(checksum.ofPart(1)).toHaveLength(mode === 'off' ? 16 : 32);
  });
});

describe('what a store tells', () => {
  const metadata = { $metadata: {} };

  it.each([
    ['a composite', { ChecksumSHA256: `${Buffer.alloc(32, 1).toString('base64')}-3` }, `sha256parts:${'01'.repeat(32)}`],
    ['a sum of one piece', { ChecksumSHA256: Buffer.alloc(32, 1).toString('base64') }, `sha256:${'01'.repeat(32)}`],
    ['none of this kind', { ChecksumCRC64NVME: 'AAAAAAAAAAA=' }, undefined],
  ])('with SHA256 may be %s', (_, head, expected) => {
    expect(toldChecksum({ ...metadata, ...head }, 'SHA256')).toBe(expected);
  });

  it.each([
    ['of parts', { ETag: '"0123456789abcdef0123456789abcdef-2"' }, 'md5parts:0123456789abcdef0123456789abcdef'],
    ['of one piece, which is none of ours', { ETag: '"0123456789abcdef0123456789abcdef"' }, undefined],
    ['no MD5 at all', { ETag: '"CJ3X-1"' }, undefined],
    ['missing', {}, undefined],
    ['of what is encrypted with a key', { ETag: '"0123456789abcdef0123456789abcdef-2"', ServerSideEncryption: 'aws:kms' as const }, undefined],
    ['of what the customer encrypts', { ETag: '"0123456789abcdef0123456789abcdef-2"', SSECustomerAlgorithm: 'AES256' }, undefined],
  ])('as ETag may be %s', (_, head, expected) => {
    expect(toldChecksum({ ...metadata, ...head }, 'off')).toBe(expected);
  });
});
