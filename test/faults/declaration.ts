import type { Repeats } from './ambush.ts';
import { type Moment, PHASES, type Phase } from './phases.ts';

export const STORES = ['local', 'minio', 'gcs', 'azurite'] as const;
export type Store = (typeof STORES)[number];

export const STORE_TITLES: Readonly<Record<Store, string>> = { local: 'local', minio: 'S3', gcs: 'GCS', azurite: 'Azure' };

/** Where a fault strikes: at a step of the round, or all the time. */
export type Place = Phase | 'spool' | 'round';

/** What is done at that moment. */
export type Deed =
  | 'kill'
  | 'terminate'
  | 'finish'
  | 'cut'
  | 'silence'
  | 'gone'
  | 'denied'
  | 'throttled'
  | 'broken'
  | 'unavailable'
  | 'full'
  | 'sealed'
  | 'restarted'
  | 'moved'
  | 'clock back'
  | 'clock forward'
  | 'twice';

type Settings = Readonly<Record<string, unknown>>;

/** How the round ends: `taken` as if nothing were, or with a warning; else by one of these codes. */
export type End =
  | { readonly outcome: 'killed' }
  | { readonly outcome: 'taken'; readonly event?: 'prune_failed' | 'readback_denied' }
  | { readonly outcome: 'failed'; readonly codes: readonly string[] };

export interface Fault {
  readonly name: string;
  readonly title: string;
  readonly deed: Deed;
  readonly places: readonly Place[];
  readonly moment: (place: Place) => Moment;
  readonly repeats: Repeats;
  /** A daemon tells by its metrics how it got on, `--once` by its exit code. */
  readonly runs: 'daemon' | 'once';
  /** What the configuration has besides. */
  readonly settings?: Settings;
  readonly end: (place: Place) => End;
}

const UPLOADING: readonly Place[] = PHASES.filter((phase) => phase !== 'drain');
const TAKEN: End = { outcome: 'taken' };
const before = (): Moment => 'before';
const after = (): Moment => 'after';
/** In the middle of the bytes where there are any. */
const amid = (place: Place): Moment => (place === 'drain' || place === 'write' ? 'amid' : 'before');

function failed(...codes: readonly string[]): End {
  return { outcome: 'failed', codes };
}

/** Vault's own failure is the round's; one request to a store that fails is made good; what pruning meets changes no outcome. */
function madeGood(...ofVault: readonly string[]): (place: Place) => End {
  return (place) => (place === 'drain' ? failed(...ofVault) : TAKEN);
}

/** Nothing can make it good, or nobody lets it. */
function lasting(ofVault: readonly string[], ofStore: readonly string[]): (place: Place) => End {
  return (place) => {
    if (place === 'prune') return { outcome: 'taken', event: 'prune_failed' };
    return failed(...(place === 'drain' ? ofVault : ofStore));
  };
}

/** Credentials that may not read are enough to deliver, and it is told. */
function denied(place: Place): End {
  return place === 'readback' ? { outcome: 'taken', event: 'readback_denied' } : lasting(['vault_denied'], ['storage_denied'])(place);
}

const HURRY: Settings = { snapshot_timeout: '12s' };
const ALERT: Settings = { stall_timeout: '3s' };
const STOPPING: Settings = { stop_grace: '500ms' };
const AWAY = ['vault_sealed', 'vault_unreachable', 'vault_cut', 'vault_standby', 'vault_no_leader', 'vault_error', 'vault_denied'];

type Row = readonly [
  name: string,
  title: string,
  deed: Deed,
  places: readonly Place[],
  moment: (place: Place) => Moment,
  runs: 'daemon' | 'once',
  end: (place: Place) => End,
];
type Rest = Partial<Pick<Fault, 'repeats' | 'settings'>>;

const KILLED = (): End => ({ outcome: 'killed' });
/** What was to be stopped in its pruning had its snapshot delivered. */
const stopped = (place: Place): End => (place === 'prune' ? TAKEN : failed('stopped'));

const ROWS: readonly (readonly [...Row, Rest?])[] = [
  ['kill', '`kill -9` at it', 'kill', PHASES, amid, 'once', KILLED],
  ['kill-after', '`kill -9` after it', 'kill', UPLOADING, after, 'once', KILLED],
  ['term', 'SIGTERM, and no answer', 'terminate', PHASES, amid, 'once', stopped, { settings: STOPPING }],
  ['term-finish', 'SIGTERM, time to finish', 'finish', PHASES, before, 'once', () => TAKEN],
  ['cut', 'connection cut', 'cut', PHASES, amid, 'daemon', madeGood('vault_cut', 'vault_unreachable')],
  ['cut-after', 'cut, the answer lost', 'cut', UPLOADING, after, 'daemon', () => TAKEN],
  ['stall', 'stall', 'silence', PHASES, amid, 'daemon', madeGood('vault_stalled'), { settings: ALERT }],
  [
    'gone',
    'gone for good',
    'gone',
    UPLOADING,
    amid,
    'once',
    lasting([], ['storage_unavailable', 'storage_failed', 'round_timeout']),
    { repeats: 'ever after', settings: { ...HURRY, ...ALERT } },
  ],
  ['403', '403, permission lost', 'denied', PHASES, before, 'once', denied, { repeats: 'always' }],
  ['429', '429', 'throttled', PHASES, before, 'daemon', madeGood('vault_rate_limited')],
  ['500', '500', 'broken', PHASES, before, 'daemon', madeGood('vault_error')],
  ['503', '503', 'unavailable', PHASES, before, 'once', madeGood('vault_sealed')],
  [
    'full',
    'disk full',
    'full',
    ['spool', 'write', 'commit'],
    before,
    'once',
    (place) => failed(place === 'spool' ? 'spool_no_space' : 'storage_no_space'),
    { repeats: 'always', settings: HURRY },
  ],
  ['sealed', 'Vault sealed', 'sealed', PHASES, before, 'daemon', madeGood(...AWAY)],
  ['restarted', 'Vault killed and started', 'restarted', PHASES, before, 'daemon', madeGood(...AWAY)],
  ['moved', 'leader moved', 'moved', PHASES, before, 'once', madeGood(...AWAY)],
  ['clock-back', 'clock back by a day', 'clock back', ['commit'], before, 'daemon', () => TAKEN],
  ['clock-forward', 'clock forward by a day', 'clock forward', ['commit'], before, 'daemon', () => TAKEN],
  ['twice', 'two daemons', 'twice', ['round'], before, 'daemon', () => TAKEN],
];

export const FAULTS: readonly Fault[] = ROWS.map(([name, title, deed, places, moment, runs, end, rest = {}]) => ({
  name,
  title,
  deed,
  places,
  moment,
  runs,
  end,
  repeats: 'once',
  ...rest,
}));

export interface Cell {
  /** `minio/commit/kill-after` */
  readonly id: string;
  readonly store: Store;
  readonly place: Place;
  readonly fault: Fault;
  /** Why there is no such thing; undefined: there is. */
  readonly impossible: string | undefined;
}

const ONE_REQUEST = 'at this size the last piece travels with the commit';
const NO_OPEN = 'a block blob has no request that opens it';
const NO_LINE = 'a directory has no connection that could be cut';
const NO_STATUS = 'a directory answers by errors: EACCES stands in the row 403, EIO in the row 503';

function whyImpossible(store: Store, place: Place, { deed }: Fault): string | undefined {
  if (place === 'open' && store === 'azurite') return NO_OPEN;
  if (place === 'write' && store === 'gcs') return ONE_REQUEST;
  if (store !== 'local' || place === 'drain') return undefined;
  if (deed === 'cut') return NO_LINE;
  return deed === 'throttled' || deed === 'broken' ? NO_STATUS : undefined;
}

/** Every fault at every place of every store. */
export const CELLS: readonly Cell[] = FAULTS.flatMap((fault) =>
  fault.places.flatMap((place) =>
    STORES.map((store) => ({ id: `${store}/${place}/${fault.name}`, store, place, fault, impossible: whyImpossible(store, place, fault) })),
  ),
);

export const POSSIBLE_CELLS: readonly Cell[] = CELLS.filter(({ impossible }) => impossible === undefined);

/** What each cell is asked, in the order in which it is; where a question makes no sense for a cell, it is not counted. */
export const CHECKS = {
  met: 'the fault struck',
  whole: 'nothing can be seen that is not whole',
  kept: 'no good snapshot was deleted that had not been replaced',
  told: 'the log says what happened, with its code',
  ended: 'the exit code is right',
  counted: 'the metrics count what happened',
  next: 'the next round succeeds',
  tidy: 'after it everything kept is whole and has its manifest, and no more is kept than configured',
  leftovers: 'nothing unfinished is left',
  recovered: 'after it the metrics say that all is well',
  secret: 'no secret was printed',
} as const;
export type Check = keyof typeof CHECKS;

export interface Verdict {
  readonly id: string;
  readonly checked: number;
  /** Empty where all that was checked is as it is to be. */
  readonly failures: readonly string[];
}
