import { createHash } from 'node:crypto';
import { type SnapshotError, toSnapshotError } from '../errors.ts';
import type { Log } from '../observability/contract.ts';
import { prune } from '../retention/prune.ts';
import { deliver, deliverBytes, findWhole } from '../snapshot/deliver.ts';
import { type Manifest, makeManifest, renderManifest } from '../snapshot/manifest.ts';
import { manifestKey, nameSnapshot } from '../snapshot/name.ts';
import type { ArchiveMeta, Proof } from '../snapshot/proof.ts';
import type { Intent, Spool } from '../spool/contract.ts';
import type { Storage } from '../storage/contract.ts';
import { type ObjectKey, objectKey, within } from '../storage/key.ts';
import type { ClusterFacts } from '../vault/contract.ts';
import type { RoundDeps, RoundSettings } from './deps.ts';
import type { Destination } from './destination.ts';
import { patiently } from './patience.ts';
import type { Proved } from './prove.ts';
import type { Delivered, Missed, Pruned } from './report.ts';

/** The snapshot on its way, as every destination of the round sees it. */
export interface Taken {
  readonly takenAt: Date;
  readonly roundId: string;
  readonly facts: ClusterFacts;
  readonly meta: Promise<ArchiveMeta>;
  readonly proved: Promise<Proved>;
  readonly spool: Spool;
  readonly sizeGuess: number;
}

export type DestinationResult =
  | { readonly outcome: 'delivered'; readonly delivered: Delivered; readonly pruned: readonly Pruned[] }
  | { readonly outcome: 'missed'; readonly missed: Missed; readonly error: SnapshotError };

/** Brings the snapshot to one destination and prunes there. Its own failures are a value; a broken archive rejects. */
export async function deliverTo(destination: Destination, taken: Taken, deps: RoundDeps, signal: AbortSignal): Promise<DestinationResult> {
  // Nothing is opened anywhere before meta.json has passed: a refusal by Vault leaves no trace at any destination.
  const meta = await taken.meta;
  const begun = deps.clock.now();
  const key = within(destination.prefix, nameOf(taken, meta, deps.settings));
  try {
    const { stored, manifest } = await store(destination, key, taken, deps, signal);
    const location = destination.storage.locate(key);
    const ms = deps.clock.now().getTime() - begun.getTime();
    const delivered = { destination: destination.storage.name, location, key, size: stored.size, ms };
    destination.newest = manifest;
    deps.log.info({ event: 'snapshot_delivered', ...delivered }, `Successfully created ${destination.storage.kind} snapshot to ${location}`);
    return { outcome: 'delivered', delivered, pruned: await pruneHere(destination, taken, deps, signal) };
  } catch (thrown) {
    await taken.proved; // rejects when the archive was the cause
    return missed(destination, toSnapshotError(thrown), deps.log, destination.storage.locate(key));
  }
}

export function nameOf({ takenAt }: Pick<Taken, 'takenAt'>, { index }: ArchiveMeta, { nameTemplate, clusterName, node }: RoundSettings): string {
  return nameSnapshot(nameTemplate, { takenAt, cluster: clusterName, host: node, index });
}

export function missed(destination: Destination, error: SnapshotError, log: Log, location = ''): Extract<DestinationResult, { outcome: 'missed' }> {
  const { name, kind } = destination.storage;
  const report = { destination: name, code: error.code, message: error.message };
  log.error({ event: 'destination_missed', ...report, advice: error.advice }, `Failed to generate ${kind} snapshot to ${location}: ${error.message}`);
  return { outcome: 'missed', missed: report, error };
}

interface Announced {
  readonly proof: Proof;
  readonly manifest: Manifest;
  readonly intent: Intent;
}

/** Object, then manifest: only with its manifest does a snapshot count as proved. */
async function store(destination: Destination, key: ObjectKey, taken: Taken, deps: RoundDeps, signal: AbortSignal) {
  const { storage } = destination;
  let announced: Announced | undefined;
  const ready = taken.proved.then(async (proved) => {
    const manifest = describe(destination, key, proved, taken, deps);
    const intent = { destination: storage.name, key, manifest: renderManifest(manifest) };
    await deps.intents.record(intent);
    announced = { proof: proved.proof, manifest, intent };
    return announced;
  });
  // Each try awaits it in its turn; until then its failure is nobody's.
  ready.catch(() => undefined);

  const upload = { storage, key, sizeGuess: taken.sizeGuess, spool: taken.spool, ready, stallTimeoutMs: deps.settings.stallTimeoutMs };
  const stored = await patiently(storage, deps, signal, async () => {
    // Announced already means tried already, and a commit that failed may have succeeded: look before the next one.
    const there = announced && (await findWhole(storage, key, announced.proof.sha256, signal));
    return there ?? (await deliver(upload, signal));
  });
  const { manifest, intent } = await ready;
  await writeManifest(storage, intent, deps, signal);
  await deps.intents.clear(intent);
  return { stored, manifest };
}

/** Also finishes what a kill cut off, at the next start. */
export async function writeManifest(storage: Storage, intent: Intent, deps: RoundDeps, signal: AbortSignal): Promise<void> {
  const key = manifestKey(objectKey(intent.key));
  const bytes = Buffer.from(intent.manifest);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await patiently(storage, deps, signal, async () => (await findWhole(storage, key, sha256, signal)) ?? deliverBytes(storage, key, bytes, signal));
}

function describe(destination: Destination, key: ObjectKey, { proof, notes }: Proved, taken: Taken, deps: RoundDeps): Manifest {
  const { node, agentVersion } = deps.settings;
  const { takenAt, roundId, facts } = taken;
  const { newest: previous, schedule } = destination;
  return makeManifest({ key, proof, notes, facts, takenAt, finishedAt: deps.clock.now(), node, roundId, schedule, agentVersion, previous });
}

/** A delete that fails is told and tried again next round; it never makes the snapshot a failed one. */
async function pruneHere(destination: Destination, { facts }: Taken, deps: RoundDeps, signal: AbortSignal): Promise<readonly Pruned[]> {
  const { storage, prefix, retain, knownManifests: known } = destination;
  const { clock, log, settings } = deps;
  const where = { destination: storage.name };
  try {
    const ours = { template: settings.nameTemplate, clusterName: settings.clusterName, clusterId: facts.clusterId, known, now: clock.now() };
    const { plan, removed, errors } = await prune(storage, prefix, retain, ours, signal);
    if (plan.frozen !== undefined) log.warn({ event: 'prune_frozen', ...where, reason: plan.frozen }, 'nothing is deleted here until this is cleared up');
    for (const { key, reasons } of plan.keep) log.debug({ event: 'snapshot_kept', ...where, key, reasons }, 'kept');
    for (const { key, reason } of removed) log.info({ event: 'snapshot_pruned', ...where, key, reason }, 'deleted an old snapshot');
    for (const { key, error } of errors)
      log.warn({ event: 'prune_failed', ...where, key, code: error.code, error: error.message }, `Error when deleting snapshot ${key}`);
    return removed.map((one) => ({ ...where, ...one }));
  } catch (thrown) {
    const { code, message, advice } = toSnapshotError(thrown);
    log.warn({ event: 'prune_failed', ...where, code, error: message, advice }, 'Error when retrieving existing snapshots for delete action.');
    return [];
  }
}
