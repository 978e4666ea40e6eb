import { aliasKey, type Destination } from '../agent/destination.ts';
import { type Looking, manifestOf, type Newest, newestManifest } from '../retention/manifests.ts';
import type { Manifest } from '../snapshot/manifest.ts';

/** The newest proved snapshot at one destination. */
export async function newestAt(destination: Destination, ours: Looking, signal: AbortSignal): Promise<Manifest | undefined> {
  return (await lookForNewest(destination, ours, signal)).manifest;
}

/** The same, and whether a restore has given up its state since. */
export async function lookForNewest(destination: Destination, ours: Looking, signal: AbortSignal): Promise<Newest> {
  const { storage, prefix, keepsHistory } = destination;
  const alias = keepsHistory ? undefined : aliasKey(destination);
  if (alias === undefined) return await newestManifest(storage, prefix, ours, signal);
  const only = await manifestOf(storage, alias, ours, signal);
  const isLater = only && ours.notAfter && Date.parse(only.taken_at) > ours.notAfter.getTime();
  const manifest = isLater ? undefined : only;
  return { manifest, isGivenUp: false, latest: manifest };
}

/** The one taken last. */
export function newestOf(manifests: readonly (Manifest | undefined)[]): Manifest | undefined {
  return manifests.filter((manifest) => manifest !== undefined).toSorted((a, b) => Date.parse(b.taken_at) - Date.parse(a.taken_at))[0];
}
