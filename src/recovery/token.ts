import { abortReason, SnapshotError, toSnapshotError } from '../errors.ts';
import type { Grant, Hidden, Target } from './contract.ts';
import type { Account } from './outcome.ts';

const REVOKE_LIMIT_MS = 5_000;

/** Where it is told what outlives the command. */
export type Told = Pick<Account, 'warnings' | 'leftBehind'>;

/** A token, and where it came from. */
export interface Found extends Grant {
  readonly way: 'login' | 'shares';
  /** Why the ways before it led nowhere. */
  readonly tried: readonly string[];
}

/**
 * A token for a restored server, whose tokens of before are gone: by a login that its snapshot knows, else with its shares. `no_token` tells every
 * way that was tried and why it led nowhere.
 */
export async function findToken(target: Target, shares: readonly Hidden[], told: Told, signal: AbortSignal): Promise<Found> {
  const tried: string[] = [];
  const attempt = async (get: () => Promise<Found | undefined>) => {
    try {
      return await get();
    } catch (error) {
      if (signal.aborted) throw abortReason(signal);
      if (!(error instanceof SnapshotError)) throw error;
      tried.push(error.message);
      return undefined;
    }
  };
  const byLogin = async (): Promise<Found | undefined> => {
    const grant = await target.login(signal);
    if (grant.isFresh || (await target.isAlive(grant.token, signal))) return { ...grant, way: 'login', tried };
    tried.push('the token given is not of the snapshot');
    return undefined;
  };
  const byShares = async (): Promise<Found | undefined> => {
    if (shares.length === 0) return undefined;
    const token = await target.generateRoot(shares, (accessor) => tellEndless(accessor, target, told), signal);
    return { token, isFresh: true, lifeMs: undefined, way: 'shares', tried };
  };
  const grant = (await attempt(byLogin)) ?? (await attempt(byShares));
  if (grant) return grant;
  throw new SnapshotError('no_token', `vault: ${target.address}: no token: ${tried.join('; ')}`);
}

/** Root for ever, and nobody else knows of it. */
function tellEndless(accessor: string | undefined, { address }: Target, { warnings, leftBehind }: Told): void {
  const remedy =
    accessor === undefined
      ? 'find the one whose path is auth/token/root below "vault list auth/token/accessors", and revoke it'
      : `run "vault token revoke -accessor ${accessor}"`;
  warnings.push(`vault: ${address}: the root token that the shares made could not be revoked and never ends: ${remedy}`);
  leftBehind.push(`root token at ${address}, accessor ${accessor ?? 'not known'}`);
}

/** Gives a token of ours back, whatever the end. */
export async function withToken<Result>(grant: Grant, target: Target, told: Told, work: (grant: Grant) => Promise<Result>): Promise<Result> {
  try {
    return await work(grant);
  } finally {
    if (grant.isFresh) await giveBack(grant.token, target, told);
  }
}

/** A restored server may know it no more, or be sealed under other keys. */
async function giveBack(token: Hidden, target: Target, { warnings }: Told): Promise<void> {
  try {
    await target.revoke(token, AbortSignal.timeout(REVOKE_LIMIT_MS));
  } catch (thrown) {
    const { code, message } = toSnapshotError(thrown);
    if (code === 'vault_denied' || code === 'vault_sealed') return;
    warnings.push(`vault: ${target.address}: a token of ours was not revoked and ends by itself: ${message}`);
  }
}
