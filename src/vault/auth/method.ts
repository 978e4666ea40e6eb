import type { Secret } from '../../config/secret.ts';
import type { TokenLife } from '../renewal.ts';

/** A token and what was told about it. No token: calls go out without one. */
export interface Grant {
  readonly token: Secret | undefined;
  readonly life: TokenLife;
  /** Batch tokens cannot be revoked. */
  readonly isRevocable: boolean;
}

/** One way to an identity in Vault. */
export interface AuthMethod {
  /** For people: `approle at auth/approle`. */
  readonly name: string;
  /** Its tokens are made for us: a new one can be had at any time, and none is left behind. */
  readonly isOwn: boolean;
  /** Refused: `vault_login_failed`. Nothing to log in with: `secret_unavailable`. */
  login(signal: AbortSignal): Promise<Grant>;
  /** Whether a login would give another token than the last one, because somebody has put one there. */
  hasChanged(): Promise<boolean>;
}
