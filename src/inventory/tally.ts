import { aliasKey, type Destination } from '../agent/destination.ts';
import type { StockedSnapshot, StockTotals } from '../agent/events.ts';
import { SnapshotError } from '../errors.ts';
import { learnManifest } from '../retention/appraise.ts';
import type { NamedCluster } from '../retention/manifests.ts';
import { failureTime, manifestFolder, recordTime, subjectOf, takenAt } from '../snapshot/name.ts';
import { Watchdog } from '../snapshot/watchdog.ts';
import type { ListedObject } from '../storage/contract.ts';
import { baseName, type ObjectKey, within } from '../storage/key.ts';
import { tryEach } from '../storage/try-each.ts';

const RECENT_MS = 31 * 86_400_000;
const RECENT_COUNT = 2_000;

/** What is at one destination, in a few numbers and a month of details: a hundred thousand snapshots take no more memory than a thousand. */
export interface Tally {
  /** Newest first. */
  readonly snapshots: readonly StockedSnapshot[];
  readonly totals: StockTotals;
  /** When the last record was written, of whatever came of it. */
  readonly recordedAt: Date | undefined;
}

/** What was written about one recent snapshot. */
interface Writing {
  readonly key: ObjectKey;
  readonly takenAt: Date;
  hasManifest: boolean;
  verifiedAt: Date | undefined;
}

interface Writings {
  readonly recent: ReadonlyMap<ObjectKey, Writing>;
  /** The last of all, also of those that are not recent. */
  readonly verifiedAt: Date | undefined;
  readonly recordedAt: Date | undefined;
}

export interface TallyOptions {
  readonly now: Date;
  readonly stallTimeoutMs: number;
}

/** Of recent snapshots the manifests are read, each once; older ones count by their names. */
export async function tally(destination: Destination, ours: NamedCluster, { now, stallTimeoutMs }: TallyOptions, signal: AbortSignal): Promise<Tally> {
  const { name } = destination.storage;
  const stalled = () => new SnapshotError('storage_unavailable', `${name}: nothing moved for ${stallTimeoutMs / 1000}s`);
  const watchdog = new Watchdog(signal, stallTimeoutMs, stalled);
  const since = new Date(now.getTime() - RECENT_MS);
  const writings = await readWritings(destination, ours, since, watchdog);
  await learnRecent(destination, ours, writings, watchdog);
  return await count(destination, ours, writings, since, watchdog);
}

/** Manifests before objects: one is written after the other, so a snapshot that is not proved yet is not taken for one that is. */
async function readWritings({ storage, prefix }: Destination, ours: NamedCluster, since: Date, watchdog: Watchdog): Promise<Writings> {
  const recent = new Map<ObjectKey, Writing>();
  let verifiedAt: Date | undefined;
  let recordedAt: Date | undefined;
  for await (const { key } of watchdog.each(storage.list(manifestFolder(prefix), watchdog.signal))) {
    const about = subjectOf(baseName(key));
    const at = about && takenAt(ours.template, ours.clusterName, about.name);
    if (!about || !at) continue;
    const provedAt = recordTime(baseName(key));
    verifiedAt = latest(verifiedAt, provedAt);
    recordedAt = latest(recordedAt, provedAt ?? failureTime(baseName(key)));
    if (at < since) continue;
    const subject = within(prefix, about.name);
    const writing = recent.get(subject) ?? { key: subject, takenAt: at, hasManifest: false, verifiedAt: undefined };
    recent.set(subject, writing);
    writing.verifiedAt = latest(writing.verifiedAt, provedAt);
    if (!about.isRecord) writing.hasManifest = true;
  }
  return { recent, verifiedAt, recordedAt };
}

/** What cannot be read is not proved; whoever needs it will say so. */
async function learnRecent({ storage, knownManifests }: Destination, { clusterId }: NamedCluster, { recent }: Writings, watchdog: Watchdog): Promise<void> {
  const told = [...recent.values()].filter(({ hasManifest }) => hasManifest).sort(newestFirst);
  const unknown = told.slice(0, RECENT_COUNT).flatMap(({ key }) => (knownManifests.has(key) ? [] : [key]));
  const learn = (key: ObjectKey) => watchdog.watch(() => learnManifest(storage, key, { known: knownManifests, clusterId }, watchdog.signal));
  await tryEach(unknown, learn, watchdog.signal);
}

async function count(destination: Destination, ours: NamedCluster, writings: Writings, since: Date, watchdog: Watchdog): Promise<Tally> {
  const { storage, prefix, knownManifests } = destination;
  const lone = destination.keepsHistory ? undefined : aliasKey(destination);
  const seen = new Set<ObjectKey>();
  let recent: StockedSnapshot[] = [];
  let totals: StockTotals = { count: 0, bytes: 0, newestAt: undefined, oldestAt: undefined, verifiedAt: writings.verifiedAt };
  for await (const found of watchdog.each(storage.list(prefix, watchdog.signal))) {
    const { key, size } = found;
    const known = knownManifests.get(key);
    if (known) seen.add(key);
    const at = key === lone ? timeOfLone(destination, found) : takenAt(ours.template, ours.clusterName, baseName(key));
    const isForeign = known !== undefined && ours.clusterId !== undefined && known.clusterId !== ours.clusterId;
    if (at === undefined || isForeign) continue;
    const newestAt = known?.isSafety ? totals.newestAt : latest(totals.newestAt, at);
    totals = { ...totals, count: totals.count + 1, bytes: totals.bytes + size, newestAt, oldestAt: earliest(totals.oldestAt, at) };
    if (at < since && key !== lone) continue;
    const isSound = known !== undefined && known.storedBytes === size && !known.isSuspicious;
    const isProved = key === lone ? destination.newest?.stored_bytes === size : isSound && writings.recent.get(key)?.hasManifest === true;
    const isSafety = known?.isSafety ? { isSafety: true as const } : {};
    recent.push({ name: baseName(key), takenAt: at, size, isProved, ...isSafety, verifiedAt: writings.recent.get(key)?.verifiedAt });
    if (recent.length > 2 * RECENT_COUNT) recent = recent.sort(newestFirst).slice(0, RECENT_COUNT);
  }
  for (const key of knownManifests.keys()) if (!seen.has(key)) knownManifests.delete(key);
  return { snapshots: recent.sort(newestFirst).slice(0, RECENT_COUNT), totals, recordedAt: writings.recordedAt };
}

/** An alias has no other time than that of what it holds now. */
function timeOfLone({ newest }: Destination, { modifiedAt }: ListedObject): Date {
  return newest ? new Date(newest.taken_at) : modifiedAt;
}

function newestFirst(a: { readonly takenAt: Date }, b: { readonly takenAt: Date }): number {
  return b.takenAt.getTime() - a.takenAt.getTime();
}

function latest(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a && b ? (a > b ? a : b) : (a ?? b);
}

function earliest(a: Date | undefined, b: Date | undefined): Date | undefined {
  return a && b ? (a < b ? a : b) : (a ?? b);
}
