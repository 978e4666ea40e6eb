import type { Spool } from '../spool/contract.ts';
import type { ArchiveVerifier } from './archive.ts';
import type { Proof } from './proof.ts';

/** As fast as Vault sends: while we read, it can neither seal nor step down. Resolves once the archive has proved whole. */
export async function drain(
  archive: AsyncIterable<Uint8Array>,
  spool: Spool,
  verifier: ArchiveVerifier,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<Proof> {
  try {
    for await (const chunk of archive) {
      await spool.append(chunk);
      onBytes(spool.bytes);
      await verifier.update(chunk);
    }
    const proof = await verifier.finish();
    spool.end();
    return proof;
  } catch (error) {
    verifier.abort();
    spool.fail(error); // wakes every reader, so that each aborts
    throw error;
  }
}
