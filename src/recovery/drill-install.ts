import type { Clock } from '../agent/clock.ts';
import { abortReason, SnapshotError } from '../errors.ts';
import type { Hidden, InitKeys, SealStatus, Target } from './contract.ts';
import type { Fetched } from './fetch.ts';
import type { SnapshotFacts } from './guards.ts';
import type { Account } from './outcome.ts';
import { type Applied, pollApplied, type Sign } from './poll.ts';
import type { Throwaway } from './throwaway.ts';
import { giveShares, untilLeading } from './unseal.ts';

const MOST_SHARES = 255;

export interface InstallDeps {
  readonly clock: Clock;
  readonly account: Account;
  readonly stallTimeoutMs: number;
  readonly timeoutMs: number;
  onUpload(bytes: number, total: number): void;
}

export interface InstallJob {
  readonly fetched: Fetched;
  readonly snapshot: SnapshotFacts;
  readonly throwaway: Throwaway;
  readonly deps: InstallDeps;
}

export interface Installing {
  readonly status: SealStatus;
  /** What showed that the snapshot was taken in. */
  readonly proof: 'seal' | 'cluster_id' | 'weak' | undefined;
}

interface Seal {
  readonly type: string;
  readonly shares: number;
  readonly threshold: number;
}

/** From an empty server to one that holds the snapshot, which it has shown. */
export async function install(job: InstallJob, signal: AbortSignal): Promise<Installing> {
  const { snapshot, throwaway, deps } = job;
  const { target, restart } = throwaway;
  const { account, clock } = deps;
  const seal = sealOf(snapshot);
  const isShamir = seal.type === 'shamir';
  const keys = await account.step('init', async () => {
    const made = await init(job, seal, signal);
    await giveShares(target, isShamir ? made.shares : [], signal);
    await untilLeading(target, clock, signal);
    if (restart === undefined) await refuseCluster(target, made.rootToken, signal);
    return made;
  });
  const sent = await account.step('send', () => send(job, keys.rootToken, signal));
  const sign: Sign = snapshot.clusterId === undefined ? { kind: 'calm' } : { kind: 'cluster_id', clusterId: snapshot.clusterId };
  const installing = await account.step('apply', async () => {
    const applied = await pollApplied(sign, { target, clock, timeoutMs: deps.timeoutMs, sent, onSilence: (what) => account.warnings.push(what) }, signal);
    return await stayed(applied, seal, target, signal);
  });
  if (!isShamir || restart === undefined) return installing;
  return await account.step('seal', async () => {
    await restart(signal);
    const status = await target.sealStatus(signal);
    refuseOtherSeal(status, seal);
    return { status, proof: 'seal' };
  });
}

function sealOf({ manifest, proof }: SnapshotFacts): Seal {
  if (manifest !== undefined) return { type: manifest.seal_type, shares: manifest.seal_shares, threshold: manifest.seal_threshold };
  if (proof.seal !== undefined) return proof.seal;
  throw new SnapshotError('refused', 'init: nothing tells how the snapshot is sealed', { advice: 'take a snapshot that has a manifest' });
}

async function init({ throwaway }: InstallJob, seal: Seal, signal: AbortSignal): Promise<InitKeys> {
  const areRecoveryKeys = seal.type !== 'shamir';
  // A server that we restart then tells the numbers of what it holds: others than its own show that the snapshot was taken in.
  const shares = throwaway.restart === undefined ? seal.shares : seal.shares < MOST_SHARES ? seal.shares + 1 : seal.shares - 1;
  const wanted = { shares, threshold: Math.min(shares, Math.max(seal.threshold, Math.min(shares, 2))), areRecoveryKeys };
  try {
    return await throwaway.target.init(wanted, signal);
  } catch (error) {
    if (signal.aborted) throw abortReason(signal);
    if (!(error instanceof SnapshotError)) throw error;
    throw new SnapshotError('init_failed', `init: ${error.message}`, { cause: error });
  }
}

/** The others would find themselves removed from their cluster. */
async function refuseCluster(target: Target, token: Hidden, signal: AbortSignal): Promise<void> {
  const servers = await target.raftServers(token, signal);
  if (servers.length === 1) return;
  throw new SnapshotError('refused', `init: ${target.address}: is one of ${servers.length} raft servers`, { advice: 'give a lone empty server' });
}

async function send({ fetched, throwaway, deps }: InstallJob, token: Hidden, signal: AbortSignal) {
  const { bytes } = fetched.proof;
  const onProgress = (sent: number) => deps.onUpload(sent, bytes);
  const sending = { token, bytes, isForced: true, stallTimeoutMs: deps.stallTimeoutMs, onProgress };
  return await throwaway.target.sendSnapshot(fetched.read(signal), sending, signal);
}

async function stayed(applied: Applied, seal: Seal, target: Target, signal: AbortSignal): Promise<Installing> {
  const status = await target.sealStatus(signal);
  if (applied.outcome === 'serving') return { status, proof: applied.proof === 'token' ? undefined : applied.proof };
  if (seal.type !== 'shamir') {
    const advice = 'give the server the seal of the cluster itself: "drill": {"seal_file": …}, with the same key';
    throw new SnapshotError('seal_mismatch', `apply: sealed itself: its ${seal.type} seal has another key than the source had`, { advice });
  }
  return { status, proof: 'seal' };
}

/** The server tells the numbers of what it holds, without any key. */
function refuseOtherSeal({ type, shares, threshold }: SealStatus, seal: Seal): void {
  if (type === seal.type && shares === seal.shares && threshold === seal.threshold) return;
  const expected = `${seal.type}, ${seal.threshold} of ${seal.shares}`;
  throw new SnapshotError('seal_config_differs', `seal: after the restart the server is ${type}, ${threshold} of ${shares}, the snapshot is ${expected}`);
}
