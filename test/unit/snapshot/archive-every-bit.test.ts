import { describe, expect, it } from 'vitest';
import { buildArchive, initialisedVault } from '../../fakes/archive.ts';
import { proofOf, verifyArchive } from './verify-archive.ts';

const isFull = process.env.VAULT_SNAPSHOTD_TEST_FULL === '1';
const padStateTo = isFull ? 4_000 : 0;
// Compressed and stored archives go through different code of zlib. Stored ones are long: the short run takes every seventh bit.
const ARCHIVES = [
  { how: 'compressed', archive: buildArchive({ padStateTo }), step: 1 },
  { how: 'stored', archive: buildArchive({ level: 0, padStateTo, entries: initialisedVault().slice(3, 5) }), step: isFull ? 1 : 7 },
];

describe.each(ARCHIVES)('a small archive, $how', ({ archive, step }) => {
  it('is refused when it is cut before any of its bytes', async () => {
    const accepted: number[] = [];
    for (let length = 0; length < archive.length; length += 1) if (await proofOf(archive.subarray(0, length))) accepted.push(length);
    expect(accepted).toEqual([]);
  });

  it('is refused when any bit is flipped, but for those that stand for nothing', async () => {
    const { sha256: _, ...original } = await verifyArchive(archive);
    let ignored = 0;
    for (let bit = 0; bit < archive.length * 8; bit += step) {
      const spoiled = Buffer.from(archive);
      spoiled[bit >> 3]! ^= 1 << (bit & 7);
      const proof = await proofOf(spoiled);
      if (!proof) continue;
      expect(proof).toMatchObject(original);
      ignored += 1;
    }
    // Time, flags and system in the header of the gzip, 48 bits; and those that fill its blocks up to whole bytes.
    expect(ignored).toBeLessThan(48 + 16);
  });
});
