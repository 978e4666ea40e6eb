import { type ErrorCode, SnapshotError } from '../errors.ts';
import { describeTlsFailure } from './tls-failure.ts';

/** An HTTP answer that was no success, as the cause of a translated error. Never holds a header or a body. */
export class AnswerError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'AnswerError';
    this.status = status;
  }
}

/** The HTTP status behind a translated error, if there was one. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof SnapshotError && error.cause instanceof AnswerError ? error.cause.status : undefined;
}

/** An answer that was no success, as far as an error needs it. `text` holds no secret any more. */
export interface FailedAnswer {
  readonly path: string;
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
}

const SNAPSHOT_PATH = 'sys/storage/raft/snapshot';

export function toStatusError(answer: FailedAnswer): SnapshotError {
  const said = readErrors(answer.text);
  const message = `vault: ${answer.path}: ${describeAnswer(answer, said)}`;
  const advice = adviceFor(answer);
  return new SnapshotError(codeOf(answer, said), message, {
    cause: new AnswerError(answer.status, said ?? `status ${answer.status}`),
    ...(advice === undefined ? {} : { advice }),
  });
}

function codeOf({ path, status, text }: FailedAnswer, said: string | undefined): ErrorCode {
  if (status >= 300 && status < 400) return 'vault_standby';
  if (status === 472 || status === 473) return 'vault_standby';
  if (said === undefined && text.trim() !== '') return 'vault_bad_answer';
  if (said?.includes('raft storage is not in use')) return 'vault_not_raft';
  if (/missing client token/i.test(said ?? '')) return 'vault_denied';
  if (/no active vault instance|node is not active|node not active/i.test(said ?? '')) return 'vault_no_leader';
  if (status === 403) return 'vault_denied';
  if (status === 404 && path === SNAPSHOT_PATH) return 'vault_not_raft';
  if (status === 429) return 'vault_rate_limited';
  if (status === 501) return 'vault_uninitialized';
  if (status === 503 && /sealed/i.test(said ?? '')) return 'vault_sealed';
  return 'vault_error';
}

function describeAnswer({ status, text, location }: FailedAnswer, said: string | undefined): string {
  if (status >= 300 && status < 400) return `status ${status}, sends us to ${hostOf(location)}`;
  if (said !== undefined && said !== '') return `status ${status}, ${said}`;
  return text.trim() === '' || said !== undefined ? `status ${status} without a reason` : `status ${status} and ${nature(text)} that Vault does not write`;
}

function adviceFor({ text }: FailedAnswer): string | undefined {
  if (text.includes('HTTP request to an HTTPS server')) return 'the listener speaks TLS: write "addr" with https://';
  return undefined;
}

/** What kind of text stands where JSON should; the text itself may be anybody's and is not shown. */
export function nature(text: string): string {
  return /^\s*<(!doctype|html|head|body|\?xml)/i.test(text) ? 'an HTML page' : 'a text';
}

/** Vault's own words, on one line; undefined when the text is not an answer of Vault. */
function readErrors(text: string): string | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof body !== 'object' || body === null) return undefined;
  const errors = 'errors' in body && Array.isArray(body.errors) ? body.errors : [];
  return errors
    .filter((error) => typeof error === 'string')
    .map((error) =>
      error
        .replace(/^\d+ errors? occurred:\s*/, '')
        .replace(/\s+/g, ' ')
        .replace(/^\s*\* /, '')
        .trim(),
    )
    .join('; ')
    .slice(0, 500);
}

function hostOf(location: string | undefined): string {
  if (location === undefined || !URL.canParse(location)) return 'another server';
  return new URL(location).host;
}

/** A failure below HTTP: the name, the connection, TLS. */
export function toNetworkError(error: unknown, address: string): SnapshotError {
  if (error instanceof SnapshotError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const tls = describeTlsFailure(error, code);
  if (tls !== undefined) return new SnapshotError('vault_tls', `vault: ${address}: ${tls.says}`, { cause: plain(error, code), advice: tls.advice });
  if (code.startsWith('HPE_'))
    return new SnapshotError('vault_bad_answer', `vault: ${address}: what answers there does not speak HTTP`, { cause: plain(error, code) });
  const reason = code !== '' ? code : error instanceof Error ? error.message : String(error);
  return new SnapshotError('vault_unreachable', `vault: ${address}: ${reason}`, { cause: plain(error, code) });
}

/** Without what libraries hang on their errors: a certificate that points to itself, a request with its headers. */
function plain(error: unknown, code: string): Error {
  return Object.assign(new Error(error instanceof Error ? error.message : String(error)), { code });
}
