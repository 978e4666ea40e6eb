import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { SnapshotError } from '../errors.ts';
import type { ServiceAccount } from './service-account.ts';

const DEADLINE_MS = 5_000;

type Json = Readonly<Record<string, unknown>>;

export interface Question {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: Json;
}

export interface Answer {
  readonly status: number;
  readonly json: Json;
}

/** One question over a connection of its own. What is no answer at all is `lease_unavailable`. */
export async function askApiServer({ method, path, body }: Question, account: ServiceAccount, signal: AbortSignal): Promise<Answer> {
  const [ca, token] = await Promise.all([account.authority(), account.token()]);
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const content = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    Accept: 'application/json',
    Authorization: `Bearer ${token.reveal()}`,
    ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(content)) }),
  };
  const { host, port } = account;
  const options = { host, port, method, path, headers, ca, agent: false, signal: AbortSignal.any([signal, deadline]) } as const;
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const sent = request(options, (response) => {
        text(response)
          .then((said) => resolve({ status: response.statusCode ?? 0, json: parse(said) }))
          .catch(reject);
      });
      sent.on('error', reject);
      sent.end(content);
    });
  } catch (error) {
    signal.throwIfAborted();
    const reason = deadline.aborted ? `no whole answer within ${DEADLINE_MS / 1000} s` : reasonOf(error);
    throw new SnapshotError('lease_unavailable', `kubernetes: ${host}:${port}: ${reason}`, { cause: new Error(reason) });
  }
}

function parse(said: string): Json {
  const json: unknown = JSON.parse(said);
  if (typeof json === 'object' && json !== null) return json as Json;
  throw new SyntaxError('not an object');
}

/** Without what hangs on errors of the network; the text of an answer that cannot be read may be anything. */
function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'what answers there is no API server: its answer is no JSON';
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
