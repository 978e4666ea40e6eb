import { Secret } from '../../config/secret.ts';
import { SnapshotError } from '../../errors.ts';
import type { Answer, VaultApi } from '../api.ts';
import { statusOf } from '../errors.ts';
import { isRecord, seconds } from './login.ts';
import type { AuthMethod, Grant } from './method.ts';

const UNKNOWN_LIFE = { lifeMs: 0, expiresAtMs: 0, isRenewable: false, usesLeft: undefined } as const;

/** A token that somebody else made: renewed while it can be, never revoked, read anew whenever it changes. */
export class GivenTokenAuth implements AuthMethod {
  readonly name: string;
  readonly isOwn = false;
  readonly #read: () => Promise<Secret>;
  readonly #api: VaultApi;
  readonly #nowMs: () => number;
  #last: string | undefined;

  constructor(deps: { readonly origin: string; readonly read: () => Promise<Secret>; readonly api: VaultApi; readonly nowMs: () => number }) {
    this.name = `token of ${deps.origin}`;
    this.#read = deps.read;
    this.#api = deps.api;
    this.#nowMs = deps.nowMs;
  }

  async login(signal: AbortSignal): Promise<Grant> {
    const token = await this.#readToken();
    const grant = await this.#lookUp(token, signal);
    this.#last = token.reveal();
    return grant;
  }

  async hasChanged(): Promise<boolean> {
    try {
      return (await this.#readToken()).reveal() !== this.#last;
    } catch (error) {
      // A file that is being replaced is no reason to give up a token that is still good.
      if (error instanceof SnapshotError && error.code === 'secret_unavailable') return false;
      throw error;
    }
  }

  async #readToken(): Promise<Secret> {
    const text = (await this.#read()).reveal().trim();
    // Anything else would end up as a header that Node refuses with the token in its message.
    if (/^[\x21-\x7e]+$/.test(text)) return new Secret(text);
    throw new SnapshotError('secret_unavailable', `${this.name}: ${text === '' ? 'is empty' : 'is more than one token: it has spaces or control characters'}`);
  }

  async #lookUp(token: Secret, signal: AbortSignal): Promise<Grant> {
    try {
      const answer = await this.#api.call({ method: 'GET', path: 'auth/token/lookup-self', token }, signal);
      return { token, life: readLife(answer, this.#nowMs()), isRevocable: false };
    } catch (error) {
      // Without the default policy a token may not look at itself and still be good for the snapshot, which will tell.
      if (statusOf(error) !== 403) throw error;
      return { token, life: UNKNOWN_LIFE, isRevocable: false };
    }
  }
}

function readLife({ json }: Answer, nowMs: number): Grant['life'] {
  const told = isRecord(json.data) ? json.data : {};
  const leftMs = seconds(told.ttl) * 1000;
  if (leftMs === 0 && told.expire_time === null) return { ...UNKNOWN_LIFE, usesLeft: uses(told.num_uses) };
  const lifeMs = Math.max(leftMs, (seconds(told.period) || seconds(told.creation_ttl)) * 1000);
  return { lifeMs, expiresAtMs: nowMs + leftMs, isRenewable: told.renewable === true && told.type !== 'batch', usesLeft: uses(told.num_uses) };
}

/** The look itself was one use, which Vault's answer has counted. */
function uses(value: unknown): number | undefined {
  return seconds(value) === 0 ? undefined : seconds(value);
}
