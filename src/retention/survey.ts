import { manifestFolder, subjectOf, takenAt } from '../snapshot/name.ts';
import type { Storage } from '../storage/contract.ts';
import { baseName, type KeyPrefix, type ObjectKey, within } from '../storage/key.ts';
import type { NamedCluster } from './manifests.ts';

/** One of our names at a destination, and what bears it there: the object, its manifest, records about it. */
export interface Subject {
  readonly key: ObjectKey;
  readonly takenAt: Date;
  /** Of the object in bytes; undefined: it is not there. */
  size: number | undefined;
  hasManifest: boolean;
  records: readonly ObjectKey[];
}

export interface Survey {
  /** By the key of the object. */
  readonly subjects: ReadonlyMap<ObjectKey, Subject>;
  /** Objects beside ours whose names are not exactly ours: passed over, whatever they are. */
  readonly strangers: number;
}

// Shared: a hundred thousand empty lists would take more memory than their names.
const NONE: readonly ObjectKey[] = [];

/** Reads the whole listing, and keeps of it only what is ours. */
export async function surveySubjects(storage: Storage, prefix: KeyPrefix, ours: NamedCluster, signal: AbortSignal): Promise<Survey> {
  const subjects = new Map<ObjectKey, Subject>();
  let strangers = 0;
  const subjectNamed = (name: string): Subject | undefined => {
    const at = takenAt(ours.template, ours.clusterName, name);
    if (at === undefined) return undefined;
    const key = within(prefix, name);
    const subject = subjects.get(key) ?? { key, takenAt: at, size: undefined, hasManifest: false, records: NONE };
    subjects.set(key, subject);
    return subject;
  };

  // Manifests first: an object is there before its manifest, so a manifest found without an object has truly lost it.
  for await (const { key } of storage.list(manifestFolder(prefix), signal)) {
    const about = subjectOf(baseName(key));
    const subject = about ? subjectNamed(about.name) : undefined;
    if (!about || !subject) continue;
    if (about.isRecord) subject.records = [...subject.records, key];
    else subject.hasManifest = true;
  }
  for await (const { key, size } of storage.list(prefix, signal)) {
    const subject = subjectNamed(baseName(key));
    if (subject) subject.size = size;
    else strangers++;
  }
  return { subjects, strangers };
}
