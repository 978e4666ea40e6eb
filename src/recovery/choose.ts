import { SnapshotError } from '../errors.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import { baseName, type ObjectKey } from '../storage/key.ts';

/** Which snapshot is wanted. */
export type Wish = { readonly kind: 'latest' } | { readonly kind: 'before'; readonly at: Date } | { readonly kind: 'name'; readonly name: string };

/** `clusterId` undefined: nobody has said whose. */
export interface Wanted {
  readonly wish: Wish;
  readonly clusterId: string | undefined;
}

/** One snapshot at one destination. */
export interface Candidate {
  readonly destination: string;
  readonly key: ObjectKey;
  /** By its manifest; by its name, if at all, where there is none to be read. */
  readonly takenAt: Date | undefined;
  /** Of the object in bytes; undefined: it is not there. */
  readonly size: number | undefined;
  /** Undefined: it has none, so nobody tells whose it is. The error of one that cannot be read. */
  readonly manifest: Manifest | SnapshotError | undefined;
}

/** What the manifest of a snapshot calls its schedule that was taken right before a restore; no destination has such a name. */
export const SAFETY_SCHEDULE = 'before a restore';

const ANOTHER = 'take an older one with --before, or name another; "vault-snapshotd list" shows where there are good ones';

/** Whether the wish can mean it. A manifest that nobody can read may be that of the newest one. */
export function isMeant({ manifest, takenAt }: Candidate, { wish, clusterId }: Wanted): boolean {
  if (wish.kind === 'name') return true;
  if (manifest === undefined) return false;
  // Of the state that was given up for an older one: who wants that back names it.
  if (!(manifest instanceof SnapshotError) && manifest.schedule === SAFETY_SCHEDULE) return false;
  if (clusterId !== undefined && !(manifest instanceof SnapshotError) && manifest.cluster_id !== clusterId) return false;
  return wish.kind === 'latest' || (takenAt !== undefined && takenAt < wish.at);
}

/** Newest first, and of each the best copy of all destinations; what is wrong with one makes no room for an older one. */
export function rank(candidates: readonly Candidate[], wanted: Wanted): readonly Candidate[] {
  const judged = candidates.map((candidate) => ({ candidate, isSound: findFault(candidate, wanted) === undefined }));
  judged.sort((a, b) => timeOf(b.candidate) - timeOf(a.candidate) || Number(b.isSound) - Number(a.isSound));
  const names = new Set<string>();
  return judged.flatMap(({ candidate }) => {
    const name = baseName(candidate.key);
    if (names.has(name)) return [];
    names.add(name);
    return [candidate];
  });
}

function timeOf({ takenAt }: Candidate): number {
  return takenAt?.getTime() ?? 0;
}

/** Why this one must not be restored; undefined: it may be read and proved. */
export function findFault({ destination, key, size, manifest }: Candidate, { wish, clusterId }: Wanted): SnapshotError | undefined {
  const what = `${destination}: ${key}`;
  if (manifest instanceof SnapshotError) return new SnapshotError(manifest.code, `${what}: ${manifest.message}`, { cause: manifest, advice: ANOTHER });
  if (manifest !== undefined && clusterId !== undefined && manifest.cluster_id !== clusterId) {
    return new SnapshotError('cluster_mismatch', `${what}: is of the cluster ${manifest.cluster_id}, wanted is ${clusterId}`);
  }
  if (size === undefined) return new SnapshotError('not_found', `${what}: is not there${manifest ? ', only its manifest is' : ''}`, { advice: ANOTHER });
  if (manifest === undefined) return undefined;
  if (size !== manifest.stored_bytes) {
    const found = `stored size: expected ${manifest.stored_bytes} as its manifest says, found ${size}`;
    return new SnapshotError('archive_corrupt', `${what}: ${found}`, { advice: ANOTHER });
  }
  if (manifest.suspicious.length > 0 && wish.kind !== 'name') {
    const advice = `to take it all the same, name it; or ${ANOTHER}`;
    return new SnapshotError('refused', `${what}: is suspicious: ${manifest.suspicious.join(', ')}`, { advice });
  }
  return undefined;
}
