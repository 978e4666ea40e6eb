import type { Clock } from '../agent/clock.ts';
import { abortReason, SnapshotError } from '../errors.ts';
import type { Hidden, SealStatus, Target } from './contract.ts';

const EVERY_MS = 500;
/** A server that finds itself in no cluster seals itself again within this time. */
const STAYS_MS = 5_000;

const LEAD_LIMIT_MS = 2 * 60_000;
/** Vault stands still for good when a restore takes its autopilot down in the instant that it looks around, as it does first of all. */
const SETTLES_MS = 1_000;

/** A server of its own, just initialised and unsealed, that nobody has seen serve yet. */
export async function untilLeading(target: Target, clock: Clock, signal: AbortSignal): Promise<void> {
  const begunMs = clock.now().getTime();
  let leadingSinceMs: number | undefined;
  for (;;) {
    const isLeading = await target.isServing(signal);
    if (signal.aborted) throw abortReason(signal);
    const nowMs = clock.now().getTime();
    leadingSinceMs = isLeading ? (leadingSinceMs ?? nowMs) : undefined;
    if (leadingSinceMs !== undefined && nowMs - leadingSinceMs >= SETTLES_MS) return;
    if (nowMs - begunMs >= LEAD_LIMIT_MS)
      throw new SnapshotError('init_failed', `vault: ${target.address}: does not lead within ${LEAD_LIMIT_MS / 1000}s of its init`);
    await clock.waitUntil(new Date(nowMs + EVERY_MS), signal);
  }
}

/** Gives as many shares as the server asks for. Too few are `level_installed`; wrong ones `wrong_unseal_keys`. */
export async function giveShares(target: Target, shares: readonly Hidden[], signal: AbortSignal): Promise<void> {
  const before = await target.sealStatus(signal);
  if (!before.isSealed) return;
  if (shares.length < before.threshold) {
    throw new SnapshotError('level_installed', `unseal: ${target.address}: ${shares.length} shares given, ${before.threshold} of ${before.shares} are needed`);
  }
  // Of an attempt that somebody broke off; with ours they would make one that cannot succeed.
  if (before.progress > 0) await target.resetUnseal(signal);
  let status: SealStatus = before;
  for (const share of shares.slice(0, before.threshold)) {
    status = await target.unseal(share, signal);
    if (!status.isSealed) return;
  }
  throw new SnapshotError(
    'wrong_unseal_keys',
    `unseal: ${target.address}: ${before.threshold} shares taken, and still sealed at ${status.progress} of ${status.threshold}`,
    {
      advice: 'two of the shares may be the same one: give different ones',
    },
  );
}

/** Until the server serves and goes on to: one that seals itself again was put out of its cluster. */
export async function untilServing(target: Target, clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const begunMs = clock.now().getTime();
  let servingSinceMs: number | undefined;
  for (;;) {
    if (signal.aborted) throw abortReason(signal);
    const nowMs = clock.now().getTime();
    const status = await target.sealStatus(signal).catch((error: unknown) => {
      if (error instanceof SnapshotError && error.code === 'vault_unreachable') return undefined;
      throw error;
    });
    if (status?.isSealed) throw sealedAgain(target, status);
    const isServing = status !== undefined && (await target.isServing(signal));
    servingSinceMs = isServing ? (servingSinceMs ?? nowMs) : undefined;
    if (servingSinceMs !== undefined && nowMs - servingSinceMs >= STAYS_MS) return;
    if (nowMs - begunMs >= timeoutMs)
      throw new SnapshotError('restore_timeout', `unseal: ${target.address}: does not serve within ${timeoutMs / 1000}s of its unsealing`);
    await clock.waitUntil(new Date(nowMs + EVERY_MS), signal);
  }
}

function sealedAgain({ address }: Target, { isRemoved }: SealStatus): SnapshotError {
  if (isRemoved) return new SnapshotError('node_removed', `unseal: ${address}: sealed itself again: its node_id is not one of the snapshot`);
  return new SnapshotError('node_removed', `unseal: ${address}: sealed itself again right after it was unsealed`, {
    advice: 'look at the log of the server: its node_id may not be one of the snapshot, or none of the audit devices of the snapshot works here',
  });
}
