import type { Clock } from '../agent/clock.ts';
import type { Secret } from '../config/secret.ts';
import { type ErrorCode, SnapshotError, toSnapshotError } from '../errors.ts';
import type { Log } from '../observability/contract.ts';
import { abortable } from './abortable.ts';
import type { VaultApi } from './api.ts';
import { readRenewal } from './auth/login.ts';
import type { AuthMethod, Grant } from './auth/method.ts';
import { statusOf } from './errors.ts';
import { HeldBack } from './held-back.ts';
import { afterRenewal, backOffMs, isUsable, planToken, type TokenLife } from './renewal.ts';

/** Often enough to see a new token file, a clock that jumped and a host that slept. */
const LOOK_AGAIN_MS = 60_000;
const CLOSE_DEADLINE_MS = 5_000;

export interface SessionDeps {
  readonly method: AuthMethod;
  readonly api: VaultApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** The token in use. `life` moves with renewals and uses. */
interface Held {
  readonly grant: Grant;
  readonly jitter: number;
  life: TokenLife;
}

/** Holds one token: gets it, keeps it alive in the background, replaces it, gives it back. */
export class Session {
  readonly #deps: SessionDeps;
  readonly #background = new AbortController();
  readonly #logins = new AbortController();
  readonly #heldBack = new HeldBack();
  #held: Held | undefined;
  #loggingIn: Promise<Held> | undefined;
  #keeping: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #trouble: ErrorCode | undefined;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  /** Of the token in use, if there is one. */
  get life(): TokenLife | undefined {
    return this.#held?.life;
  }

  /** Keeps a token from now on, also while nobody calls: a standby is to be able to lead at any time. */
  keepAlive(): void {
    if (this.#closing === undefined) this.#keeping ??= this.#keep(this.#background.signal);
  }

  /** One authenticated call. A 403 costs one fresh login and a second try; the second 403 is the answer. */
  async withToken<Result>(call: (token: Secret | undefined) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const held = await this.#usable(signal);
    try {
      return await call(take(held));
    } catch (error) {
      if (!(error instanceof SnapshotError && error.code === 'vault_denied')) throw error;
      if (!this.#deps.method.isOwn && !(await this.#deps.method.hasChanged())) throw error;
    }
    return await call(take(await this.#replace(held, signal)));
  }

  /** Gives an own token back. Never rejects, safe twice. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#background.abort();
    const deadline = AbortSignal.timeout(CLOSE_DEADLINE_MS);
    // A login on its way is waited for: cut off, it would leave a token that nobody revokes.
    if (this.#loggingIn !== undefined) await Promise.allSettled([abortable(this.#loggingIn, deadline)]);
    this.#logins.abort();
    await this.#keeping;
    if (this.#held !== undefined) await this.#revoke(this.#held, deadline);
    this.#held = undefined;
  }

  async #usable(signal: AbortSignal): Promise<Held> {
    const { method, clock } = this.#deps;
    const held = this.#held;
    if (held === undefined) return await this.#login(signal);
    const isSpent = method.isOwn && !isUsable(held.life, clock.now().getTime());
    return isSpent || (await method.hasChanged()) ? await this.#replace(held, signal) : held;
  }

  /** Whoever comes second gets what the first has fetched. */
  async #replace(old: Held, signal: AbortSignal): Promise<Held> {
    if (this.#held !== undefined && this.#held !== old) return this.#held;
    const fresh = await this.#login(signal);
    await this.#revoke(old, AbortSignal.any([signal, AbortSignal.timeout(CLOSE_DEADLINE_MS)]));
    return fresh;
  }

  /** One login at a time, and none is cut off because one of those who wait for it goes away. */
  async #login(signal: AbortSignal): Promise<Held> {
    if (this.#closing !== undefined && this.#loggingIn === undefined) throw new SnapshotError('stopped', 'vault: the session is closed');
    this.#loggingIn ??= this.#enter().finally(() => {
      this.#loggingIn = undefined;
    });
    return await abortable(this.#loggingIn, signal);
  }

  async #enter(): Promise<Held> {
    const { method, clock, random, log } = this.#deps;
    this.#heldBack.check(clock.now().getTime());
    try {
      const grant = await method.login(this.#logins.signal);
      this.#heldBack.clear();
      this.#held = { grant, jitter: random(), life: grant.life };
      log.debug({ event: 'vault_login', method: method.name, life_ms: grant.life.lifeMs }, 'has a token for Vault');
      this.keepAlive();
      return this.#held;
    } catch (thrown) {
      const error = toSnapshotError(thrown);
      if (error.code === 'vault_login_failed') this.#heldBack.note(error, clock.now().getTime());
      throw error;
    }
  }

  async #keep(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      let pauseMs = LOOK_AGAIN_MS;
      try {
        pauseMs = await this.#tend(signal);
        failures = 0;
        this.#recovered();
      } catch (error) {
        if (signal.aborted) return;
        pauseMs = backOffMs(failures, this.#deps.random());
        failures += 1;
        this.#complain(toSnapshotError(error));
      }
      await this.#deps.clock.waitUntil(new Date(this.#deps.clock.now().getTime() + pauseMs), signal);
    }
  }

  /** Does what is due and tells how long until the next look. */
  async #tend(signal: AbortSignal): Promise<number> {
    const { method, clock } = this.#deps;
    const held = await this.#usable(signal);
    const step = planToken(held.life, held.jitter);
    if (step.do === 'keep') return LOOK_AGAIN_MS;
    const leftMs = step.atMs - clock.now().getTime();
    if (leftMs > 0) return Math.min(leftMs, LOOK_AGAIN_MS);
    if (step.do === 'renew') await this.#renew(held, signal);
    else if (method.isOwn) await this.#replace(held, signal);
    else throw endsSoon(method.name);
    return nextLook(this.#held ?? held, clock.now().getTime());
  }

  async #renew(held: Held, signal: AbortSignal): Promise<void> {
    const { api, clock, method, log } = this.#deps;
    const body = { increment: `${Math.max(1, Math.round(held.life.lifeMs / 1000))}s` };
    try {
      const answer = await api.call({ method: 'POST', path: 'auth/token/renew-self', token: held.grant.token, body }, signal);
      held.life = afterRenewal(held.life, readRenewal(answer), clock.now().getTime());
      log.debug({ event: 'vault_token_renewed', life_ms: held.life.lifeMs }, 'renewed the token for Vault');
    } catch (error) {
      const status = statusOf(error);
      // Past its maximum Vault says 500, as of any trouble of its own: a login shows which.
      const isRefused = status === 400 || status === 403 || (status === 500 && method.isOwn);
      if (!isRefused) throw error;
      if (!method.isOwn) throw endsSoon(method.name, error);
      await this.#replace(held, signal);
    }
  }

  async #revoke({ grant, life }: Held, signal: AbortSignal): Promise<void> {
    const { method, api, log } = this.#deps;
    if (!method.isOwn || !grant.isRevocable || life.usesLeft === 0) return;
    try {
      await api.call({ method: 'POST', path: 'auth/token/revoke-self', token: grant.token }, signal);
    } catch (error) {
      // It ends by itself, or has ended already: nothing that an operator must do.
      log.debug({ event: 'vault_token_not_revoked', code: toSnapshotError(error).code }, 'left a token of Vault to end by itself');
    }
  }

  #complain({ code, message, advice }: SnapshotError): void {
    if (code === this.#trouble) return;
    this.#trouble = code;
    this.#deps.log.warn({ event: 'vault_token_trouble', code, reason: message, advice }, 'cannot keep a token for Vault alive, trying again until it works');
  }

  #recovered(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#deps.log.info({ event: 'vault_token_recovered' }, 'has a good token for Vault again');
  }
}

function endsSoon(name: string, cause?: unknown): SnapshotError {
  return new SnapshotError('vault_denied', `vault: the ${name} ends soon and cannot be renewed`, { cause, advice: 'put a new token in its place' });
}

function take(held: Held): Secret | undefined {
  if (held.life.usesLeft !== undefined) held.life = { ...held.life, usesLeft: Math.max(0, held.life.usesLeft - 1) };
  return held.grant.token;
}

/** At least a second, so that a token of a few seconds makes no storm. */
function nextLook({ life, jitter }: Held, nowMs: number): number {
  const step = planToken(life, jitter);
  return step.do === 'keep' ? LOOK_AGAIN_MS : Math.min(LOOK_AGAIN_MS, Math.max(1000, step.atMs - nowMs));
}
