import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { GzipMember } from '../../../src/snapshot/gzip-member.ts';

async function unpack(gzip: Buffer, chunkBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  // What comes is only lent: the memory is used again.
  const member = new GzipMember((bytes) => parts.push(Buffer.from(bytes)));
  for (let at = 0; at < gzip.length; at += chunkBytes) await member.write(gzip.subarray(at, at + chunkBytes));
  member.finish();
  return Buffer.concat(parts);
}

describe('a gzip member', () => {
  it.each([1, 5, 8, 9, 10, 11, 1000])('is unpacked in chunks of %i bytes', async (chunkBytes) => {
    const text = Buffer.from('a snapshot '.repeat(20));
    expect(await unpack(gzipSync(text), chunkBytes)).toEqual(text);
  });

  it('is unpacked when it is long, and its bytes are handed on once each', async () => {
    const text = Buffer.from('a snapshot of a whole cluster\n'.repeat(100_000));
    expect((await unpack(gzipSync(text), 1000)).equals(text)).toBe(true);
  });

  it('is unpacked around chunks that are empty', async () => {
    const gzip = gzipSync('x');
    const member = new GzipMember(() => {});
    for (const part of [gzip.subarray(0, 12), Buffer.alloc(0), gzip.subarray(12), Buffer.alloc(0)]) await member.write(part);
    expect(() => member.finish()).not.toThrow();
  });

  it('writes both sums with all their digits when they differ', async () => {
    const gzip = gzipSync('33');
    gzip[gzip.length - 8]! ^= 1;
    await expect(unpack(gzip, 100)).rejects.toThrow('archive: gzip crc: expected 0a6216d8, found 0a6216d9');
  });

  it('hands on nothing after what it was handed to has thrown', async () => {
    let calls = 0;
    const fault = new Error('not this one');
    const member = new GzipMember(() => {
      calls += 1;
      throw fault;
    });
    await expect(member.write(gzipSync(Buffer.alloc(5_000_000)))).rejects.toBe(fault);
    await expect(member.write(Buffer.from('more'))).rejects.toBe(fault);
    expect(calls).toBe(1);
  });

  it('refuses whatever comes after it was given up', async () => {
    const member = new GzipMember(() => {});
    const reason = new Error('given up');
    await member.write(gzipSync('x').subarray(0, 10));
    member.destroy(reason);
    member.destroy(new Error('another'));
    await expect(member.write(Buffer.from('more'))).rejects.toBe(reason);
  });
});
