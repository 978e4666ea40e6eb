import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { ArchiveVerifier } from '../../../src/snapshot/archive.ts';
import { buildArchive, stateRecords, type TarMember } from '../../fakes/archive.ts';
import { verifyArchive } from './verify-archive.ts';

const whole = buildArchive();

describe('a whole archive', () => {
  it('is proved with all there is to know of it', async () => {
    expect(
      await verifyArchive(
        buildArchive({
          index: 2n ** 53n + 1n,
          term: 7n,
          servers: [
            { id: 'a', suffrage: 0 },
            { id: 'b', suffrage: 1 },
          ],
        }),
      ),
    ).toEqual({
      bytes: expect.any(Number),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      meta: {
        index: 9007199254740993n,
        term: 7n,
        stateBytes: 437,
        servers: [
          { id: 'a', voter: true },
          { id: 'b', voter: false },
        ],
      },
      stateBytes: 437,
      entries: 9,
      seal: { type: 'shamir', shares: 1, threshold: 1 },
      sealFingerprint: '3c02dc2b83475d34857fbeaf6c4720907b69532d09e2780513375da77e1d73e2',
      suspicious: [],
    });
  });

  it('is proved under the sum of all its bytes', async () => {
    expect(await verifyArchive(whole, 100)).toMatchObject({ bytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') });
  });

  it.each([1, 2, 7, 511, 512, 513])('is proved the same in chunks of %i bytes', async (chunkBytes) => {
    expect(await verifyArchive(whole, chunkBytes)).toEqual(await verifyArchive(whole));
  });

  it.each([
    ['stored and not compressed, as OpenBao sends it', { level: 0 }],
    ['with its sizes in PAX headers, as Go writes 8 GiB and more', { members: (all: readonly TarMember[]) => all.map((each) => ({ ...each, isPax: true })) }],
    ['with spaces at the end of meta.json', { metaText: '{"Version":1,"Index":1,"Term":1,"Size":437}   \n' }],
    ['without any servers', { metaText: '{"Version":1,"Index":1,"Term":1,"Configuration":null,"Size":437}\n' }],
    ['with fields in meta.json that a later server adds', { metaText: '{"Version":1,"Index":1,"Term":1,"Later":{"Size":1},"Size":437}\n' }],
    ['with a state that fills its blocks', { state: stateRecords([{ key: 'core/keyring', value: Buffer.alloc(493) }]) }],
    ['with megabytes of state', { padStateTo: 3_000_000 }],
    ['with an empty state', { state: Buffer.alloc(0) }],
    ['with a meta.json of 8191 bytes', { metaText: '{"Version":1,"Index":1,"Term":1,"Size":437}\n'.padEnd(8191) }],
    ['with a SHA256SUMS.sealed of 8191 bytes', { sealed: Buffer.alloc(8191, 1) }],
    ['with a SHA256SUMS.sealed of one byte', { sealed: Buffer.alloc(1, 1) }],
  ])('is proved %s', async (_what, options) => {
    const archive = buildArchive(options);
    expect(await verifyArchive(archive)).toMatchObject({ bytes: archive.length });
    expect(await verifyArchive(archive, 1001)).toMatchObject({ bytes: archive.length });
  });

  it('tells its meta as soon as meta.json has passed, long before the end', async () => {
    const verifier = new ArchiveVerifier();
    await verifier.update(buildArchive({ level: 0 }).subarray(0, 10 + 5 + 1024));
    await expect(verifier.meta).resolves.toMatchObject({ index: 42n, term: 3n });
    verifier.abort();
  });
});

describe('giving an archive up', () => {
  it('wakes whoever waits for the meta, with the reason', async () => {
    const verifier = new ArchiveVerifier();
    const reason = new SnapshotError('vault_cut', 'vault: gone');
    verifier.abort(reason);
    await expect(verifier.meta).rejects.toBe(reason);
    await expect(verifier.update(whole)).rejects.toBe(reason);
    await expect(verifier.finish()).rejects.toBe(reason);
  });

  it('proves nothing after that, though every byte has come', async () => {
    const verifier = new ArchiveVerifier();
    await verifier.update(whole);
    verifier.abort();
    await expect(verifier.finish()).rejects.toMatchObject({ code: 'stopped', message: 'archive: given up before its end' });
  });

  it('keeps the first reason, whatever comes after', async () => {
    const verifier = new ArchiveVerifier();
    await expect(verifier.update(Buffer.from('not a gzip'))).rejects.toThrow('gzip header');
    verifier.abort();
    await expect(verifier.finish()).rejects.toThrow('gzip header');
  });

  it('wakes an update under way', async () => {
    const verifier = new ArchiveVerifier();
    const update = verifier.update(buildArchive({ padStateTo: 3_000_000 }));
    verifier.abort();
    await expect(update).rejects.toMatchObject({ code: 'stopped' });
  });

  it('does nothing after the verdict, however often', async () => {
    const verifier = new ArchiveVerifier();
    await verifier.update(whole);
    const proof = await verifier.finish();
    verifier.abort();
    verifier.abort();
    expect(proof.entries).toBe(9);
    await expect(verifier.meta).resolves.toMatchObject({ index: 42n });
  });
});
