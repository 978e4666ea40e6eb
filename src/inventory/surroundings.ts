import type { Destination } from '../agent/destination.ts';
import { SnapshotError } from '../errors.ts';
import { type NamedCluster, readManifest } from '../retention/manifests.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import { manifestFolder, manifestName, recordTime, subjectOf, takenAt } from '../snapshot/name.ts';
import { baseName, type ObjectKey } from '../storage/key.ts';

/** The manifests of one destination, the oldest first, and the records of one of its snapshots. */
export interface Surroundings {
  readonly manifests: readonly ObjectKey[];
  readonly records: readonly ObjectKey[];
}

/** `key` undefined: of no snapshot here. */
export async function lookAround(
  { storage, prefix }: Destination,
  key: ObjectKey | undefined,
  { template, clusterName }: NamedCluster,
  signal: AbortSignal,
): Promise<Surroundings> {
  const manifests: { readonly key: ObjectKey; readonly at: Date }[] = [];
  const records: ObjectKey[] = [];
  for await (const listed of storage.list(manifestFolder(prefix), signal)) {
    const file = baseName(listed.key);
    const subject = subjectOf(file);
    const at = subject && takenAt(template, clusterName, subject.name);
    if (subject === undefined) continue;
    if (subject.isRecord && key !== undefined && subject.name === baseName(key)) records.push(listed.key);
    else if (at && file === manifestName(subject.name)) manifests.push({ key: listed.key, at });
  }
  const byTime = (a: ObjectKey, b: ObjectKey) => (recordTime(baseName(a))?.getTime() ?? 0) - (recordTime(baseName(b))?.getTime() ?? 0);
  return { manifests: manifests.sort((a, b) => a.at.getTime() - b.at.getTime()).map((one) => one.key), records: records.sort(byTime) };
}

/**
 * The oldest manifest with these unseal keys. Keys that were replaced do not come back, so halving finds it: seventeen readings in a
 * hundred thousand. `index` is that of the snapshot that has them; later ones may have others.
 */
export async function oldestWithSeal(
  { storage }: Destination,
  manifests: readonly ObjectKey[],
  { clusterId, fingerprint, index }: { readonly clusterId: string | undefined; readonly fingerprint: string; readonly index: bigint | undefined },
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  let oldest: Manifest | undefined;
  let from = 0;
  let to = manifests.length;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const manifest = await readIfAny(() => readManifest(storage, manifests[middle]!, signal));
    const isOurs = manifest !== undefined && (clusterId === undefined || manifest.cluster_id === clusterId);
    const isSame = isOurs && manifest.seal_fingerprint === fingerprint;
    if (isSame) oldest = manifest;
    const isLater = isSame || (manifest !== undefined && index !== undefined && BigInt(manifest.raft_index) > index);
    if (isLater) to = middle;
    else from = middle + 1;
  }
  return oldest;
}

/** Pruned meanwhile, or not readable: it tells nothing, and is passed over. */
async function readIfAny(read: () => Promise<Manifest>): Promise<Manifest | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SnapshotError && (error.code === 'not_found' || error.code === 'storage_mismatch')) return undefined;
    throw error;
  }
}
