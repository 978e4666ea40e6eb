import { aliasKey, type Destination } from '../agent/destination.ts';
import { SnapshotError } from '../errors.ts';
import { nameWithin } from '../inventory/selection.ts';
import { manifestIfThere, type NamedCluster } from '../retention/manifests.ts';
import { surveySubjects } from '../retention/survey.ts';
import { takenAt } from '../snapshot/name.ts';
import type { Storage } from '../storage/contract.ts';
import { baseName, keyPrefix, type ObjectKey } from '../storage/key.ts';
import { type Candidate, isMeant, rank, type Wanted } from './choose.ts';

export interface Found {
  /** Newest first; none of them is judged yet. */
  readonly candidates: readonly Candidate[];
  /** Destinations that could not be looked at, while others could. */
  readonly warnings: readonly string[];
}

/** So many of the newest that are meant, over all these destinations. Rejects with `not_found` where there is none. */
export async function findCandidates(
  destinations: readonly Destination[],
  wanted: Wanted,
  ours: NamedCluster,
  count: number,
  signal: AbortSignal,
): Promise<Found> {
  const looked = await Promise.allSettled(destinations.map((destination) => lookAt(destination, wanted, ours, count, signal)));
  signal.throwIfAborted();
  const failures = looked.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const candidates = rank(
    looked.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])),
    wanted,
  );
  if (candidates.length > 0) {
    const warnings = failures.map((failure) => `a destination was passed over: ${failure instanceof Error ? failure.message : String(failure)}`);
    return { candidates: candidates.slice(0, count), warnings };
  }
  if (failures.length > 0) throw failures[0];
  const places = destinations.map(({ storage }) => storage.name).join(', ');
  const before = wanted.wish.kind === 'before' ? ` from before ${wanted.wish.at.toISOString()}` : '';
  const whose = wanted.clusterId === undefined ? '' : ` of the cluster ${wanted.clusterId}`;
  const advice =
    'look at the path, the prefix and the cluster with "vault-snapshotd list"; one without a manifest is taken by its name alone, with --cluster-id';
  throw new SnapshotError('not_found', `${places}: there is no proved snapshot${whose}${before}`, { advice });
}

/** Manifests are read no further than needed: there may be a hundred thousand. */
async function lookAt(destination: Destination, wanted: Wanted, ours: NamedCluster, count: number, signal: AbortSignal): Promise<readonly Candidate[]> {
  const { wish } = wanted;
  const { storage, keepsHistory } = destination;
  const alias = keepsHistory ? undefined : aliasKey(destination);
  const named = wish.kind === 'name' ? nameWithin(destination, wish.name) : alias;
  const objects = named === undefined ? await survey(destination, ours, signal) : [{ key: named, size: await sizeOf(storage, named, signal) }];
  const meant: Candidate[] = [];
  for (const { key, size } of objects) {
    const manifest = await readManifestOf(storage, key, signal);
    const told = manifest instanceof SnapshotError || manifest === undefined ? undefined : new Date(manifest.taken_at);
    const candidate = { destination: storage.name, key, size, manifest, takenAt: told ?? takenAt(ours.template, ours.clusterName, baseName(key)) };
    if (isMeant(candidate, wanted)) meant.push(candidate);
    if (meant.length >= count) break;
  }
  return meant;
}

/** Those with a manifest, in the order of the times in their names: only where to look first. */
async function survey(destination: Destination, ours: NamedCluster, signal: AbortSignal) {
  const { subjects } = await surveySubjects(destination.storage, destination.prefix, ours, signal);
  return [...subjects.values()].filter(({ hasManifest }) => hasManifest).sort((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
}

/** From the listing: to tell of one object alone, a local destination would read it whole. */
async function sizeOf(storage: Storage, wanted: ObjectKey, signal: AbortSignal): Promise<number | undefined> {
  for await (const { key, size } of storage.list(keyPrefix(wanted.slice(0, -baseName(wanted).length)), signal)) if (key === wanted) return size;
  return undefined;
}

async function readManifestOf(storage: Storage, key: ObjectKey, signal: AbortSignal): Promise<Candidate['manifest']> {
  try {
    return await manifestIfThere(storage, key, signal);
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'storage_mismatch') return error;
    throw error;
  }
}
