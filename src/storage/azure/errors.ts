import type { RestError } from '@azure/storage-blob';
import { type ErrorCode, SnapshotError, toSnapshotError } from '../../errors.ts';
import { describeLine, type LineFailure } from '../line.ts';
import { retryAfterMs } from '../retry-after.ts';

export type Translate = (error: unknown, key: string) => SnapshotError;

export interface Circumstances {
  readonly container: string;
  now(): Date;
  /** When the signature ends that we log in with. */
  signatureEndsAt(): Date | undefined;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly says?: string;
  readonly advice?: string;
}

const ROLE = 'give it the role "Storage Blob Data Contributor" on the container, see docs/azure.md';
const LOCKED: Meaning = { code: 'storage_locked' };
const COLD: Meaning = { code: 'object_cold' };

/** Azure's own words for what went wrong; all others go by their status. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  AuthenticationFailed: { code: 'storage_denied', advice: 'check the account key, signature or identity, and the clock of this host' },
  AuthorizationPermissionMismatch: { code: 'storage_denied', advice: ROLE },
  InsufficientAccountPermissions: { code: 'storage_denied', advice: ROLE },
  AuthorizationFailure: { code: 'storage_denied', advice: 'the firewall of the storage account or its role assignments refuse this host' },
  AuthorizationSourceIPMismatch: { code: 'storage_denied', advice: 'the signature is for other addresses than that of this host: make a new one' },
  KeyBasedAuthenticationNotPermitted: { code: 'storage_denied', advice: 'the account takes no keys: set "identity" instead' },
  AccountIsDisabled: { code: 'storage_denied', advice: 'the storage account is disabled: look at the subscription' },
  AccountRequiresHttps: { code: 'storage_misconfigured', advice: 'begin "endpoint" with https://' },
  ContainerNotFound: { code: 'storage_misconfigured', advice: 'make the container, or correct "container_name": az storage container create' },
  ContainerDisabled: { code: 'storage_misconfigured', advice: 'the container is disabled: look at the storage account' },
  ContainerBeingDeleted: { code: 'storage_unavailable', advice: 'the container is being deleted; it can be made again when that is done' },
  BlobUsesCustomerSpecifiedEncryption: {
    code: 'storage_misconfigured',
    advice: 'the blob was written with another "customer_provided_key", or with one where none is set now',
  },
  BlobAlreadyExists: { code: 'storage_exists' },
  InvalidBlobType: { code: 'storage_exists' },
  PARSE_ERROR: {
    code: 'storage_unavailable',
    says: 'what answers does not speak the language of Azure',
    advice: 'check "endpoint", and what stands between here and there',
  },
  Md5Mismatch: { code: 'storage_mismatch', advice: 'Azure received other bytes than were sent: look at proxies in between' },
  BlobImmutableDueToPolicy: LOCKED,
  BlobImmutableDueToLegalHold: LOCKED,
  BlobImmutableDueToLock: LOCKED,
  SnapshotsPresent: { code: 'storage_locked', advice: 'somebody keeps snapshots of this blob in Azure: delete those first' },
  LeaseIdMissing: { code: 'storage_locked', advice: 'somebody holds a lease on this blob: break it, or wait' },
  ScopeLocked: { code: 'storage_locked', advice: 'a lock of the subscription or resource group forbids deletes' },
  BlobArchived: COLD,
  BlobBeingRehydrated: COLD,
};

/** What the answer of Azure, or the line, says in the words of this program. Nothing of the request: it holds keys and signatures. */
export function translator(circumstances: Circumstances): Translate {
  return (error, key) => {
    if (error instanceof SnapshotError || error instanceof TypeError || error instanceof RangeError) return toSnapshotError(error);
    const failure = readFailure(error);
    const { name, status, retryAfter } = failure;
    const known = meaningOf(failure);
    const why = known.code === 'storage_denied' ? reasonOfDenial(failure, circumstances) : undefined;
    const advice = why?.advice ?? known.advice;
    const said = known.says ?? (status === undefined ? name : `${name} (status ${status})`);
    const cause = Object.assign(new Error(name), { status });
    return new SnapshotError(known.code, `azure: ${circumstances.container}/${key}: ${said}${why === undefined ? '' : `: ${why.says}`}`, {
      cause,
      retryAfterMs: retryAfterMs(retryAfter, circumstances.now()),
      ...(advice === undefined ? {} : { advice }),
    });
  };
}

/** No such blob. A container that is missing is another matter: nothing can ever be there. */
export function isNotThere(error: unknown): boolean {
  const { name, status } = readFailure(error);
  return status === 404 && name !== 'ContainerNotFound';
}

/** Azure no longer has the blocks that were to become the blob. */
export function isBlocksGone(error: unknown): boolean {
  return readFailure(error).name === 'InvalidBlockList';
}

/** The package of identities has no codes; Entra's own number says what is wrong. */
const IDENTITY_ERRORS = ['AuthenticationError', 'AuthenticationRequiredError', 'CredentialUnavailableError'];

interface Failure {
  /** Azure's code, Node's code, or the class of the error. */
  readonly name: string;
  readonly status: number | undefined;
  readonly retryAfter?: string | undefined;
  /** The clock of Azure. */
  readonly date: Date | undefined;
  readonly text: string;
}

function readFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: typeof error, status: undefined, date: undefined, text: '' };
  const { code, statusCode, response } = error as Partial<RestError> & Error;
  const header = (name: string) => response?.headers.get(name);
  const isBare = statusCode !== undefined && !IDENTITY_ERRORS.includes(error.name);
  const name = code ?? header('x-ms-error-code') ?? (isBare ? nameOfStatus(statusCode) : error.name);
  const date = header('date');
  return { name, status: statusCode, retryAfter: header('retry-after'), date: date === undefined ? undefined : new Date(date), text: error.message };
}

function nameOfStatus(status: number): string {
  return status < 400 ? 'an answer that Azure does not give' : 'no reason given';
}

function meaningOf(failure: Failure): Meaning {
  const { name, status, text } = failure;
  const known = MEANINGS[name];
  if (known !== undefined) return known;
  if (IDENTITY_ERRORS.includes(name)) return meaningOfIdentity(failure);
  return status === undefined ? { code: 'storage_unavailable', ...meaningOfLine(name, text) } : { code: codeOfStatus(status) };
}

function meaningOfLine(name: string, text: string): LineFailure {
  // The SDK's own errors have no code: a body that ends too soon, for one.
  return name === 'Error' ? { says: text } : describeLine({ code: name, text }, { endpoint: 'endpoint', caCert: 'ca_cert' });
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'storage_denied';
  if (status === 407) return 'storage_misconfigured';
  if (status === 412) return 'storage_exists';
  if (status === 507) return 'storage_no_space';
  return status === 408 || status === 429 || status >= 500 ? 'storage_unavailable' : 'storage_failed';
}

function meaningOfIdentity({ name, status, text }: Failure): Meaning {
  const says = `no token for the identity: ${/AADSTS\d+/.exec(text)?.[0] ?? name}`;
  const advice = 'check that this host or pod has the identity, and "client_id" if it has several; see docs/azure.md';
  const isRefused = status !== undefined && status < 429;
  return { code: isRefused || text.includes('AADSTS') ? 'storage_denied' : 'storage_unavailable', says, advice };
}

const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** Azure says "denied" to what has run out and to what it holds to be of another time. */
function reasonOfDenial({ date }: Failure, { now, signatureEndsAt }: Circumstances): { readonly says: string; readonly advice: string } | undefined {
  const end = signatureEndsAt();
  if (end !== undefined && end.getTime() <= now().getTime()) {
    return { says: `the signature ended at ${end.toISOString()}`, advice: 'make a new signature and put it into "sas_token" or "connection_string"' };
  }
  const aheadMs = date === undefined ? 0 : now().getTime() - date.getTime();
  if (!(Math.abs(aheadMs) > CLOCK_TOLERANCE_MS)) return undefined;
  const minutes = Math.round(Math.abs(aheadMs) / 60_000);
  return { says: `the clock of this host is ${minutes} min ${aheadMs > 0 ? 'ahead of' : 'behind'} that of Azure`, advice: 'set the clock of this host' };
}
