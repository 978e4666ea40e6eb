import type { IncomingMessage } from 'node:http';
import nodeVault from 'node-vault';
import type { Secret } from '../config/secret.ts';
import { SnapshotError } from '../errors.ts';
import { nature, toNetworkError, toStatusError } from './errors.ts';
import type { Transport } from './transport.ts';

const CALL_DEADLINE_MS = 15_000;
// Shorter ones are role names and the like, and would be found in every text.
const SECRET_LENGTH = 8;
const ANSWER_LIMIT_BYTES = 4 * 1024 * 1024;

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/v1/`, without a slash in front. */
  readonly path: string;
  readonly token?: Secret | undefined;
  readonly namespace?: string | undefined;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** A successful answer. `text` keeps the digits of numbers that JSON would round. */
export interface Answer {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** The JSON calls, through node-vault; its own HTTP client is replaced because it leaks tokens into errors and follows redirects. */
export interface VaultApi {
  call(call: Call, signal: AbortSignal): Promise<Answer>;
}

export interface ApiDeps {
  readonly transport: Pick<Transport, 'endpoint' | 'send'>;
  /** Told Vault's clock with every answer. */
  readonly onDate: (vaultTime: Date) => void;
  readonly deadlineMs?: number;
}

/** What node-vault hands to its HTTP client. */
interface HookOptions {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly path: string;
  readonly signal: AbortSignal;
}

export function createApi(deps: ApiDeps): VaultApi {
  const hook = async (options: HookOptions) => ({ statusCode: 200, body: await exchange(deps, options), request: { path: options.path } });
  const client = nodeVault({
    endpoint: deps.transport.endpoint.base,
    commands: {},
    // Its own debug output prints the bodies of logins.
    debug: () => undefined,
    'request-promise': { defaults: () => hook },
  });
  // Left empty, these come from the environment; token and namespace are given call by call.
  Object.assign(client, { token: '', namespace: '', pathPrefix: '' });
  return {
    call: async ({ method, path, token, namespace, body }, signal) => {
      const headers = {
        Accept: 'application/json',
        'X-Vault-Request': 'true',
        ...(token === undefined ? {} : { 'X-Vault-Token': token.reveal() }),
        ...(namespace === undefined ? {} : { 'X-Vault-Namespace': namespace }),
      };
      const answer: Answer = await client.request({ method, path: `/${path}`, headers, signal, ...(body === undefined ? {} : { json: body }) });
      return answer;
    },
  };
}

async function exchange({ transport, onDate, deadlineMs = CALL_DEADLINE_MS }: ApiDeps, options: HookOptions): Promise<Answer> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = AbortSignal.any([options.signal, deadline]);
  const body = options.json === undefined ? undefined : JSON.stringify(options.json);
  const headers = body === undefined ? options.headers : { ...options.headers, 'Content-Type': 'application/json' };
  try {
    const response = await transport.send({ method: options.method, url: options.uri, headers, body }, either);
    const text = await readText(response, options.path);
    const date = new Date(response.headers.date ?? Number.NaN);
    if (!Number.isNaN(date.getTime())) onDate(date);
    return parse(options, response, text);
  } catch (error) {
    options.signal.throwIfAborted();
    if (deadline.aborted) throw new SnapshotError('vault_unreachable', `vault: ${transport.endpoint.address}: no whole answer within ${deadlineMs / 1000} s`);
    throw toNetworkError(error, transport.endpoint.address);
  }
}

async function readText(response: IncomingMessage, path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > ANSWER_LIMIT_BYTES) throw new SnapshotError('vault_bad_answer', `vault: ${path.slice(1)}: an answer of more than ${ANSWER_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(options: HookOptions, response: IncomingMessage, text: string): Answer {
  const path = options.path.slice(1).replace(/\?.*/, '');
  const status = response.statusCode ?? 0;
  if (status !== 200 && status !== 204) {
    throw toStatusError({ path, status, text: redact(text, options), location: response.headers.location });
  }
  if (text.trim() === '') return { json: {}, text: '' };
  const json = parseJson(text);
  if (json === undefined) throw new SnapshotError('vault_bad_answer', `vault: ${path}: ${nature(text)} instead of JSON`);
  return { json, text };
}

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : undefined;
  } catch (error) {
    // JSON.parse quotes what it could not read, and that may be a secret: the error goes no further.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Somebody in between may echo what we sent. */
function redact(text: string, { headers, json }: HookOptions): string {
  const sent: unknown[] = [headers['X-Vault-Token'], ...(typeof json === 'object' && json !== null ? Object.values(json) : [])];
  let clean = text;
  for (const value of sent) {
    if (typeof value === 'string' && value.length >= SECRET_LENGTH) clean = clean.replaceAll(value, '[secret]');
  }
  return clean;
}
