import { createHash } from 'node:crypto';
import { type SnapshotError, toSnapshotError } from '../errors.ts';
import { type Content, deliver, deliverBytes } from '../snapshot/deliver.ts';
import { haveKeysChanged, type Manifest, makeManifest, renderManifest } from '../snapshot/manifest.ts';
import { manifestKey, nameSnapshot } from '../snapshot/name.ts';
import type { ArchiveMeta } from '../snapshot/proof.ts';
import type { Intent, Spool } from '../spool/contract.ts';
import { type ObjectKey, objectKey, within } from '../storage/key.ts';
import type { ClusterFacts } from '../vault/contract.ts';
import type { Planted } from './canary.ts';
import { elapsedMs } from './clock.ts';
import { Course } from './course.ts';
import type { RoundDeps, RoundSettings } from './deps.ts';
import { aliasKey, type Destination } from './destination.ts';
import type { Proved } from './prove.ts';
import { pruneHere } from './prune-here.ts';
import type { Delivered, Missed, Pruned, Stage } from './report.ts';
import { untilThere } from './until-there.ts';

/** The snapshot on its way, as every destination of the round sees it. */
export interface Taken {
  readonly takenAt: Date;
  /** Drawn by lot, for the name: clocks tell no more than milliseconds. */
  readonly subMs: number;
  readonly roundId: string;
  readonly facts: ClusterFacts;
  readonly planted: Planted;
  readonly meta: Promise<ArchiveMeta>;
  readonly proved: Promise<Proved>;
  readonly spool: Spool;
  readonly sizeGuess: number;
}

export type DestinationResult =
  | { readonly outcome: 'delivered'; readonly delivered: Delivered; readonly pruned: readonly Pruned[] }
  | { readonly outcome: 'missed'; readonly missed: Missed; readonly stage: Stage; readonly error: SnapshotError };

/** Brings the snapshot to one destination and prunes there. Its own failures are a value; a broken archive rejects. */
export async function deliverTo(destination: Destination, taken: Taken, deps: RoundDeps, signal: AbortSignal): Promise<DestinationResult> {
  // Nothing is opened anywhere before meta.json has passed: a refusal by Vault leaves no trace at any destination.
  const meta = await taken.meta;
  const begun = deps.clock.now();
  const course = new Course(destination.storage.name, deps);
  const alias = aliasKey(destination);
  const key = (destination.keepsHistory ? undefined : alias) ?? within(destination.prefix, nameOf(taken, meta, deps.settings));
  try {
    const { stored, manifest } = await store(destination, key, taken, course, deps, signal);
    const location = destination.storage.locate(key);
    const ms = elapsedMs(begun, deps.clock);
    const unread = stored.unread === undefined ? {} : { read_back: false as const };
    const delivered = { destination: destination.storage.name, location, key, size: stored.size, ms, ...unread };
    warnOfChangedKeys(destination, manifest, deps);
    destination.newest = manifest;
    course.delivered(stored.size);
    deps.tell({ kind: 'newest', destination: destination.storage.name, manifest });
    deps.log.info({ event: 'snapshot_delivered', ...delivered }, `Successfully created ${destination.storage.kind} snapshot to ${location}`);
    if (!destination.keepsHistory) return { outcome: 'delivered', delivered, pruned: [] };
    if (alias) await replaceAlias(destination, alias, taken, course, deps, signal);
    return { outcome: 'delivered', delivered, pruned: await pruneHere(destination, taken.facts.clusterId, deps, signal) };
  } catch (thrown) {
    await taken.proved; // rejects when the archive was the cause
    return missed(destination, course.stage, toSnapshotError(thrown), deps, destination.storage.locate(key));
  }
}

export function nameOf(
  { takenAt, subMs }: Pick<Taken, 'takenAt' | 'subMs'>,
  { index }: ArchiveMeta,
  { nameTemplate, clusterName, node }: RoundSettings,
): string {
  return nameSnapshot(nameTemplate, { takenAt, subMs, cluster: clusterName, host: node, index });
}

export function missed(
  { storage }: Destination,
  stage: Stage,
  error: SnapshotError,
  { log, tell }: RoundDeps,
  location = '',
): Extract<DestinationResult, { outcome: 'missed' }> {
  const { name, kind } = storage;
  const { code, message, advice } = error;
  tell({ kind: 'missed', destination: name, stage, error });
  const fields = { event: 'destination_missed', destination: name, stage, code, error: message, advice };
  log.error(fields, `Failed to generate ${kind} snapshot to ${location}: ${message}`);
  return { outcome: 'missed', missed: { destination: name, code, message }, stage, error };
}

/** Object, then manifest: only with its manifest does a snapshot count as proved. */
async function store(destination: Destination, key: ObjectKey, taken: Taken, course: Course, deps: RoundDeps, signal: AbortSignal) {
  const { storage } = destination;
  let announced: { readonly content: Content; readonly manifest: Manifest; readonly intent: Intent } | undefined;
  const announce = async () => {
    const proved = await taken.proved;
    if (announced !== undefined) return announced;
    const manifest = describe(destination, key, proved, taken, deps);
    const intent = { destination: storage.name, key, manifest: renderManifest(manifest) };
    await unlessItFails(deps, () => deps.intents.record(intent));
    announced = { content: proved.proof, manifest, intent };
    return announced;
  };

  const upload = { storage, key, spool: taken.spool, ready: announce, steps: course, ...limits(taken, deps), ...replacing(destination) };
  const stored = await untilThere({ storage, key, course, content: () => announced?.content, put: () => deliver(upload, signal) }, deps, signal);
  const { manifest: drafted, intent } = await announce();
  const manifest = { ...drafted, object_version: stored.version ?? null, read_back: stored.unread === undefined };
  if (stored.unread !== undefined) warnOfUnread(destination, key, stored.unread, deps);
  course.enter('manifest');
  await writeManifest(destination, { ...intent, manifest: renderManifest(manifest) }, course, deps, signal);
  await unlessItFails(deps, () => deps.intents.clear(intent));
  return { stored, manifest };
}

/** Only once the snapshot itself is safe; what fails here costs no snapshot, but somebody may rely on the name. */
async function replaceAlias({ storage }: Destination, key: ObjectKey, taken: Taken, course: Course, deps: RoundDeps, signal: AbortSignal): Promise<void> {
  try {
    const upload = { storage, key, spool: taken.spool, ready: () => taken.proved, ...limits(taken, deps), replaces: true as const };
    await untilThere({ storage, key, course, content: () => undefined, put: () => deliver(upload, signal) }, deps, signal);
  } catch (thrown) {
    const { code, message, advice } = toSnapshotError(thrown);
    const fields = { event: 'alias_failed', destination: storage.name, key, code, error: message, advice };
    deps.log.error(fields, 'the snapshot is delivered, but its alias still holds an older one');
  }
}

function warnOfUnread({ storage }: Destination, key: ObjectKey, { code, message }: SnapshotError, { log }: RoundDeps): void {
  const advice = 'verify it with credentials that may read, from another host';
  const fields = { event: 'readback_denied', destination: storage.name, key, code, error: message, advice };
  log.warn(fields, 'written, and not verified: these credentials may not read it back');
}

/** An intent only helps after a kill: a full state directory must not cost the snapshot. */
async function unlessItFails({ log }: RoundDeps, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (thrown) {
    const { code, message, advice } = toSnapshotError(thrown);
    log.warn({ event: 'intent_failed', code, error: message, advice }, 'could not note down what is being committed');
  }
}

function limits({ sizeGuess }: Taken, { settings }: RoundDeps): { readonly sizeGuess: number; readonly stallTimeoutMs: number } {
  return { sizeGuess, stallTimeoutMs: settings.stallTimeoutMs };
}

function replacing({ keepsHistory }: Destination): { readonly replaces?: true } {
  return keepsHistory ? {} : { replaces: true };
}

/** Also finishes what an earlier round left without a manifest. */
export async function writeManifest(destination: Destination, intent: Intent, course: Course, deps: RoundDeps, signal: AbortSignal): Promise<void> {
  const { storage } = destination;
  const key = manifestKey(objectKey(intent.key));
  const bytes = Buffer.from(intent.manifest);
  const content = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  const object = { storage, key, bytes, stallTimeoutMs: deps.settings.stallTimeoutMs, ...replacing(destination) };
  await untilThere({ storage, key, course, content: () => content, put: () => deliverBytes(object, signal) }, deps, signal);
}

/** Whoever threw the old shares away at a rekey has thrown away every snapshot of before. */
function warnOfChangedKeys({ storage, newest }: Destination, manifest: Manifest, { log }: RoundDeps): void {
  if (!haveKeysChanged(newest, manifest)) return;
  const fields = { event: 'keys_changed', destination: storage.name, before: manifest.taken_at, seal_fingerprint: manifest.seal_fingerprint };
  log.warn(fields, `the snapshots before ${manifest.taken_at} need the unseal keys of before: keep them as long as those`);
}

function describe(destination: Destination, key: ObjectKey, { proof, notes }: Proved, taken: Taken, deps: RoundDeps): Manifest {
  const { node, agentVersion } = deps.settings;
  const { takenAt, roundId, facts, planted } = taken;
  const { newest: previous, schedule } = destination;
  const finishedAt = deps.clock.now();
  return makeManifest({ key, proof, notes, facts, takenAt, finishedAt, node, roundId, schedule, agentVersion, previous, ...planted });
}
