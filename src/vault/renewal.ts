const THIRD = 1 / 3;
const JITTER_SHARE = 0.1;
const LAST_SHARE = 0.1;

/** What is known of a token's life. */
export interface TokenLife {
  /** The life it was granted; 0: it never ends, or nobody can tell. */
  readonly lifeMs: number;
  readonly expiresAtMs: number;
  /** False for batch tokens, and once a renewal gave less than was asked: the maximum is near. */
  readonly isRenewable: boolean;
  /** Undefined: any number. */
  readonly usesLeft: number | undefined;
}

export type TokenStep = { readonly do: 'keep' } | { readonly do: 'renew' | 'login'; readonly atMs: number };

/** What the token needs next and when; `jitter` from 0 to 1 keeps a fleet from coming at the same time. */
export function planToken(life: TokenLife, jitter: number): TokenStep {
  if (life.lifeMs === 0) return { do: 'keep' };
  const early = life.lifeMs * JITTER_SHARE * jitter;
  // A renewal is a use: of a limited token it would leave less for the snapshot.
  if (life.isRenewable && life.usesLeft === undefined) return { do: 'renew', atMs: life.expiresAtMs - life.lifeMs * THIRD - early };
  return { do: 'login', atMs: life.expiresAtMs - life.lifeMs * LAST_SHARE - early };
}

/** Good for one more call: not used up, and not about to end. */
export function isUsable(life: TokenLife, nowMs: number): boolean {
  if (life.usesLeft === 0) return false;
  return life.lifeMs === 0 || life.expiresAtMs - nowMs > Math.min(30_000, life.lifeMs * LAST_SHARE * 0.5);
}

/** A renewal that gives less than was asked has met the maximum: the next one would give nothing. */
export function afterRenewal(before: TokenLife, granted: { readonly lifeMs: number; readonly isRenewable: boolean }, nowMs: number): TokenLife {
  const isFull = granted.lifeMs >= before.lifeMs * 0.95 - 1000;
  return {
    lifeMs: isFull ? Math.max(before.lifeMs, granted.lifeMs) : granted.lifeMs,
    expiresAtMs: nowMs + granted.lifeMs,
    isRenewable: granted.isRenewable && isFull,
    usesLeft: before.usesLeft,
  };
}

/** Grows from a second to a minute. */
export function backOffMs(failures: number, jitter: number): number {
  return Math.min(60_000, 1000 * 2 ** failures) * (1 - jitter / 2);
}

/** After refused logins. Vault locks a role out after five in fifteen minutes: this makes four at most. */
export function refusalPauseMs(refusals: number): number {
  return refusals <= 1 ? 60_000 : 5 * 60_000;
}
