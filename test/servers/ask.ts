import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ServerTls } from './certificates.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The parsed JSON, or an empty object where the answer has no body. */
  readonly json: Record<string, unknown>;
}

export interface Question {
  readonly method: string;
  readonly url: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly tls?: ServerTls | undefined;
}

const ANSWER_TIMEOUT_MS = 60_000;

/** One JSON call without redirects, retries or a kept connection: what the test says is what Vault hears. */
export async function ask({ method, url, token, body, tls }: Question): Promise<Answer> {
  const options = {
    method,
    agent: false as const,
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    headers: token === undefined ? {} : { 'X-Vault-Token': token },
    ...(tls && { ca: readFileSync(tls.caFile) }),
    ...(tls?.client && { cert: readFileSync(tls.client.certFile), key: readFileSync(tls.client.keyFile) }),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, options, resolve);
    request.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of response) chunks.push(chunk as Uint8Array);
  const text = Buffer.concat(chunks).toString();
  const isJson = response.headers['content-type']?.startsWith('application/json') && text !== '';
  return { status: response.statusCode ?? 0, text, json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
}
