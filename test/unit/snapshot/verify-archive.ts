import { ArchiveVerifier } from '../../../src/snapshot/archive.ts';
import type { Proof } from '../../../src/snapshot/proof.ts';

/** As the drain does it, in chunks of the given size. */
export async function verifyArchive(archive: Buffer, chunkBytes = archive.length): Promise<Proof> {
  const verifier = new ArchiveVerifier();
  for (let at = 0; at < archive.length; at += chunkBytes) await verifier.update(archive.subarray(at, at + chunkBytes));
  return await verifier.finish();
}

/** Undefined for an archive that is refused. */
export async function proofOf(archive: Buffer): Promise<Proof | undefined> {
  const [result] = await Promise.allSettled([verifyArchive(archive)]);
  return result?.status === 'fulfilled' ? result.value : undefined;
}
