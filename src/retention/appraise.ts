import { abortReason, SnapshotError, toSnapshotError } from '../errors.ts';
import { manifestKey } from '../snapshot/name.ts';
import type { Storage } from '../storage/contract.ts';
import type { ObjectKey } from '../storage/key.ts';
import { inParallel } from './in-parallel.ts';
import { readManifest } from './manifests.ts';
import type { Snapshot, Standing } from './plan.ts';
import type { Subject } from './survey.ts';

/** What is remembered of each manifest from one prune to the next, by its key: they are never rewritten, so each is read once. */
export type KnownManifests = Map<ObjectKey, KnownManifest>;

interface KnownManifest {
  readonly clusterId: string;
  readonly isSuspicious: boolean;
  readonly storedBytes: number;
}

export interface KeyError {
  readonly key: ObjectKey;
  readonly error: SnapshotError;
}

/** Reads the manifests that are not known yet, and forgets those that are gone. What cannot be read stays unknown. */
export async function learnManifests(
  storage: Storage,
  subjects: ReadonlyMap<ObjectKey, Subject>,
  { known, clusterId }: { readonly known: KnownManifests; readonly clusterId: string },
  signal: AbortSignal,
): Promise<readonly KeyError[]> {
  const there = new Set<ObjectKey>();
  for (const { key, hasManifest } of subjects.values()) if (hasManifest) there.add(manifestKey(key));
  for (const key of known.keys()) if (!there.has(key)) known.delete(key);

  const errors: KeyError[] = [];
  await inParallel(there.values(), async (key) => {
    if (known.has(key)) return;
    try {
      const manifest = await readManifest(storage, key, signal);
      // One text for all of them, instead of one each.
      const owner = manifest.cluster_id === clusterId ? clusterId : manifest.cluster_id;
      known.set(key, { clusterId: owner, isSuspicious: manifest.suspicious.length > 0, storedBytes: manifest.stored_bytes });
    } catch (error) {
      if (signal.aborted) throw abortReason(signal);
      errors.push({ key, error: toSnapshotError(error) });
    }
  });
  return errors;
}

/** An object as the plan sees it; `damage`: what is there is not what its manifest says. */
export function appraise(
  subject: Subject,
  size: number,
  known: KnownManifests,
  clusterId: string,
): { readonly snapshot: Snapshot; readonly damage: SnapshotError | undefined } {
  const { key, takenAt } = subject;
  const manifest = knownOf(subject, known);
  const standing = standingOf(subject, manifest, clusterId);
  if (manifest === undefined || manifest.storedBytes === size) return { snapshot: { key, takenAt, standing }, damage: undefined };
  const damage = new SnapshotError('storage_mismatch', `${key}: has ${size} bytes, its manifest says ${manifest.storedBytes}`);
  // Of another size than was proved: it must not be the one that lets the others go.
  return { snapshot: { key, takenAt, standing: standing === 'proved' ? 'unproved' : standing }, damage };
}

/** Manifests and records are deleted alone only where they are surely of this cluster. */
export function isOurs(subject: Subject, known: KnownManifests, clusterId: string): boolean {
  return !subject.hasManifest || knownOf(subject, known)?.clusterId === clusterId;
}

function standingOf({ hasManifest }: Subject, manifest: KnownManifest | undefined, clusterId: string): Standing {
  if (!hasManifest) return 'unproved';
  if (manifest === undefined) return 'unreadable';
  if (manifest.clusterId !== clusterId) return 'foreign';
  return manifest.isSuspicious ? 'suspicious' : 'proved';
}

function knownOf({ key, hasManifest }: Subject, known: KnownManifests): KnownManifest | undefined {
  return hasManifest ? known.get(manifestKey(key)) : undefined;
}
