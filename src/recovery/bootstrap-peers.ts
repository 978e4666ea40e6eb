import type { Clock } from '../agent/clock.ts';
import { abortReason, SnapshotError } from '../errors.ts';
import type { SealStatus, Target } from './contract.ts';

const EVERY_MS = 1_000;

export interface PeerState {
  readonly address: string;
  readonly state: 'empty' | 'initialised' | 'silent';
}

export interface WaitDeps {
  readonly clock: Clock;
  readonly waitMs: number;
}

/** Until the server answers at all; it may be starting beside us. */
export async function untilAnswering(target: Target, { clock, waitMs }: WaitDeps, signal: AbortSignal): Promise<SealStatus> {
  const begunMs = clock.now().getTime();
  for (;;) {
    if (signal.aborted) throw abortReason(signal);
    const nowMs = clock.now().getTime();
    try {
      return await target.sealStatus(signal);
    } catch (thrown) {
      if (signal.aborted) throw abortReason(signal);
      if (!isSilence(thrown) || nowMs - begunMs >= waitMs) throw thrown;
    }
    await clock.waitUntil(new Date(nowMs + EVERY_MS), signal);
  }
}

/** Until one of them turns out to be initialised, or all have said that they are not: a silent one may hold the cluster. */
export async function lookAtPeers(peers: readonly Target[], { clock, waitMs }: WaitDeps, signal: AbortSignal): Promise<readonly PeerState[]> {
  const begunMs = clock.now().getTime();
  for (;;) {
    if (signal.aborted) throw abortReason(signal);
    const nowMs = clock.now().getTime();
    const states = await Promise.all(peers.map((peer) => lookAt(peer, signal)));
    const silent = states.filter(({ state }) => state === 'silent').map(({ address }) => address);
    if (silent.length === 0 || states.some(({ state }) => state === 'initialised')) return states;
    if (nowMs - begunMs >= waitMs) {
      const advice = 'start them, or leave out of --peers what is gone for good: a server that cannot be asked may hold the cluster';
      throw new SnapshotError('refused', `peers: ${silent.join(', ')}: no answer within ${waitMs / 1000}s`, { advice });
    }
    await clock.waitUntil(new Date(nowMs + EVERY_MS), signal);
  }
}

async function lookAt(peer: Target, signal: AbortSignal): Promise<PeerState> {
  const { address } = peer;
  const status = await statusUnlessSilent(peer, signal);
  if (status === undefined) return { address, state: 'silent' };
  return { address, state: status.isInitialized ? 'initialised' : 'empty' };
}

/**
 * Whether another has begun in the same moment. Asked once we lead: of two, the later one to ask sees the other lead, so that never both go on. One
 * that only waits to join is sealed, or of our cluster.
 */
export async function refuseRival(peers: readonly Target[], target: Target, signal: AbortSignal): Promise<void> {
  const { clusterId } = await target.sealStatus(signal);
  for (const peer of peers) {
    const status = await statusUnlessSilent(peer, signal);
    if (status !== undefined && (status.clusterId === undefined || status.clusterId === clusterId)) continue;
    const what = status === undefined ? 'answers no more' : 'has begun a cluster of its own';
    const advice =
      'let one server begin, with --ordinal, and the others join it; empty this one, for it is initialised by now: bootstrap --clean --data-dir DIR';
    throw new SnapshotError('refused', `peers: ${peer.address}: ${what} while ${target.address} was initialised`, { advice });
  }
}

/** Two copies of one cluster would both revoke the leases. */
export async function refuseLivingSource(source: Target, clusterId: string, signal: AbortSignal): Promise<void> {
  const status = await statusUnlessSilent(source, signal);
  if (status?.clusterId === clusterId) throw new SnapshotError('source_alive', `source: ${source.address}: still serves the cluster ${clusterId}`);
}

/** Undefined: it does not answer. */
export async function statusUnlessSilent(target: Target, signal: AbortSignal): Promise<SealStatus | undefined> {
  try {
    return await target.sealStatus(signal);
  } catch (thrown) {
    if (signal.aborted) throw abortReason(signal);
    if (isSilence(thrown)) return undefined;
    throw thrown;
  }
}

/** What a server does that starts, or applies a snapshot; what answers in its place is not silence. */
function isSilence(error: unknown): boolean {
  return error instanceof SnapshotError && ['vault_unreachable', 'vault_error', 'vault_no_leader', 'vault_sealed'].includes(error.code);
}
