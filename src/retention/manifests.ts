import { SnapshotError } from '../errors.ts';
import { SAFETY_SCHEDULE } from '../recovery/choose.ts';
import { type Manifest, parseManifest } from '../snapshot/manifest.ts';
import { manifestFolder, manifestKey, type NameTemplate, subjectOf, takenAt } from '../snapshot/name.ts';
import type { Storage } from '../storage/contract.ts';
import { baseName, type KeyPrefix, type ObjectKey } from '../storage/key.ts';

const LIMIT_BYTES = 1024 * 1024;

/** Whose names are meant: with the name of the cluster in the template, only its own can be read back. */
export interface NamedCluster {
  readonly template: NameTemplate;
  readonly clusterName: string;
  /** Undefined: not known yet. */
  readonly clusterId: string | undefined;
}

/** Which of several is looked for. */
export interface Looking extends NamedCluster {
  /** What is dated later is passed over. */
  readonly notAfter?: Date;
}

export interface Newest {
  readonly manifest: Manifest | undefined;
  /** A restore has given up the state it is of: right before, a newer snapshot was taken for the way back. */
  readonly isGivenUp: boolean;
  /** The last of all, also one for the way back: what it says of the cluster is the latest that is known. */
  readonly latest: Manifest | undefined;
}

/** The newest proved snapshot of this cluster; unreadable manifests, those of other clusters and those for the way back are passed over. */
export async function newestManifest(storage: Storage, prefix: KeyPrefix, ours: Looking, signal: AbortSignal): Promise<Newest> {
  const found: { readonly key: ObjectKey; readonly takenAt: Date }[] = [];
  for await (const { key } of storage.list(manifestFolder(prefix), signal)) {
    const subject = subjectOf(baseName(key));
    const at = subject && !subject.isRecord ? takenAt(ours.template, ours.clusterName, subject.name) : undefined;
    if (at && !(ours.notAfter && at > ours.notAfter)) found.push({ key, takenAt: at });
  }
  let latest: Manifest | undefined;
  for (const { key } of found.sort((a, b) => b.takenAt.getTime() - a.takenAt.getTime())) {
    const manifest = await readIfSound(storage, key, signal);
    if (manifest === undefined || (ours.clusterId !== undefined && manifest.cluster_id !== ours.clusterId)) continue;
    latest ??= manifest;
    if (manifest.schedule !== SAFETY_SCHEDULE) return { manifest, isGivenUp: latest !== manifest, latest };
  }
  return { manifest: undefined, isGivenUp: latest !== undefined, latest };
}

/** The manifest of one object, if there is a sound one and it is of this cluster. */
export async function manifestOf(storage: Storage, object: ObjectKey, { clusterId }: NamedCluster, signal: AbortSignal): Promise<Manifest | undefined> {
  const key = manifestKey(object);
  const manifest = (await storage.stat(key, signal)) && (await readIfSound(storage, key, signal));
  return manifest && (clusterId === undefined || manifest.cluster_id === clusterId) ? manifest : undefined;
}

/** Rejects with `storage_mismatch` for a file that is no manifest, or one of another snapshot. */
export async function readManifest(storage: Storage, key: ObjectKey, signal: AbortSignal): Promise<Manifest> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of storage.read(key, signal)) {
    bytes += chunk.length;
    if (bytes > LIMIT_BYTES) throw new SnapshotError('storage_mismatch', `manifest: longer than ${LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  const manifest = parseManifest(Buffer.concat(chunks).toString());
  const about = baseName(manifest.key as ObjectKey);
  if (about === subjectOf(baseName(key))?.name) return manifest;
  throw new SnapshotError('storage_mismatch', `manifest: is of ${about}, not of the snapshot it is named after`);
}

/** The manifest of one object, whatever cluster it is of; `storage_mismatch` if it cannot be read. */
export async function manifestIfThere(storage: Storage, key: ObjectKey, signal: AbortSignal): Promise<Manifest | undefined> {
  try {
    return await readManifest(storage, manifestKey(key), signal);
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'not_found') return undefined;
    throw error;
  }
}

async function readIfSound(storage: Storage, key: ObjectKey, signal: AbortSignal): Promise<Manifest | undefined> {
  try {
    return await readManifest(storage, key, signal);
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'storage_mismatch') return undefined;
    throw error;
  }
}
