import { SnapshotError } from '../errors.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import { type FinishDeps, finishBootstrap } from './bootstrap-finish.ts';
import { type InstallDeps, installSnapshot, mark } from './bootstrap-install.ts';
import type { Claim } from './bootstrap-lease.ts';
import type { Marked, Phase } from './bootstrap-marker.ts';
import { lookAtPeers, type PeerState, refuseLivingSource, untilAnswering } from './bootstrap-peers.ts';
import { fetchNewestGood, type GoodSnapshot, type Skipped, type SourceDeps } from './bootstrap-source.ts';
import type { SealStatus, Target } from './contract.ts';
import { isOlder } from './guards.ts';
import { describeSnapshot } from './outcome.ts';
import { pollApplied } from './poll.ts';

export interface BootstrapDeps extends Omit<InstallDeps, 'claim'>, FinishDeps {
  readonly source: SourceDeps;
  /** Where the cluster of the snapshot was; undefined: not to be asked. */
  readonly oldCluster: Target | undefined;
  /** Undefined: another server of several is the one that begins. */
  takeClaim(signal: AbortSignal): Promise<Claim | undefined>;
  /** Keeps other processes of this state directory away; resolves with what lets them in again. */
  lock(): Promise<() => Promise<void>>;
  readonly isDryRun: boolean;
  /** Without any snapshot: true leaves the first init to people. */
  readonly mayStayEmpty: boolean;
  /** For the server to answer, and for its peers. */
  readonly waitMs: number;
}

type Filling = BootstrapDeps & Pick<InstallDeps, 'claim'>;

/** Why nothing was done, which is an end as good as any; or that it was. */
export type Reason = 'already_initialised' | 'not_mine' | 'peer_initialised' | 'no_snapshot' | 'dry_run' | 'restored' | 'nothing_to_clean' | 'cleaned';

/** What is known so far; it is told whatever the end is. */
export interface BootstrapRecord {
  reason: Reason | undefined;
  peers: readonly PeerState[];
  readonly skipped: Skipped[];
  phase: Phase | undefined;
  waitingFor: string | undefined;
}

/** Fills an empty server with the newest good snapshot, once; leaves every other server as it is. */
export async function bootstrap(deps: BootstrapDeps, record: BootstrapRecord, signal: AbortSignal): Promise<void> {
  const { account, target, marker } = deps;
  const status = await account.step('wait', () => untilAnswering(target, deps, signal));
  if (status.isInitialized && (await marker.read()) === undefined) {
    record.reason = 'already_initialised';
    return;
  }
  const release = await deps.lock();
  try {
    record.reason = await act(deps, record, signal);
  } finally {
    await release();
  }
}

/** Alone by now; who was at it before may have ended it. */
async function act(deps: BootstrapDeps, record: BootstrapRecord, signal: AbortSignal): Promise<Reason> {
  const status = await deps.target.sealStatus(signal);
  if (!status.isInitialized) return await begin(status, deps, record, signal);
  const marked = await deps.marker.read();
  if (marked === undefined) return 'already_initialised';
  record.phase = marked.phase;
  await resume(marked, deps, signal);
  return 'restored';
}

async function begin(status: SealStatus, deps: BootstrapDeps, record: BootstrapRecord, signal: AbortSignal): Promise<Reason> {
  const { account } = deps;
  const claim = await account.step('claim', () => deps.takeClaim(signal));
  if (claim === undefined) return 'not_mine';
  try {
    const reason = await fill(status, { ...deps, claim }, record, signal);
    if (claim.isLost) account.warnings.push('the lease was lost after the snapshot had been sent: what was begun was ended');
    return reason;
  } finally {
    await claim.release();
  }
}

async function fill(status: SealStatus, deps: Filling, record: BootstrapRecord, signal: AbortSignal): Promise<Reason> {
  if (await hasCluster(deps, record, signal)) return 'peer_initialised';
  const good = await deps.account.step('choose', () => fetchNewestGood(deps.source, signal));
  if (good === undefined) return stayEmpty(deps);
  // People may take a night to unseal it: by then the disk has its room back.
  const done = await install(good, status, deps, record, signal).finally(() => good.fetched.remove());
  if (typeof done === 'string') return done;
  await finishBootstrap(done, deps, signal);
  return 'restored';
}

async function install(good: GoodSnapshot, status: SealStatus, deps: Filling, record: BootstrapRecord, signal: AbortSignal): Promise<Marked | Reason> {
  const { account, clock, isDryRun } = deps;
  const { manifest, fetched, destination } = good;
  account.level = 'verified';
  account.destination = destination;
  account.snapshot = describeSnapshot(manifest.key, { takenAt: fetched.source.takenAt, manifest, proof: fetched.proof }, clock.now());
  await account.step('guards', () => refuseUnfit(manifest, status, deps, signal));
  // Reading may have taken an hour.
  if (await hasCluster(deps, record, signal)) return 'peer_initialised';
  return isDryRun ? 'dry_run' : await installSnapshot(good, status, deps, signal);
}

/** Whether one of the others is initialised: this one joins it then, and a second cluster never begins. */
async function hasCluster(deps: BootstrapDeps, record: BootstrapRecord, signal: AbortSignal): Promise<boolean> {
  record.peers = await deps.account.step('peers', () => lookAtPeers(deps.peers, deps, signal));
  return record.peers.some(({ state }) => state === 'initialised');
}

function stayEmpty({ mayStayEmpty, source: { destinations } }: BootstrapDeps): Reason {
  if (mayStayEmpty) return 'no_snapshot';
  const places = destinations.map(({ storage }) => storage.name).join(', ');
  throw new SnapshotError('no_snapshot', `choose: ${places}: there is no proved snapshot of this cluster`);
}

/** What can be told before anything is touched. */
async function refuseUnfit(manifest: Manifest, status: SealStatus, { target, oldCluster }: BootstrapDeps, signal: AbortSignal): Promise<void> {
  const { address } = target;
  if (isOlder(status.version, manifest.server_version)) {
    throw new SnapshotError('server_too_old', `vault: ${address}: is ${status.version}, the snapshot is of ${manifest.server_version}`);
  }
  if (status.type !== manifest.seal_type) {
    const advice = `give it the seal of the source: ${manifest.seal_type}`;
    throw new SnapshotError('refused', `vault: ${address}: has a ${status.type} seal, the snapshot was sealed with ${manifest.seal_type}`, { advice });
  }
  if (oldCluster) await refuseLivingSource(oldCluster, manifest.cluster_id, signal);
}

/** What an earlier run has left. */
async function resume(marked: Marked, deps: BootstrapDeps, signal: AbortSignal): Promise<void> {
  const { target, account } = deps;
  account.destination = marked.destination;
  if (marked.phase === 'initialising') {
    const advice =
      'if people did, remove "bootstrap-….json" from the state directory; else stop the server, empty its data directory by hand, start it, and run this again';
    throw new SnapshotError(
      'half_done',
      `vault: ${target.address}: an earlier bootstrap was cut off in its init, or one runs just now: nobody tells who has initialised the server`,
      { advice },
    );
  }
  if (marked.phase === 'initialised') {
    throw new SnapshotError(
      'half_done',
      `vault: ${target.address}: an earlier bootstrap was cut off after its init, if none runs just now: nobody has its keys, and it holds nothing`,
    );
  }
  if (marked.phase === 'restore_sent') {
    const sign = { kind: 'cluster_id', clusterId: marked.cluster_id } as const;
    await account.step('apply', () => pollApplied(sign, { ...deps, sent: 'unanswered' }, signal).catch(neverApplied));
  }
  const applied = marked.phase === 'restored' ? marked : await markUnlessSealed(marked, deps, signal);
  await finishBootstrap(applied, deps, signal);
}

/** A sealed server does not tell which cluster it is. */
async function markUnlessSealed(marked: Marked, deps: BootstrapDeps, signal: AbortSignal): Promise<Marked> {
  const { isSealed } = await deps.target.sealStatus(signal);
  return isSealed ? marked : await mark(marked, 'restored', deps);
}

function neverApplied(error: unknown): never {
  if (!(error instanceof SnapshotError) || error.code !== 'upload_cut') throw error;
  const advice = 'nobody has its keys, and it holds nothing: stop it, empty its data directory by hand, start it, and run this again';
  throw new SnapshotError('half_done', `${error.message}: an earlier bootstrap was cut off before its end`, { cause: error, advice });
}
