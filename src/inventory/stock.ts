import { aliasKey, type Destination } from '../agent/destination.ts';
import { SnapshotError } from '../errors.ts';
import { type NamedCluster, readManifest } from '../retention/manifests.ts';
import { type Subject, surveySubjects } from '../retention/survey.ts';
import { type Failure, findFailures } from '../snapshot/failures.ts';
import type { Manifest, Sealed } from '../snapshot/manifest.ts';
import { manifestKey, recordTime } from '../snapshot/name.ts';
import { baseName, type KeyError, type ObjectKey } from '../storage/key.ts';
import { tryEach } from '../storage/try-each.ts';

/** What a manifest tells of its snapshot, as far as a list needs it: of a hundred thousand, all are in memory. */
export interface Told {
  readonly clusterId: string;
  readonly index: number | string;
  readonly storedBytes: number;
  readonly finishedAt: Date;
  readonly schedule: string;
  /** The name of the proved one before it at the same destination. */
  readonly previous: string | undefined;
  readonly isSuspicious: boolean;
  readonly sealed: Sealed;
}

/** One of our names at one destination. */
export interface Holding {
  readonly name: string;
  readonly takenAt: Date;
  readonly size: number;
  /** Undefined: there is no manifest, or none that can be read. */
  readonly told: Told | undefined;
  readonly hasManifest: boolean;
  /** When it was last read back and proved again. */
  readonly verifiedAt: Date | undefined;
  /** What was found wrong since. */
  readonly failures: readonly Failure[];
}

/** Everything at one destination. */
export interface Stock {
  /** Newest first. */
  readonly holdings: readonly Holding[];
  /** Manifests whose snapshots are gone. */
  readonly lost: readonly ObjectKey[];
  /** Objects beside ours with other names. */
  readonly strangers: number;
  /** Manifests and records that cannot be read. */
  readonly errors: readonly KeyError[];
}

export async function takeStock(destination: Destination, ours: NamedCluster, signal: AbortSignal): Promise<Stock> {
  const { storage, prefix } = destination;
  const survey = await surveySubjects(storage, prefix, ours, signal);
  const alias = await findAlias(destination, signal);
  const isAliasAlone = alias !== undefined && !destination.keepsHistory;
  const subjects = [...survey.subjects.values(), ...(isAliasAlone ? [alias] : [])];

  const told = new Map<ObjectKey, Told>();
  // An alias has no other time than that of what it holds now.
  const takenAt = new Map<ObjectKey, Date>();
  const keysSeen = new Map<string, Sealed>();
  const learn = async (key: ObjectKey) => {
    const manifest = await readManifest(storage, manifestKey(key), signal);
    told.set(key, tell(manifest, keysSeen));
    takenAt.set(key, new Date(manifest.taken_at));
  };
  const withManifest = subjects.filter(({ size, hasManifest }) => size !== undefined && hasManifest).map(({ key }) => key);
  const failed = [...(await tryEach(withManifest, learn, signal))];
  const isBareAlias = failed.some(({ key, error }) => key === alias?.key && error.code === 'not_found');
  if (alias && isBareAlias) alias.hasManifest = false;

  const failures = new Map<ObjectKey, readonly Failure[]>();
  const recordsOf = new Map(subjects.flatMap(({ key, size, records }) => (size !== undefined && records.length > 0 ? [[key, records] as const] : [])));
  const learnFailures = async (key: ObjectKey) => void failures.set(key, await findFailures(storage, recordsOf.get(key) ?? [], signal));
  failed.push(...(await tryEach([...recordsOf.keys()], learnFailures, signal)));

  const holdings = subjects.flatMap((subject) => {
    if (subject.size === undefined) return [];
    const at = subject.key === alias?.key ? takenAt.get(subject.key) : undefined;
    return [toHolding({ ...subject, takenAt: at ?? subject.takenAt }, subject.size, told.get(subject.key), failures.get(subject.key) ?? [])];
  });
  return {
    holdings: holdings.sort((a, b) => b.takenAt.getTime() - a.takenAt.getTime()),
    lost: subjects.filter(({ size, hasManifest }) => size === undefined && hasManifest).map(({ key }) => key),
    strangers: survey.strangers - (alias === undefined ? 0 : 1),
    errors: isBareAlias ? failed.filter(({ key }) => key !== alias?.key) : failed,
  };
}

/** The alias has a name of its own, so the survey takes it for a stranger. */
async function findAlias(destination: Destination, signal: AbortSignal): Promise<Subject | undefined> {
  const key = aliasKey(destination);
  if (key === undefined) return undefined;
  // From the listing: a local destination would read the whole object to tell of it alone.
  for await (const found of destination.storage.list(destination.prefix, signal)) {
    if (found.key === key) return { key, takenAt: found.modifiedAt, size: found.size, hasManifest: true, records: [] };
  }
  return undefined;
}

function toHolding({ key, takenAt, hasManifest, records }: Subject, size: number, told: Told | undefined, failures: readonly Failure[]): Holding {
  const times = records.flatMap((record) => recordTime(baseName(record)) ?? []).sort((a, b) => b.getTime() - a.getTime());
  return { name: baseName(key), takenAt, size, told, hasManifest, verifiedAt: times[0], failures };
}

function tell(manifest: Manifest, keysSeen: Map<string, Sealed>): Told {
  const { cluster_id, seal_type, seal_fingerprint } = manifest;
  // One for all that have the same keys, instead of one each.
  const keys = `${cluster_id} ${seal_type} ${seal_fingerprint}`;
  const sealed = keysSeen.get(keys) ?? { cluster_id, seal_type, seal_fingerprint };
  keysSeen.set(keys, sealed);
  return {
    clusterId: sealed.cluster_id,
    sealed,
    index: manifest.raft_index,
    storedBytes: manifest.stored_bytes,
    finishedAt: new Date(manifest.finished_at),
    schedule: manifest.schedule,
    previous: manifest.previous ? baseName(manifest.previous.key as ObjectKey) : undefined,
    isSuspicious: manifest.suspicious.length > 0,
  };
}

/** The cluster of the newest manifest of all: ours, where nothing else says whose the snapshots are. */
export function clusterOf(stocks: readonly (Stock | SnapshotError)[]): string | undefined {
  const told = stocks.flatMap((stock) => (stock instanceof SnapshotError ? [] : stock.holdings.filter((holding) => holding.told !== undefined)));
  return told.sort((a, b) => b.takenAt.getTime() - a.takenAt.getTime())[0]?.told?.clusterId;
}
