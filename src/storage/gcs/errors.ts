import type { IncomingHttpHeaders } from 'node:http';
import { type ErrorCode, SnapshotError } from '../../errors.ts';
import { describeLine, toLineError } from '../line.ts';
import { retryAfterMs } from '../retry-after.ts';

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly advice?: string;
}

const BUSY: Meaning = { code: 'storage_unavailable' };
const LOCKED: Meaning = { code: 'storage_locked' };
const BILLING: Meaning = { code: 'storage_denied', advice: 'look at the billing account of the project' };

/** Google's own words for what went wrong; all others go by their status. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  authError: { code: 'storage_denied', advice: 'the access token was refused: check the credentials, and the clock of this host' },
  forbidden: { code: 'storage_denied', advice: 'give the account the role of docs/gcs.md on the bucket' },
  insufficientPermissions: { code: 'storage_denied', advice: 'the access scopes of this machine are too narrow: give it devstorage.read_write' },
  accountDisabled: BILLING,
  UserProjectAccountProblem: BILLING,
  retentionPolicyNotMet: LOCKED,
  objectUnderActiveHold: LOCKED,
  conditionNotMet: { code: 'storage_exists' },
  rateLimitExceeded: BUSY,
  userRateLimitExceeded: BUSY,
  backendError: BUSY,
  internalError: BUSY,
  quotaExceeded: { code: 'storage_no_space', advice: 'raise the quota of the project, or lower "retain"' },
  keyNotFound: { code: 'storage_misconfigured', advice: 'check "kms_key"' },
};

/** What an answer that is no success says, as one of ours. Nothing of the request: it holds a token or the address of a session. */
export function refusal(place: string, answer: Answer, now: Date): SnapshotError {
  const { reason, message } = readRefusal(answer.text);
  const { code, advice } = (reason === 'required' ? meaningOfRequired(answer.status) : MEANINGS[reason ?? '']) ?? meaningOf(answer.status);
  const cause = Object.assign(new Error(message ?? 'no message'), { status: answer.status, reason });
  const said = [reason ?? `status ${answer.status}`, message].filter((part) => part !== undefined).join(': ');
  return new SnapshotError(code, `gcs: ${place}: ${said}`, {
    cause,
    retryAfterMs: retryAfterMs(answer.headers['retry-after'], now),
    ...(advice === undefined ? {} : { advice }),
  });
}

/** What went wrong with the line itself. */
export function cutOff(place: string, error: unknown): SnapshotError {
  const { says, advice } = describeLine(toLineError(error), { endpoint: 'endpoint', caCert: 'ca_cert' });
  const cause = new Error(says);
  return new SnapshotError('storage_unavailable', `gcs: ${place}: ${says}`, { cause, ...(advice === undefined ? {} : { advice }) });
}

export function silent(place: string, idleMs: number): SnapshotError {
  return new SnapshotError('storage_unavailable', `gcs: ${place}: silent for ${idleMs / 1000}s`);
}

/** An answer that is a success and yet none Google would give. */
export function nonsense(place: string, says: string): SnapshotError {
  return new SnapshotError('storage_failed', `gcs: ${place}: ${says}`, { advice: 'check "endpoint", and what stands between here and there' });
}

export function missingBucket(bucket: string): SnapshotError {
  return new SnapshotError('storage_misconfigured', `gcs: ${bucket}: no such bucket`, {
    advice: `make the bucket, or correct "bucket": gcloud storage buckets create gs://${bucket}`,
  });
}

/** One word for two things that are missing. */
function meaningOfRequired(status: number): Meaning {
  if (status === 400) return { code: 'storage_misconfigured', advice: 'the requester pays for this bucket: set "user_project"' };
  return { code: 'storage_denied', advice: 'log in: give "credentials_file", or remove "anonymous"' };
}

function meaningOf(status: number): Meaning {
  if (status === 401 || status === 403) return { code: 'storage_denied' };
  if (status === 412) return { code: 'storage_exists' };
  // The session of an upload is gone: the next try opens another.
  if (status === 404 || status === 410) return BUSY;
  if (status === 407) return { code: 'storage_misconfigured', advice: 'the proxy asks for a password: write it into HTTPS_PROXY' };
  if (status === 507) return { code: 'storage_no_space' };
  if (status === 408 || status === 409 || status === 429 || status >= 500) return BUSY;
  if (status >= 300 && status < 400) return { code: 'storage_misconfigured', advice: 'check "endpoint": it sends elsewhere' };
  return { code: 'storage_misconfigured' };
}

/** A server may repeat in its message what it was sent. */
const SECRET_LIKE = /upload_id=[^&\s"]+|\bya29\.[\w.-]+|[A-Za-z0-9+/=_.-]{100,}/g;

/** Google's `{"error": {"message": …, "errors": [{"reason": …}]}}`; anything else tells nothing. */
function readRefusal(text: string): { readonly reason?: string; readonly message?: string } {
  const error = fieldOf(parseJson(text), 'error');
  const [first] = [fieldOf(error, 'errors')].flat();
  const reason = fieldOf(first, 'reason');
  const message = fieldOf(error, 'message');
  return {
    ...(typeof reason === 'string' && /^\w{1,60}$/.test(reason) ? { reason } : {}),
    ...(typeof message === 'string' && message !== '' ? { message: message.replace(SECRET_LIKE, '[…]').replace(/\s+/g, ' ').slice(0, 300) } : {}),
  };
}

/** Undefined where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function fieldOf(from: unknown, field: string): unknown {
  return typeof from === 'object' && from !== null ? Reflect.get(from, field) : undefined;
}
