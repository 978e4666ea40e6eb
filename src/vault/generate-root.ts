import type { Clock } from '../agent/clock.ts';
import { Secret } from '../config/secret.ts';
import { SnapshotError } from '../errors.ts';
import type { Hidden } from '../recovery/contract.ts';
import type { Answer, VaultApi } from './api.ts';
import { isRecord } from './auth/login.ts';
import { statusOf } from './errors.ts';

const ATTEMPT = 'sys/generate-root/attempt';
const UPDATE = 'sys/generate-root/update';
const LIMIT_MS = 5_000;
/** Of all tries to revoke it: about as long as a cluster takes to find another leader. */
const REVOKE_LIMIT_MS = 20_000;
const REVOKE_TRIES = 5;
const PAUSE_MS = 2_000;
/** Somebody is to paste it into a shell. */
const ACCESSOR = /^[\w.]+$/;
const LIFE = '30m';
const CLOSED =
  'OpenBao: set disable_unauthed_generate_root_endpoints = false in the listener; Vault from 2.0: set enable_unauthenticated_access = ["generate-root"]; or configure a login that the snapshot knows';

export interface RootDeps {
  readonly api: VaultApi;
  readonly clock: Clock;
  /** Hears the accessor of an endless token that could not be revoked, if that much is known of it. */
  remains(accessor: string | undefined): void;
}

/**
 * The rights of root, from a threshold of shares and for minutes: the token that the shares make never ends by itself, so one that does takes its place
 * at once.
 */
export async function generateRoot(shares: readonly Hidden[], deps: RootDeps, signal: AbortSignal): Promise<Hidden> {
  const { api } = deps;
  const endless = await fromShares(api, shares, signal);
  // Before anything can fail: by then nobody may answer any more.
  const { accessor } = await lookAt(api, endless, AbortSignal.timeout(LIMIT_MS));
  const body = { policies: ['root'], no_parent: true, ttl: LIFE, explicit_max_ttl: LIFE, renewable: false, display_name: 'vault-snapshotd-recovery' };
  try {
    const { json } = await api.call({ method: 'POST', path: 'auth/token/create', token: endless, body }, signal);
    const made = isRecord(json.auth) ? json.auth.client_token : undefined;
    if (typeof made !== 'string') throw new SnapshotError('vault_bad_answer', 'vault: auth/token/create: the answer holds no token');
    return new Secret(made);
  } finally {
    await revoke(endless, accessor, deps);
  }
}

/** Never rejects, and hears no signal: it is root, for ever. */
async function revoke(token: Secret, accessor: string | undefined, { api, clock, remains }: RootDeps): Promise<void> {
  const limit = AbortSignal.timeout(REVOKE_LIMIT_MS);
  let known = accessor;
  for (let tries = 1; tries <= REVOKE_TRIES && !limit.aborted; tries++) {
    if (tries > 1) await clock.waitUntil(new Date(clock.now().getTime() + PAUSE_MS), limit);
    const once = () => AbortSignal.any([limit, AbortSignal.timeout(LIMIT_MS)]);
    const isRevoked = await api.call({ method: 'POST', path: 'auth/token/revoke-self', token }, once()).then(
      () => true,
      () => false,
    );
    if (isRevoked) return;
    // Of a revocation only the answer may have been lost.
    const seen = await lookAt(api, token, once());
    if (seen.isDead) return;
    known ??= seen.accessor;
  }
  remains(known);
}

/** Dead is only what the server itself says it does not know; silence shows nothing. */
async function lookAt(api: VaultApi, token: Secret, signal: AbortSignal): Promise<{ readonly isDead: boolean; readonly accessor: string | undefined }> {
  try {
    const { json } = await api.call({ method: 'GET', path: 'auth/token/lookup-self', token }, signal);
    const accessor = isRecord(json.data) ? json.data.accessor : undefined;
    return { isDead: false, accessor: typeof accessor === 'string' && ACCESSOR.test(accessor) ? accessor : undefined };
  } catch (error) {
    return { isDead: error instanceof SnapshotError && error.code === 'vault_denied' && statusOf(error) === 403, accessor: undefined };
  }
}

/** An attempt that somebody left open is ended first; ours never stays open. */
async function fromShares(api: VaultApi, shares: readonly Hidden[], signal: AbortSignal): Promise<Secret> {
  const before = await ask(api, { method: 'GET', path: ATTEMPT }, signal);
  if (before.started === true) await ask(api, { method: 'DELETE', path: ATTEMPT }, signal);
  const attempt = await ask(api, { method: 'POST', path: ATTEMPT, body: {} }, signal);
  const { nonce, otp } = attempt;
  try {
    for (const share of shares) {
      const told = await ask(api, { method: 'POST', path: UPDATE, body: { key: share.reveal(), nonce } }, signal);
      if (told.complete === true) return decode(told.encoded_token ?? told.encoded_root_token, otp);
    }
    throw new SnapshotError('no_token', `vault: generate-root: ${shares.length} shares given, ${String(attempt.required)} are needed`);
  } catch (error) {
    await giveUp(api);
    throw error;
  }
}

/** Its own failure would hide the first one. */
async function giveUp(api: VaultApi): Promise<void> {
  await api.call({ method: 'DELETE', path: ATTEMPT }, AbortSignal.timeout(LIMIT_MS)).catch(() => undefined);
}

async function ask(api: VaultApi, call: Parameters<VaultApi['call']>[0], signal: AbortSignal): Promise<Answer['json']> {
  try {
    const { json } = await api.call(call, signal);
    return isRecord(json.data) && 'nonce' in json.data ? json.data : json;
  } catch (error) {
    const status = statusOf(error);
    if (!(error instanceof SnapshotError) || status === undefined) throw error;
    if ([403, 404, 405].includes(status))
      throw new SnapshotError('no_token', `${error.message}: generate-root is closed here`, { cause: error, advice: CLOSED });
    if (status === 400) throw new SnapshotError('wrong_unseal_keys', error.message, { cause: error });
    throw error;
  }
}

/** The token and the one-time password, byte by byte. */
function decode(encoded: unknown, otp: unknown): Secret {
  if (typeof encoded !== 'string' || typeof otp !== 'string') throw new SnapshotError('vault_bad_answer', 'vault: generate-root: the answer holds no token');
  const bytes = Buffer.from(encoded, 'base64');
  const password = Buffer.from(otp, 'latin1');
  if (bytes.length !== password.length) throw new SnapshotError('vault_bad_answer', 'vault: generate-root: the token is not as long as its one-time password');
  return new Secret(Buffer.from(bytes.map((byte, at) => byte ^ (password[at] ?? 0))).toString('latin1'));
}
