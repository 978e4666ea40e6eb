import { abortReason, SnapshotError } from '../errors.ts';
import type { Grant, Hidden, Target } from './contract.ts';

const REVOKE_LIMIT_MS = 5_000;

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
export async function findToken(target: Target, shares: readonly Hidden[], signal: AbortSignal): Promise<Found> {
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
    return shares.length === 0 ? undefined : { token: await target.generateRoot(shares, signal), isFresh: true, lifeMs: undefined, way: 'shares', tried };
  };
  const grant = (await attempt(byLogin)) ?? (await attempt(byShares));
  if (grant) return grant;
  throw new SnapshotError('no_token', `vault: ${target.address}: no token: ${tried.join('; ')}`);
}

/** Gives a token of ours back, whatever the end; a restored server may know it no more. */
export async function withToken<Result>(grant: Grant, target: Target, work: (grant: Grant) => Promise<Result>): Promise<Result> {
  try {
    return await work(grant);
  } finally {
    if (grant.isFresh) await target.revoke(grant.token, AbortSignal.timeout(REVOKE_LIMIT_MS)).catch(() => undefined);
  }
}
