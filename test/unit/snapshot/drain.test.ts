import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { ArchiveVerifier } from '../../../src/snapshot/archive.ts';
import { drain } from '../../../src/snapshot/drain.ts';
import { LocalSpoolDirectory } from '../../../src/spool/directory.ts';
import { buildArchive } from '../../fakes/archive.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';

const NEVER = new AbortController().signal;
const ARCHIVE = buildArchive({ padStateTo: 200_000 });

async function openSpool() {
  const witness = { owner: { host: 'vault-0', pid: 1, startedMs: 1 }, isAlive: () => false, now: () => new Date() };
  return new LocalSpoolDirectory(await scratchDirectory(), witness).open();
}

async function* inChunks(bytes: Buffer, error?: Error): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 4099) yield bytes.subarray(at, at + 4099);
  if (error) throw error;
}

async function contentOf(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of parts) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

describe('draining Vault', () => {
  it('spools every byte and proves the archive', async () => {
    const spool = await openSpool();
    const reading = contentOf(spool.tail(NEVER));
    expect(await drain(inChunks(ARCHIVE), spool, new ArchiveVerifier())).toMatchObject({ bytes: ARCHIVE.length, meta: { index: 42n } });
    expect(await reading).toEqual(ARCHIVE);
    await spool.remove();
  });

  it('never waits for a reader', async () => {
    const spool = await openSpool();
    const reader = spool.tail(NEVER)[Symbol.asyncIterator]();
    await drain(inChunks(ARCHIVE), spool, new ArchiveVerifier());
    expect(spool.bytes).toBe(ARCHIVE.length);
    expect((await reader.next()).done).toBe(false);
    await spool.remove();
  });

  it.each([
    { what: 'the connection', archive: inChunks(ARCHIVE.subarray(0, 90_000), new SnapshotError('vault_cut', 'vault: cut')), code: 'vault_cut' },
    { what: 'the archive', archive: inChunks(ARCHIVE.subarray(0, 90_000)), code: 'archive_corrupt' },
  ])('wakes every reader with what broke: $what', async ({ archive, code }) => {
    const spool = await openSpool();
    const verifier = new ArchiveVerifier();
    const readers = [1, 2].map(() => contentOf(spool.tail(NEVER)));
    const ended = await Promise.allSettled([drain(archive, spool, verifier), ...readers]);
    expect(ended.map((each) => each.status === 'rejected' && each.reason.code)).toEqual([code, code, code]);
    await spool.remove();
  });

  it('ends the read when the spool is full', async () => {
    const spool = await openSpool();
    let isClosed = false;
    async function* archive(): AsyncGenerator<Buffer> {
      try {
        yield* inChunks(ARCHIVE);
      } finally {
        isClosed = true;
      }
    }
    const full = { ...spool, append: () => Promise.reject(new SnapshotError('spool_no_space', 'spool: full')), fail: (error: unknown) => spool.fail(error) };
    const verifier = new ArchiveVerifier();
    await expect(drain(archive(), full, verifier)).rejects.toMatchObject({ code: 'spool_no_space' });
    expect(isClosed).toBe(true);
    await expect(verifier.meta).rejects.toBeDefined();
    await spool.remove();
  });
});
