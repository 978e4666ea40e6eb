import { aliasKey, type Destination } from '../agent/destination.ts';
import { manifestOf, type NamedCluster, newestManifest } from '../retention/manifests.ts';
import type { Manifest } from '../snapshot/manifest.ts';

/** The newest proved snapshot at one destination. */
export async function newestAt(destination: Destination, ours: NamedCluster, signal: AbortSignal): Promise<Manifest | undefined> {
  const { storage, prefix, keepsHistory } = destination;
  const alias = keepsHistory ? undefined : aliasKey(destination);
  return alias === undefined ? newestManifest(storage, prefix, ours, signal) : manifestOf(storage, alias, ours, signal);
}

/** The one taken last. */
export function newestOf(manifests: readonly (Manifest | undefined)[]): Manifest | undefined {
  return manifests.filter((manifest) => manifest !== undefined).toSorted((a, b) => Date.parse(b.taken_at) - Date.parse(a.taken_at))[0];
}
