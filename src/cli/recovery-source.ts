import { basename } from 'node:path';
import type { Destination } from '../agent/destination.ts';
import { SnapshotError } from '../errors.ts';
import { findCandidates } from '../recovery/candidates.ts';
import { findFault, type Wanted } from '../recovery/choose.ts';
import { type Source, sourceOf } from '../recovery/fetch.ts';
import type { NamedCluster } from '../retention/manifests.ts';
import { takenAt } from '../snapshot/name.ts';
import { openArchiveFile } from './archive-file.ts';

export interface Chosen {
  readonly source: Source;
  /** Undefined: a file. */
  readonly from: Destination | undefined;
  readonly warnings: readonly string[];
}

/** The one snapshot that is meant, found sound as far as can be told without reading it; never another in its place. */
export async function chooseStored(destinations: readonly Destination[], wanted: Wanted, ours: NamedCluster, signal: AbortSignal): Promise<Chosen> {
  const { candidates, warnings } = await findCandidates(destinations, wanted, ours, 1, signal);
  const [candidate] = candidates;
  const from = destinations.find(({ storage }) => storage.name === candidate?.destination);
  if (candidate === undefined || from === undefined) throw new SnapshotError('not_found', 'there is no such snapshot');
  const fault = findFault(candidate, wanted);
  if (fault) throw fault;
  return { source: sourceOf(candidate, from), from, warnings };
}

/** A file of this host; of a local destination it has its manifest beside it. */
export async function chooseFile(path: string, clusterId: string | undefined, ours: NamedCluster): Promise<Chosen> {
  const { size, manifest, read } = await openArchiveFile(path);
  if (manifest !== undefined && clusterId !== undefined && manifest.cluster_id !== clusterId) {
    throw new SnapshotError('cluster_mismatch', `${path}: is of the cluster ${manifest.cluster_id}, wanted is ${clusterId}`);
  }
  const at = manifest === undefined ? takenAt(ours.template, ours.clusterName, basename(path)) : new Date(manifest.taken_at);
  return { source: { name: path, size, takenAt: at, manifest, read }, from: undefined, warnings: [] };
}
