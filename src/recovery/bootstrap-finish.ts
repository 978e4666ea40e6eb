import type { Clock } from '../agent/clock.ts';
import { abortReason, SnapshotError } from '../errors.ts';
import type { Marked, Marker } from './bootstrap-marker.ts';
import { statusUnlessSilent } from './bootstrap-peers.ts';
import { canaryError, checkCanary, readCanary } from './canary.ts';
import type { Hidden, SealStatus, Target } from './contract.ts';
import type { Account } from './outcome.ts';
import { findToken, withToken } from './token.ts';
import { giveShares, untilServing } from './unseal.ts';

const EVERY_MS = 1_000;
const SETTLE_MS = 5 * 60_000;
/** A server with auto-unseal opens what it took within seconds, or never. */
const AUTO_UNSEAL_MS = 20_000;

export interface FinishDeps {
  readonly target: Target;
  readonly marker: Marker;
  readonly clock: Clock;
  readonly account: Account;
  shares(): Promise<readonly Hidden[]>;
  /** People are waited for; else a sealed server is the end. */
  readonly isWaiting: boolean;
  /** Hears what is needed from people; undefined: nothing any more. */
  onWaiting(what: string | undefined): void;
}

/** From a server that holds the snapshot to one that serves it and has shown so. */
export async function finishBootstrap(marked: Marked, deps: FinishDeps, signal: AbortSignal): Promise<void> {
  const { target, marker, clock, account } = deps;
  account.level = 'installed';
  const shares = await deps.shares();
  await account.step('unseal', async () => {
    const status = await target.sealStatus(signal);
    if (!status.isSealed) return;
    await open(marked, status, shares, deps, signal);
    await untilServing(target, clock, SETTLE_MS, signal);
  });
  await account.step('identity', () => refuseOtherCluster(marked, target, signal));
  account.level = 'unsealed';
  await lookForCanary(marked, shares, deps, signal);
  await marker.remove();
}

async function open(marked: Marked, status: SealStatus, shares: readonly Hidden[], deps: FinishDeps, signal: AbortSignal): Promise<void> {
  const { target, clock, isWaiting, onWaiting } = deps;
  if (status.type !== 'shamir') {
    if (await untilUnsealed(target, clock, AUTO_UNSEAL_MS, signal)) return;
    throw new SnapshotError(
      'seal_mismatch',
      `vault: ${target.address}: holds the snapshot and stays sealed: its ${status.type} seal has another key than the source had`,
    );
  }
  if (shares.length > 0) return await giveShares(target, shares, signal);
  const { seal_threshold: threshold, seal_shares: all, seal_fingerprint: fingerprint } = marked;
  const keys = fingerprint === null ? '' : ` of the fingerprint ${fingerprint.slice(0, 12)}`;
  const needed = `unseal ${target.address} with ${threshold} of ${all} shares${keys}`;
  onWaiting(needed);
  if (!isWaiting) throw new SnapshotError('level_installed', `vault: ${target.address}: holds the snapshot and is sealed`, { advice: needed });
  await untilUnsealed(target, clock, Number.POSITIVE_INFINITY, signal);
  onWaiting(undefined);
}

async function untilUnsealed(target: Target, clock: Clock, limitMs: number, signal: AbortSignal): Promise<boolean> {
  const begunMs = clock.now().getTime();
  for (;;) {
    if (signal.aborted) throw abortReason(signal);
    const nowMs = clock.now().getTime();
    const status = await statusUnlessSilent(target, signal);
    if (status?.isSealed === false) return true;
    if (nowMs - begunMs >= limitMs) return false;
    await clock.waitUntil(new Date(nowMs + EVERY_MS), signal);
  }
}

async function refuseOtherCluster({ cluster_id: wanted }: Marked, target: Target, signal: AbortSignal): Promise<void> {
  const { clusterId } = await target.sealStatus(signal);
  if (clusterId === wanted) return;
  const found = `vault: ${target.address}: is the cluster ${clusterId ?? 'of nobody knows what'}, the snapshot is of ${wanted}`;
  const advice = 'if people have made it their own since, remove "bootstrap-….json" from the state directory; else empty the server by hand and run this again';
  throw new SnapshotError('half_done', found, { advice });
}

/** However old it is: after days without a cluster there is no younger one. */
async function lookForCanary({ canary }: Marked, shares: readonly Hidden[], deps: FinishDeps, signal: AbortSignal): Promise<void> {
  const { target, clock, account } = deps;
  if (canary === null) return void account.warnings.push('the snapshot has no canary: that it is the newest state, its manifest alone tells');
  await account.step('canary', async () => {
    try {
      const grant = await findToken(target, shares, account, signal);
      await withToken(grant, target, account, async ({ token }) => {
        const error = canaryError(canary, checkCanary(canary, await readCanary(target, canary, token, signal), clock.now(), Number.POSITIVE_INFINITY));
        if (error) throw error;
        account.level = 'canary-read';
      });
    } catch (error) {
      if (!(error instanceof SnapshotError) || !['no_token', 'vault_denied'].includes(error.code)) throw error;
      account.warnings.push(`the canary could not be read: ${error.message}`);
    }
  });
}
