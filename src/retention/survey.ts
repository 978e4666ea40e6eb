import { manifestFolder, subjectOf, takenAt } from '../snapshot/name.ts';
import type { Storage } from '../storage/contract.ts';
import { baseName, type KeyPrefix, type ObjectKey, within } from '../storage/key.ts';
import type { NamedCluster } from './manifests.ts';

/** One of our names at a destination, and what bears it there: the object, its manifest, records about it. */
export interface Subject {
  readonly key: ObjectKey;
  readonly takenAt: Date;
  isObjectThere: boolean;
  size: number;
  manifest: ObjectKey | undefined;
  readonly records: ObjectKey[];
}

/** By the key of the object. Any name that is not exactly ours is passed over. */
export async function surveySubjects(storage: Storage, prefix: KeyPrefix, ours: NamedCluster, signal: AbortSignal): Promise<ReadonlyMap<ObjectKey, Subject>> {
  const subjects = new Map<ObjectKey, Subject>();
  const subjectNamed = (name: string): Subject | undefined => {
    const at = takenAt(ours.template, ours.clusterName, name);
    if (at === undefined) return undefined;
    const key = within(prefix, name);
    const subject = subjects.get(key) ?? { key, takenAt: at, isObjectThere: false, size: 0, manifest: undefined, records: [] };
    subjects.set(key, subject);
    return subject;
  };

  // Manifests first: an object is there before its manifest, so a manifest found without an object has truly lost it.
  for await (const { key } of storage.list(manifestFolder(prefix), signal)) {
    const about = subjectOf(baseName(key));
    const subject = about ? subjectNamed(about.name) : undefined;
    if (!about || !subject) continue;
    if (about.isRecord) subject.records.push(key);
    else subject.manifest = key;
  }
  for await (const { key, size } of storage.list(prefix, signal)) {
    const subject = subjectNamed(baseName(key));
    if (subject) Object.assign(subject, { isObjectThere: true, size });
  }
  return subjects;
}
