import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { SnapshotError } from '../../errors.ts';
import { type ListenSettings, showPlace } from '../listen-config.ts';

const MOST_BYTES = 64 * 1024 * 1024;

/** What a daemon that listens there answers; rejects with `no_daemon` when none does. */
export async function ask(settings: ListenSettings, path: string, signal: AbortSignal): Promise<string> {
  const place = showPlace(settings.place);
  try {
    const response = await send(settings, path, signal);
    const body = await readAll(response);
    if (response.statusCode === 200) return body;
    throw new SnapshotError('no_daemon', `${place}: answered ${response.statusCode}`);
  } catch (cause) {
    if (cause instanceof SnapshotError) throw cause;
    const reason = signal.aborted ? 'no answer in time' : cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SnapshotError('no_daemon', `${place}: ${reason}`, { cause });
  }
}

async function send({ place, tls, token }: ListenSettings, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${(await token.read()).reveal()}` };
  const where = place.kind === 'unix' ? { socketPath: place.path } : { host: place.host, port: place.port };
  // It must show exactly our certificate, whatever name it was made for: we ask by address.
  const trust = tls === undefined ? {} : { ca: await readFile(tls.cert, 'utf8'), allowPartialTrustChain: true, checkServerIdentity: () => undefined };
  const options: RequestOptions = { ...where, ...trust, path, headers, signal, agent: false };
  return await new Promise((resolve, reject) => {
    (tls === undefined ? plainRequest : tlsRequest)(options).once('response', resolve).once('error', reject).end();
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error('the answer has no end');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
