import type { Destination } from '../agent/destination.ts';
import { intervalMs, nextTime, type ScheduleRule } from '../agent/schedule.ts';
import { SnapshotError } from '../errors.ts';
import { SAFETY_SCHEDULE } from '../recovery/choose.ts';
import { planRetention, type RetentionPolicy } from '../retention/plan.ts';
import { type Failure, isDamage } from '../snapshot/failures.ts';
import { haveKeysChanged, type Sealed } from '../snapshot/manifest.ts';
import { type NameTemplate, takenAt } from '../snapshot/name.ts';
import { type KeyError, type ObjectKey, objectKey } from '../storage/key.ts';
import type { Holding, Stock } from './stock.ts';

/** `unproved` has no manifest. The last three are no longer what was proved, or nobody can tell. */
export type Standing = 'proved' | 'unproved' | 'suspicious' | 'damaged' | 'unreadable';

/** One snapshot, wherever it is. */
export interface Row {
  readonly name: string;
  readonly takenAt: Date;
  readonly size: number;
  readonly index: number | string | undefined;
  /** The worst of all places: what is damaged at one is told. */
  readonly standing: Standing;
  /** The last time at any place. */
  readonly provedAt: Date | undefined;
  readonly present: readonly string[];
  /** Destinations that want it by their schedule and `retain`, and have it not. */
  readonly missing: readonly string[];
  /** Where none was taken for longer than the schedule wants, just before this one. */
  readonly gaps: readonly Gap[];
  /** Verifications and drills that failed, and none since went well. */
  readonly failures: readonly (Failure & { readonly destination: string })[];
  /** Undefined: it has no manifest. */
  readonly sealed: Sealed | undefined;
  /** The snapshots before it need other unseal keys. */
  readonly isFirstOfItsKeys: boolean;
  /** Of the state that a restore gave up: "latest" never means it. */
  readonly isSafety: boolean;
}

export interface Gap {
  readonly destination: string;
  readonly since: Date;
  readonly ms: number;
}

/** One destination as a whole. */
export type PlaceOverview = { readonly destination: string } & (
  | { readonly outcome: 'failed'; readonly error: SnapshotError }
  | {
      readonly outcome: 'listed';
      readonly snapshots: number;
      readonly strangers: number;
      /** Snapshots whose manifest is of another cluster. */
      readonly foreign: number;
      readonly lost: readonly ObjectKey[];
      readonly errors: readonly KeyError[];
      /** Since when a newer one is overdue. */
      readonly overdueSince: Date | undefined;
    }
);

export interface Overview {
  readonly clusterId: string | undefined;
  /** Newest first. */
  readonly rows: readonly Row[];
  readonly places: readonly PlaceOverview[];
}

/** A destination and what was found there. */
export interface Place {
  readonly destination: Pick<Destination, 'rule' | 'schedule' | 'retain' | 'keepsHistory'> & { readonly storage: { readonly name: string } };
  readonly stock: Stock | SnapshotError;
}

interface Listed extends Place {
  readonly stock: Stock;
  readonly byName: ReadonlyMap<string, Holding>;
}

/** All destinations side by side. `clusterId` undefined: nobody knows, so nothing is foreign. */
export function overlook(places: readonly Place[], clusterId: string | undefined, template: NameTemplate, clusterName: string, now: Date): Overview {
  const timeOfName = (name: string) => takenAt(template, clusterName, name);
  const listed = places.flatMap((place) => (place.stock instanceof SnapshotError ? [] : [toListed(place, place.stock, clusterId)]));
  const names = new Map<string, Holding>();
  for (const { byName } of listed) for (const [name, holding] of byName) if (!names.has(name)) names.set(name, holding);
  const newestFirst = [...names.values()].sort((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.name < b.name ? 1 : -1));
  const wanted = new Map(listed.map((place) => [place, namesWanted(place, listed, newestFirst, now)] as const));
  const rows = markKeys(newestFirst.map(({ name }) => toRow(name, listed, wanted, timeOfName)));
  return { clusterId, rows, places: places.map((place) => describe(place, listed, now)) };
}

function toListed(place: Place, stock: Stock, clusterId: string | undefined): Listed {
  const own = stock.holdings.filter(({ told }) => told === undefined || clusterId === undefined || told.clusterId === clusterId);
  return { ...place, stock, byName: new Map(own.map((holding) => [holding.name, holding])) };
}

function toRow(name: string, places: readonly Listed[], wanted: ReadonlyMap<Listed, ReadonlySet<string>>, timeOfName: (name: string) => Date | undefined): Row {
  const here = places.flatMap((place) => {
    const holding = place.byName.get(name);
    return holding ? [{ place, holding }] : [];
  });
  const { takenAt, size } = here[0]!.holding;
  const told = here.find(({ holding }) => holding.told)?.holding.told;
  const proofs = here.flatMap(({ holding }) => holding.verifiedAt ?? holding.told?.finishedAt ?? []).sort((a, b) => b.getTime() - a.getTime());
  const standings = here.map(({ holding }) => standingOf(holding));
  const missing = places.filter((place) => !place.byName.has(name) && wanted.get(place)?.has(name)).map(nameOf);
  return {
    name,
    takenAt,
    size,
    index: told?.index,
    sealed: told?.sealed,
    isFirstOfItsKeys: false,
    isSafety: told?.schedule === SAFETY_SCHEDULE,
    standing: WORST_FIRST.find((standing) => standings.includes(standing)) ?? 'unproved',
    provedAt: proofs[0],
    present: here.map(({ place }) => nameOf(place)),
    missing,
    gaps: here.flatMap(({ place, holding }) => findGap(place, holding, timeOfName)),
    failures: here.flatMap(({ place, holding }) => holding.failures.map((failure) => ({ ...failure, destination: nameOf(place) }))),
  };
}

/** From the oldest on; what tells of no keys is passed over. */
function markKeys(newestFirst: readonly Row[]): readonly Row[] {
  let before: Sealed | undefined;
  const marked = newestFirst.toReversed().map((row) => {
    if (row.sealed === undefined) return row;
    const isFirstOfItsKeys = haveKeysChanged(before, row.sealed);
    before = { ...row.sealed, seal_fingerprint: row.sealed.seal_fingerprint ?? before?.seal_fingerprint ?? null };
    return { ...row, isFirstOfItsKeys };
  });
  return marked.reverse();
}

const WORST_FIRST = ['damaged', 'unreadable', 'suspicious', 'proved', 'unproved'] as const;

function standingOf({ told, hasManifest, size, failures }: Holding): Standing {
  if (!told) return hasManifest ? 'unreadable' : 'unproved';
  if (told.storedBytes !== size || failures.some(({ error }) => isDamage(error))) return 'damaged';
  return told.isSuspicious ? 'suspicious' : 'proved';
}

function nameOf({ destination }: Place): string {
  return destination.storage.name;
}

/** The manifest tells what came before it, so that what was pruned in between is no gap. */
function findGap({ destination }: Listed, { told, takenAt }: Holding, timeOfName: (name: string) => Date | undefined): readonly Gap[] {
  const since = told?.previous === undefined ? undefined : timeOfName(told.previous);
  if (since === undefined || takenAt <= latest(destination.rule, since)) return [];
  return [{ destination: destination.storage.name, since, ms: takenAt.getTime() - since.getTime() }];
}

/** Half an interval late is late: rounds take their time, are put off a little, and are retried. */
function latest(rule: ScheduleRule, since: Date): Date {
  return new Date(nextTime(rule, since).getTime() + intervalMs(rule, since) / 2);
}

/**
 * What a destination would hold had it missed nothing. Only snapshots of its own schedule are its business, and none from before
 * it came to be; of the old agent's nobody knows where they were meant to be.
 */
function namesWanted(place: Listed, places: readonly Listed[], all: readonly Holding[], now: Date): ReadonlySet<string> {
  const { schedule, retain, keepsHistory } = place.destination;
  if (!keepsHistory) return new Set();
  const meant = new Set(
    places.flatMap(({ byName, destination }) =>
      (destination.keepsHistory ? [...byName.values()] : []).filter(({ told }) => told?.schedule === schedule).map(({ name }) => name),
    ),
  );
  const oldest = Math.min(...[...place.byName.values()].map(({ takenAt }) => takenAt.getTime()));
  const isNewEnough = ({ takenAt }: Holding) => !Number.isFinite(oldest) || takenAt.getTime() > oldest;
  const would = all.filter((holding) => place.byName.has(holding.name) || (meant.has(holding.name) && isNewEnough(holding)));
  return keptNames(would, retain, now);
}

function keptNames(holdings: readonly Holding[], policy: RetentionPolicy, now: Date): ReadonlySet<string> {
  const snapshots = holdings.map(({ name, takenAt }) => ({ key: objectKey(name), takenAt, standing: 'proved' as const }));
  return new Set(planRetention(snapshots, policy, now).keep.map(({ key }) => key));
}

function describe({ destination, stock }: Place, listed: readonly Listed[], now: Date): PlaceOverview {
  const name = destination.storage.name;
  const place = listed.find((one) => one.destination === destination);
  if (stock instanceof SnapshotError) return { destination: name, outcome: 'failed', error: stock };
  const own = [...(place?.byName.values() ?? [])];
  const newest = own.find(({ told, takenAt }) => told !== undefined && told.schedule !== SAFETY_SCHEDULE && takenAt <= now);
  const late = newest && latest(destination.rule, newest.takenAt);
  return {
    destination: name,
    outcome: 'listed',
    snapshots: own.length,
    strangers: stock.strangers,
    foreign: stock.holdings.length - own.length,
    lost: stock.lost,
    errors: stock.errors,
    overdueSince: newest && late && late < now ? nextTime(destination.rule, newest.takenAt) : undefined,
  };
}
