import { findFailures, isDamage } from '../snapshot/failures.ts';
import { manifestKey } from '../snapshot/name.ts';
import type { Storage } from '../storage/contract.ts';
import type { KeyError, KeyPrefix, ObjectKey } from '../storage/key.ts';
import { tryEach } from '../storage/try-each.ts';
import { appraise, isOurs, type KnownManifests, learnManifests } from './appraise.ts';
import { deleteLimit } from './fuse.ts';
import type { NamedCluster } from './manifests.ts';
import { keepsEverything, planRetention, type RetentionPlan, type RetentionPolicy, type Snapshot } from './plan.ts';
import { type Subject, surveySubjects } from './survey.ts';

export interface PruneDeps extends NamedCluster {
  readonly clusterId: string;
  readonly now: Date;
  readonly known: KnownManifests;
  /** As the configuration has it: `deleteLimit` says what it means. */
  readonly maxDeletes?: number | undefined;
}

/** What is at a destination, and what retention would do about it. */
export interface Planned {
  readonly plan: RetentionPlan;
  readonly snapshots: readonly Snapshot[];
  /** Objects there with other names than ours. */
  readonly strangers: number;
  /** So many of the plan may be deleted now. */
  readonly limit: number;
  readonly subjects: ReadonlyMap<ObjectKey, Subject>;
  /** What could not be read, or is not as its manifest says. */
  readonly errors: readonly KeyError[];
}

export interface Pruned {
  readonly plan: RetentionPlan;
  /** What is gone in fact. */
  readonly removed: RetentionPlan['remove'];
  /** What a lock or hold at the destination keeps for now: no failure. */
  readonly locked: readonly KeyError[];
  /** Left for later prunes: by the fuse, or because deletes fail. */
  readonly postponed: number;
  /** What could not be read or deleted, or is not as its manifest says; none of it stops the rest. */
  readonly errors: readonly KeyError[];
}

// One request, where the store takes many keys in one.
const BATCH = 1_000;
// So few tell whether deletes work at all; after so many failures the rest is left for the next time.
const FEW = 10;

/** Deletes what the policy keeps no longer, first the object, then what was written about it. Rejects only when listing fails or the signal says so. */
export async function prune(storage: Storage, prefix: KeyPrefix, policy: RetentionPolicy, deps: PruneDeps, signal: AbortSignal): Promise<Pruned> {
  // Not worth a listing of a hundred thousand objects, round after round.
  if (keepsEverything(policy)) return { plan: { keep: [], remove: [], frozen: undefined }, removed: [], locked: [], postponed: 0, errors: [] };
  return await carryOut(storage, await planPrune(storage, prefix, policy, deps, signal), deps, signal);
}

/** Looks and decides; deletes nothing. */
export async function planPrune(storage: Storage, prefix: KeyPrefix, policy: RetentionPolicy, deps: PruneDeps, signal: AbortSignal): Promise<Planned> {
  const { subjects, strangers } = await surveySubjects(storage, prefix, deps, signal);
  const errors = [...(await learnManifests(storage, subjects, deps, signal))];
  const doubtful = await findDoubtful(storage, subjects, signal);
  errors.push(...doubtful.errors);
  const snapshots: Snapshot[] = [];
  for (const subject of subjects.values()) {
    if (subject.size === undefined) continue;
    const { snapshot, damage } = appraise(subject, subject.size, deps.known, deps.clusterId);
    // What is damaged, or may be, must not be the one that lets the others go.
    snapshots.push(doubtful.keys.has(subject.key) && snapshot.standing === 'proved' ? { ...snapshot, standing: 'unproved' } : snapshot);
    if (damage) errors.push({ key: subject.key, error: damage });
  }
  const plan = planRetention(snapshots, policy, deps.now);
  return { plan, snapshots, strangers, limit: deleteLimit(snapshots.length, deps.maxDeletes), subjects, errors };
}

/** Snapshots that a verification or drill has found damaged, and those whose records cannot be read. */
async function findDoubtful(storage: Storage, subjects: Planned['subjects'], signal: AbortSignal) {
  const keys = new Set<ObjectKey>();
  const look = async (key: ObjectKey) => {
    const failures = await findFailures(storage, subjects.get(key)!.records, signal);
    if (failures.some(({ error }) => isDamage(error))) keys.add(key);
  };
  const recorded = [...subjects.values()].filter(({ records }) => records.length > 0).map(({ key }) => key);
  const errors = await tryEach(recorded, look, signal);
  for (const { key } of errors) keys.add(key);
  return { keys, errors };
}

/** Oldest first, until the plan or the fuse ends it. */
export async function carryOut(storage: Storage, planned: Planned, deps: PruneDeps, signal: AbortSignal): Promise<Pruned> {
  const { plan, subjects, limit } = planned;
  const removed: Pruned['removed'][number][] = [];
  const locked: KeyError[] = [];
  const errors = [...planned.errors];
  if (plan.frozen !== undefined) return { plan, removed, locked, postponed: 0, errors };

  const deleteAll = async (keys: readonly ObjectKey[]): Promise<ReadonlySet<ObjectKey>> => {
    const refusals = await storage.deleteAll(keys, signal);
    for (const refusal of refusals) (refusal.error.code === 'storage_locked' ? locked : errors).push(refusal);
    return new Set(refusals.map(({ key }) => key));
  };
  let next = 0;
  // A locked one does not count: the oldest may be locked for years, and those behind them must go all the same.
  while (next < plan.remove.length && removed.length < limit && errors.length - planned.errors.length < FEW) {
    const batch = plan.remove.slice(next, next + Math.min(removed.length === 0 ? FEW : BATCH, limit - removed.length));
    next += batch.length;
    const refused = await deleteAll(batch.map(({ key }) => key));
    const gone = batch.filter(({ key }) => !refused.has(key));
    removed.push(...gone);
    await deleteAll(gone.flatMap(({ key }) => writingsOf(subjects.get(key)!)));
  }
  const orphans = await findOrphans(storage, planned, deps, signal);
  errors.push(...orphans.errors);
  await deleteAll(orphans.keys);
  return { plan, removed, locked, postponed: plan.remove.length - next, errors };
}

/** What was written about snapshots of ours that are gone. */
async function findOrphans(storage: Storage, { subjects }: Planned, { known, clusterId }: PruneDeps, signal: AbortSignal) {
  const keys: ObjectKey[] = [];
  const lost = [...subjects.values()].filter((subject) => subject.size === undefined && isOurs(subject, known, clusterId)).map(({ key }) => key);
  const look = async (key: ObjectKey) => {
    // A listing may lag behind; only the object itself can say that it is gone.
    if ((await storage.stat(key, signal)) === undefined) keys.push(...writingsOf(subjects.get(key)!));
  };
  return { errors: await tryEach(lost, look, signal), keys };
}

function writingsOf({ key, records, hasManifest }: Subject): readonly ObjectKey[] {
  return hasManifest ? [...records, manifestKey(key)] : records;
}
