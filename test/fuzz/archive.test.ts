import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArchiveVerifier } from '../../src/snapshot/archive.ts';
import { ARCHIVE_CHECKS, ArchiveFault } from '../../src/snapshot/archive-checks.ts';
import type { Proof } from '../../src/snapshot/proof.ts';
import { buildArchive } from '../fakes/archive.ts';
import { verifyArchive } from '../unit/snapshot/verify-archive.ts';
import { runs } from './runs.ts';
import { spoil, spoilArchive } from './spoiled-archive.ts';
import { sha256, takeApart } from './tar-walk.ts';

const WHOLE = buildArchive({ padStateTo: 3_000 });

/** The proof, or the fault; whatever else is thrown goes through. */
async function verdictOn(archive: Buffer, chunkBytes = Math.max(1, archive.length)): Promise<Proof | ArchiveFault> {
  try {
    return await verifyArchive(archive, chunkBytes);
  } catch (error) {
    if (error instanceof ArchiveFault) return error;
    throw error;
  }
}

describe('an archive that somebody has spoiled', () => {
  it('is proved, or refused by one of the checks: nothing else is ever thrown', async () => {
    const refusals = new Set<string>();
    await fc.assert(
      fc.asyncProperty(spoil, async (how) => {
        const verdict = await verdictOn(spoilArchive(WHOLE, how));
        if (verdict instanceof ArchiveFault) refusals.add(verdict.check);
      }),
      runs(2_000),
    );
    // The cases reach every check there is.
    expect([...refusals].sort()).toEqual(Object.keys(ARCHIVE_CHECKS).sort());
  });

  it('is judged alike in whatever pieces it comes', async () => {
    await fc.assert(
      fc.asyncProperty(spoil, fc.integer({ min: 1, max: 600 }), async (how, chunkBytes) => {
        const archive = spoilArchive(WHOLE, how);
        const [inOne, inPieces] = [await verdictOn(archive), await verdictOn(archive, chunkBytes)];
        // Of several faults another one may come first: zlib tells of its own before it gives what came before that.
        if (inOne instanceof ArchiveFault) expect(inPieces).toBeInstanceOf(ArchiveFault);
        else expect(inPieces).toEqual(inOne);
      }),
      runs(300),
    );
  });

  it('is proved only where another reading finds four members and right sums', async () => {
    let proved = 0;
    await fc.assert(
      fc.asyncProperty(spoil, async (how) => {
        const archive = spoilArchive(WHOLE, how);
        const verdict = await verdictOn(archive);
        if (verdict instanceof ArchiveFault) return;
        proved += 1;
        const [meta, state, sums, sealed, ...more] = takeApart(archive);
        expect([meta?.name, state?.name, sums?.name, sealed?.name, more]).toEqual(['meta.json', 'state.bin', 'SHA256SUMS', 'SHA256SUMS.sealed', []]);
        const lines = [`${sha256(meta?.body ?? Buffer.alloc(0))}  meta.json`, `${sha256(state?.body ?? Buffer.alloc(0))}  state.bin`];
        expect(sums?.body.toString().trimEnd().split('\n').sort()).toEqual(lines.sort());
        expect(verdict.sha256).toBe(sha256(archive));
      }),
      runs(1_000),
    );
    expect(proved).toBeGreaterThan(50);
  });

  it('tells the failure once, whatever is asked of the verifier afterwards', async () => {
    const verifier = new ArchiveVerifier();
    const cut = WHOLE.subarray(0, WHOLE.length - 9);
    await verifier.update(cut);
    const first = await verifier.finish().catch((error: unknown) => error);
    expect(first).toMatchObject({ check: 'gzip end' });
    await expect(verifier.update(WHOLE)).rejects.toBe(first);
    await expect(verifier.finish()).rejects.toBe(first);
  });
});
