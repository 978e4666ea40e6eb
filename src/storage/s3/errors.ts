import { abortReason, type ErrorCode, SnapshotError } from '../../errors.ts';
import { describeLine, toLineError } from '../line.ts';
import { retryAfterMs } from '../retry-after.ts';

/** What was asked of which object, for messages. */
export interface Asked {
  readonly bucket: string;
  readonly what: string;
  readonly signal: AbortSignal;
  now(): Date;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly advice?: string;
}

const REGION_ADVICE = 'set "s3_region" to the region of the bucket';
export const CREDENTIALS_ADVICE = 'check "access_key_id" and "secret_access_key", or what the AWS chain finds: environment, profile, role';

/** What the names of S3 errors mean to an operator; what is not named here goes by its status. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  NoSuchBucket: { code: 'storage_misconfigured', advice: 'create the bucket, or correct "s3_bucket"' },
  InvalidBucketName: { code: 'storage_misconfigured', advice: 'correct "s3_bucket"' },
  PermanentRedirect: { code: 'storage_misconfigured', advice: REGION_ADVICE },
  AuthorizationHeaderMalformed: { code: 'storage_misconfigured', advice: REGION_ADVICE },
  IllegalLocationConstraintException: { code: 'storage_misconfigured', advice: REGION_ADVICE },
  CredentialsProviderError: { code: 'storage_denied', advice: CREDENTIALS_ADVICE },
  InvalidAccessKeyId: { code: 'storage_denied', advice: CREDENTIALS_ADVICE },
  SignatureDoesNotMatch: { code: 'storage_denied', advice: 'check "secret_access_key"' },
  ExpiredToken: { code: 'storage_denied', advice: 'the temporary credentials have expired: renew them, or give the host a role' },
  ExpiredTokenException: { code: 'storage_denied', advice: 'the temporary credentials have expired: renew them, or give the host a role' },
  InvalidToken: { code: 'storage_denied', advice: 'check "session_token": it belongs to one access key and expires with it' },
  RequestTimeTooSkewed: { code: 'storage_denied', advice: 'the clock of this host and that of the store differ: set them right with NTP' },
  RequestExpired: { code: 'storage_denied', advice: 'the clock of this host and that of the store differ: set them right with NTP' },
  NoSuchKey: { code: 'not_found' },
  NotFound: { code: 'not_found' },
  NoSuchUpload: { code: 'storage_unavailable', advice: 'somebody ended this unfinished upload: a lifecycle rule, perhaps, of less than a day' },
  PreconditionFailed: { code: 'storage_exists' },
  InvalidObjectState: { code: 'object_cold' },
  RestoreAlreadyInProgress: { code: 'object_thawing' },
  ObjectLocked: { code: 'storage_locked' },
  QuotaExceeded: { code: 'storage_no_space' },
  XMinioStorageFull: { code: 'storage_no_space' },
  XMinioAdminBucketQuotaExceeded: { code: 'storage_no_space' },
  BadDigest: { code: 'storage_mismatch' },
  XAmzContentChecksumMismatch: { code: 'storage_mismatch' },
  XAmzContentSHA256Mismatch: { code: 'storage_mismatch' },
  RequestTimeout: { code: 'storage_unavailable' },
  OperationAborted: { code: 'storage_unavailable' },
  ConditionalRequestConflict: { code: 'storage_unavailable' },
  NotImplemented: {
    code: 'storage_misconfigured',
    advice: 'this store lacks something asked of it: try "s3_checksum": "off", and leave out tags, locks and classes',
  },
};

export function toS3Error(error: unknown, asked: Asked): SnapshotError {
  if (error instanceof SnapshotError) return error;
  if (asked.signal.aborted) return abortReason(asked.signal);
  const place = `s3: ${asked.bucket}: ${asked.what}`;
  const told = readError(error);
  const cause = withoutSecrets(told);
  if (told.status === undefined && MEANINGS[told.name] === undefined) {
    const { says, advice } = describeLine(toLineError(error), { endpoint: 's3_endpoint', caCert: 's3_ca_cert' });
    return new SnapshotError('storage_unavailable', `${place}: ${says}`, { cause, ...(advice && { advice }) });
  }
  const { code, advice } = meaningOf(told);
  const region = told.region === undefined ? '' : ` (the bucket lies in ${told.region})`;
  // Answers to a HEAD have no words, and those of a proxy are not the store's.
  const says = /^unknown(error)?$/i.test(told.name) ? `status ${told.status} and no more words` : `${cause.name}: ${cause.message}`;
  return new SnapshotError(code, `${place}: ${says}${region}`, {
    cause,
    retryAfterMs: retryAfterMs(told.retryAfter, asked.now()),
    ...(advice && { advice }),
  });
}

function meaningOf({ name, status = 0 }: Told): Meaning {
  const known = MEANINGS[name];
  if (known !== undefined) return known;
  if (status === 401 || status === 403) return { code: 'storage_denied' };
  if (status === 407) return { code: 'storage_misconfigured', advice: 'the proxy wants a login: HTTPS_PROXY=http://user:password@host:port' };
  if (status === 404) return { code: 'not_found' };
  if (status === 412) return { code: 'storage_exists' };
  if (status === 507) return { code: 'storage_no_space' };
  if (status === 301 || status === 307) return { code: 'storage_misconfigured', advice: REGION_ADVICE };
  // A refusal that is worded as the request's own fault is the same the next time.
  if (status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 429) return { code: 'storage_misconfigured' };
  return { code: 'storage_unavailable' };
}

interface Told {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly region: string | undefined;
  readonly retryAfter: string | undefined;
}

/** Errors of the SDK carry the whole answer, headers of the request included: only this much of them leaves the driver. */
function readError(error: unknown): Told {
  const metadata = objectIn(error, '$metadata');
  const headers = objectIn(objectIn(error, '$response'), 'headers');
  const status = Reflect.get(metadata, 'httpStatusCode');
  return {
    name: textIn(error, 'name') ?? 'unknown',
    message: textIn(error, 'message') ?? String(error),
    // An answer that is cut or no XML at all is no answer.
    status: typeof status === 'number' && status >= 300 ? status : undefined,
    requestId: textIn(metadata, 'requestId'),
    region: textIn(headers, 'x-amz-bucket-region') ?? textIn(error, 'Region'),
    retryAfter: textIn(headers, 'retry-after'),
  };
}

/** A store may repeat in its message what it was sent. */
const SECRET_LIKE = /X-Amz-(?:Signature|Credential|Security-Token)=[^&\s<]+|\b[0-9a-f]{64}\b|[A-Za-z0-9+/=_.-]{100,}/gi;

function withoutSecrets({ name, message, status, requestId }: Told): Error {
  const text = message.replace(SECRET_LIKE, '[…]').replace(/\s+/g, ' ').slice(0, 300);
  const cause = new Error(text);
  cause.name = name.replace(/[^A-Za-z0-9._:-]/g, '').slice(0, 60);
  return Object.assign(cause, { status, requestId });
}

function objectIn(from: unknown, field: string): object {
  const value: unknown = typeof from === 'object' && from !== null ? Reflect.get(from, field) : undefined;
  return typeof value === 'object' && value !== null ? value : {};
}

function textIn(from: unknown, field: string): string | undefined {
  const value: unknown = typeof from === 'object' && from !== null ? Reflect.get(from, field) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An upload that is not there any more needs no abort. */
export function unlessGone(error: unknown): undefined {
  if (nameOf(error) !== 'NoSuchUpload') throw error;
}

export function isConflict(error: unknown): boolean {
  return nameOf(error) === 'ConditionalRequestConflict';
}

/** The store's own name for it. */
function nameOf(error: unknown): string | undefined {
  return error instanceof SnapshotError && error.cause instanceof Error ? error.cause.name : undefined;
}

export function unlessMissing(error: unknown): undefined {
  if (!(error instanceof SnapshotError && error.code === 'not_found')) throw error;
}

export function unlessUnseen(error: unknown): undefined {
  if (!(error instanceof SnapshotError && (error.code === 'not_found' || error.code === 'storage_denied'))) throw error;
}
