import { abortReason, SnapshotError, toSnapshotError } from '../errors.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import type { Storage } from '../storage/contract.ts';
import type { KeyPrefix, ObjectKey } from '../storage/key.ts';
import { type NamedCluster, readManifest } from './manifests.ts';
import { keepsEverything, planRetention, type RetentionPlan, type RetentionPolicy, type Snapshot, type Standing } from './plan.ts';
import { type Subject, surveySubjects } from './survey.ts';

/** What has to be remembered of a manifest from one prune to the next, by its key: they are never rewritten. */
export type KnownManifests = Map<string, Pick<Manifest, 'cluster_id' | 'suspicious' | 'stored_bytes'>>;

export interface PruneDeps extends NamedCluster {
  readonly clusterId: string;
  readonly now: Date;
  readonly known: KnownManifests;
}

export interface Pruned {
  readonly plan: RetentionPlan;
  /** What is gone in fact. */
  readonly removed: RetentionPlan['remove'];
  /** What could not be read or deleted, or is not as its manifest says; none of it stops the rest. */
  readonly errors: readonly { readonly key: ObjectKey; readonly error: SnapshotError }[];
}

// Enough to hide the way to a distant store, few enough for a small one.
const AT_ONCE = 8;

/** Deletes what the policy keeps no longer, first the object, then what was written about it. Rejects only when listing fails or the signal says so. */
export async function prune(storage: Storage, prefix: KeyPrefix, policy: RetentionPolicy, deps: PruneDeps, signal: AbortSignal): Promise<Pruned> {
  const errors: Pruned['errors'][number][] = [];
  const removed: Pruned['removed'][number][] = [];
  const attempt = attemptsCollecting(errors, signal);
  // Not worth a listing of a hundred thousand objects, round after round.
  if (keepsEverything(policy)) return { plan: { keep: [], remove: [], frozen: undefined }, removed, errors };

  const subjects = await surveySubjects(storage, prefix, deps, signal);
  await inParallel(subjects.values(), async ({ manifest }) => {
    if (manifest === undefined || deps.known.has(manifest)) return;
    await attempt(manifest, async () => {
      deps.known.set(manifest, await readManifest(storage, manifest, signal));
    });
  });

  const plan = planRetention(judge([...subjects.values()], deps, errors), policy, deps.now);
  if (plan.frozen !== undefined) return { plan, removed, errors };

  await inParallel(plan.remove.values(), async ({ key, reason }) => {
    await attempt(key, async () => {
      await storage.delete(key, signal);
      removed.push({ key, reason });
      await deleteWritings(storage, subjects.get(key)!, deps.known, signal);
    });
  });
  await inParallel(subjects.values(), async (subject) => {
    if (subject.isObjectThere || !isOurs(subject, deps)) return;
    await attempt(subject.key, async () => {
      // A listing may lag behind; only the object itself can say that it is gone.
      if ((await storage.stat(subject.key, signal)) === undefined) await deleteWritings(storage, subject, deps.known, signal);
    });
  });
  return { plan, removed, errors };
}

type Attempt = (key: ObjectKey, step: () => Promise<void>) => Promise<void>;

/** A failure is one key's own, unless we were told to stop. */
function attemptsCollecting(errors: Pruned['errors'][number][], signal: AbortSignal): Attempt {
  return async (key, step) => {
    try {
      await step();
    } catch (error) {
      if (signal.aborted) throw abortReason(signal);
      errors.push({ key, error: toSnapshotError(error) });
    }
  };
}

function judge(subjects: readonly Subject[], deps: PruneDeps, errors: Pruned['errors'][number][]): readonly Snapshot[] {
  return subjects
    .filter(({ isObjectThere }) => isObjectThere)
    .map((subject) => {
      const damage = findDamage(subject, deps.known);
      if (damage) errors.push({ key: subject.key, error: damage });
      return { key: subject.key, takenAt: subject.takenAt, standing: standingOf(subject, deps) };
    });
}

/** Records first: while the manifest is there, the next prune finds what is left. */
async function deleteWritings(storage: Storage, { manifest, records }: Subject, known: KnownManifests, signal: AbortSignal): Promise<void> {
  for (const record of records) await storage.delete(record, signal);
  if (manifest === undefined) return;
  await storage.delete(manifest, signal);
  known.delete(manifest);
}

function standingOf(subject: Subject, { known, clusterId }: PruneDeps): Standing {
  if (subject.manifest === undefined) return 'unproved';
  const manifest = known.get(subject.manifest);
  if (manifest === undefined) return 'unreadable';
  if (manifest.cluster_id !== clusterId) return 'foreign';
  if (manifest.suspicious.length > 0) return 'suspicious';
  // Of another size than was proved: it must not be the one that lets the others go.
  return findDamage(subject, known) ? 'unproved' : 'proved';
}

function findDamage({ key, manifest, size }: Subject, known: KnownManifests): SnapshotError | undefined {
  const proved = manifest === undefined ? undefined : known.get(manifest)?.stored_bytes;
  if (proved === undefined || proved === size) return undefined;
  return new SnapshotError('storage_mismatch', `${key}: has ${size} bytes, its manifest says ${proved}`);
}

function isOurs({ manifest }: Subject, { known, clusterId }: PruneDeps): boolean {
  return manifest === undefined || known.get(manifest)?.cluster_id === clusterId;
}

async function inParallel<Item>(items: Iterator<Item> & Iterable<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  const worker = async () => {
    // One iterator for all workers: each takes the next item that nobody has.
    for (const item of items) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
