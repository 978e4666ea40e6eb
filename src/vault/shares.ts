import { Secret, type SecretSource } from '../config/secret.ts';
import type { Hidden } from '../recovery/contract.ts';

/** The shares behind references, read now; a file may hold several, a line each. */
export async function readShares(sources: readonly SecretSource[]): Promise<readonly Hidden[]> {
  const texts = await Promise.all(sources.map((source) => source.read()));
  return texts.flatMap((secret) =>
    secret
      .reveal()
      .split(/\s+/)
      .filter((share) => share !== '')
      .map((share) => new Secret(share)),
  );
}
