import { posix } from 'node:path';
import { Secret } from '../../config/secret.ts';
import { SnapshotError } from '../../errors.ts';
import type { Answer, VaultApi } from '../api.ts';
import { AnswerError, statusOf } from '../errors.ts';
import type { Grant } from './method.ts';

/** What every login needs besides its payload. */
export interface LoginDeps {
  readonly api: VaultApi;
  /** Logins go there; the snapshot is always of the root namespace. */
  readonly namespace: string | undefined;
  readonly nowMs: () => number;
}

/** As the ancestor does it: `/k8s/`, `a//b` and `./k8s` are all meant well. */
export function mountPath(mount: string): string {
  return posix
    .normalize(`auth/${mount}`)
    .replace(/\/+$/, '')
    .split('/')
    .map((segment) => encodeURIComponent(segment))
    .join('/');
}

export async function logIn(deps: LoginDeps, mount: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Grant> {
  const path = `${mountPath(mount)}/login`;
  try {
    const answer = await deps.api.call({ method: 'POST', path, namespace: deps.namespace, body }, signal);
    return readGrant(answer, path, deps.nowMs());
  } catch (error) {
    throw toLoginError(error, path);
  }
}

/** A refusal is the login's own code; a Vault that is sealed or away stays what it is. */
function toLoginError(error: unknown, path: string): unknown {
  const status = statusOf(error);
  if (!(error instanceof SnapshotError) || status === undefined || ![400, 401, 403, 404, 405].includes(status)) return error;
  if (error.code === 'vault_bad_answer') return error;
  const advice = status === 404 || status === 405 ? { advice: `there is no such auth method: compare "${path}" with "vault auth list"` } : {};
  return new SnapshotError('vault_login_failed', error.message, { cause: error.cause, ...advice });
}

/** The token of an answer with an `auth` block. */
function readGrant({ json }: Answer, path: string, nowMs: number): Grant {
  const auth = isRecord(json.auth) ? json.auth : undefined;
  const token = auth?.client_token;
  if (typeof token !== 'string' || token === '') throw noToken(auth, path);
  const lifeMs = seconds(auth?.lease_duration) * 1000;
  const uses = seconds(auth?.num_uses);
  const isBatch = auth?.token_type === 'batch';
  return {
    token: new Secret(token),
    life: { lifeMs, expiresAtMs: nowMs + lifeMs, isRenewable: auth?.renewable === true && !isBatch, usesLeft: uses === 0 ? undefined : uses },
    isRevocable: !isBatch,
  };
}

function noToken(auth: Readonly<Record<string, unknown>> | undefined, path: string): SnapshotError {
  const cause = new AnswerError(200, 'an answer without a token');
  if (auth !== undefined && isRecord(auth.mfa_requirement)) {
    return new SnapshotError('vault_login_failed', `vault: ${path}: Vault asks for a second factor, which a daemon cannot give`, {
      cause,
      advice: 'exempt this role from the MFA login enforcement',
    });
  }
  return new SnapshotError('vault_login_failed', `vault: ${path}: the answer holds no token`, { cause });
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A count or a duration in seconds; whatever else stands there is none. */
export function seconds(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}

/** What a renewal granted. */
export function readRenewal({ json }: Answer): { readonly lifeMs: number; readonly isRenewable: boolean } {
  const auth = isRecord(json.auth) ? json.auth : {};
  return { lifeMs: seconds(auth.lease_duration) * 1000, isRenewable: auth.renewable === true };
}
