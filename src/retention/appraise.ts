import { SnapshotError } from '../errors.ts';
import { SAFETY_SCHEDULE } from '../recovery/choose.ts';
import { manifestKey } from '../snapshot/name.ts';
import type { Storage } from '../storage/contract.ts';
import type { KeyError, ObjectKey } from '../storage/key.ts';
import { tryEach } from '../storage/try-each.ts';
import { readManifest } from './manifests.ts';
import type { Snapshot, Standing } from './plan.ts';
import type { Subject } from './survey.ts';

/** What is remembered of manifests from one prune to the next, by the key of their objects: never rewritten, each is read once. */
export type KnownManifests = Map<ObjectKey, KnownManifest>;

interface KnownManifest {
  readonly clusterId: string;
  readonly isSuspicious: boolean;
  /** Of the state that a restore gave up. */
  readonly isSafety: boolean;
  readonly storedBytes: number;
}

/** Reads the manifests that are not known yet, and forgets those that are gone. What cannot be read stays unknown. */
export async function learnManifests(
  storage: Storage,
  subjects: ReadonlyMap<ObjectKey, Subject>,
  { known, clusterId }: { readonly known: KnownManifests; readonly clusterId: string },
  signal: AbortSignal,
): Promise<readonly KeyError[]> {
  for (const key of known.keys()) if (subjects.get(key)?.hasManifest !== true) known.delete(key);

  const unknown = [...subjects.values()].filter(({ key, hasManifest }) => hasManifest && !known.has(key)).map(({ key }) => key);
  const errors = await tryEach(unknown, (key) => learnManifest(storage, key, { known, clusterId }, signal), signal);
  return errors.map(({ key, error }) => ({ key: manifestKey(key), error }));
}

/** Reads one manifest, and remembers of it what decisions rest on. */
export async function learnManifest(
  storage: Storage,
  key: ObjectKey,
  { known, clusterId }: { readonly known: KnownManifests; readonly clusterId: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  const manifest = await readManifest(storage, manifestKey(key), signal);
  // One text for all of them, instead of one each.
  const owner = manifest.cluster_id === clusterId ? clusterId : manifest.cluster_id;
  const { suspicious, schedule, stored_bytes: storedBytes } = manifest;
  known.set(key, { clusterId: owner, isSuspicious: suspicious.length > 0, isSafety: schedule === SAFETY_SCHEDULE, storedBytes });
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
  if (manifest.isSuspicious) return 'suspicious';
  return manifest.isSafety ? 'safety' : 'proved';
}

function knownOf({ key, hasManifest }: Subject, known: KnownManifests): KnownManifest | undefined {
  return hasManifest ? known.get(key) : undefined;
}
