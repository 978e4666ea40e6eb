import type { IncomingMessage } from 'node:http';
import { SnapshotError } from '../errors.ts';
import type { Sending, Sent } from '../recovery/contract.ts';
import { toNetworkError, toStatusError } from './errors.ts';
import type { Transport } from './transport.ts';

const PATH = 'sys/storage/raft/snapshot';
/** With no more than this missing, a server has been seen to apply what it had. */
const UNSURE_BYTES = 64 * 1024;
/** It checks the whole archive before it answers. */
const ANSWER_TIMEOUT_MS = 10 * 60_000;
const REFUSAL_LIMIT_BYTES = 64 * 1024;

/** Gives the server a whole archive. Rejects only where it was refused, or cut off so early that nothing can have come of it. */
export async function uploadSnapshot(transport: Transport, archive: AsyncIterable<Uint8Array>, sending: Sending, signal: AbortSignal): Promise<Sent> {
  const { token, bytes, isForced, stallTimeoutMs } = sending;
  const path = isForced ? `${PATH}-force` : PATH;
  const url = `${transport.endpoint.base}/v1/${path}`;
  const headers = { 'X-Vault-Request': 'true', 'X-Vault-Token': token.reveal(), 'Content-Type': 'application/octet-stream' };
  const patience = new Patience(stallTimeoutMs);
  const begunMs = performance.now();
  let sent = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of archive) {
      sent += chunk.length;
      patience.renew(sent < bytes ? stallTimeoutMs : Math.max(stallTimeoutMs, ANSWER_TIMEOUT_MS));
      sending.onProgress(sent);
      yield chunk;
    }
  };
  try {
    const response = await transport.upload({ url, headers, bytes, body: counted() }, AbortSignal.any([signal, patience.signal]));
    const text = (await readRefusal(response)).replaceAll(token.reveal(), '[secret]');
    if (response.statusCode === 204 || response.statusCode === 200) return 'accepted';
    throw toRefusal(response, path, text, { sent, bytes, begunMs });
  } catch (error) {
    // Told to stop, we have no answer: what was sent is sent.
    if (!signal.aborted && error instanceof SnapshotError && isAnswer(error)) throw error;
    if (bytes - sent <= UNSURE_BYTES) return 'unanswered';
    signal.throwIfAborted();
    throw toCut(toNetworkError(error, transport.endpoint.address), { sent, bytes, begunMs });
  } finally {
    patience.end();
  }
}

interface Upload {
  readonly sent: number;
  readonly bytes: number;
  readonly begunMs: number;
}

/** Ends an upload of which nothing is taken any more. */
class Patience {
  readonly #late = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(ms: number) {
    this.renew(ms);
  }

  get signal(): AbortSignal {
    return this.#late.signal;
  }

  renew(ms: number): void {
    clearTimeout(this.#timer);
    // The last chunk may be fetched after the answer has come: no timer must outlive the upload.
    if (this.#hasEnded) return;
    this.#timer = setTimeout(() => this.#late.abort(new SnapshotError('vault_stalled', `vault: ${PATH}: took nothing for ${ms / 1000} s`)), ms);
  }

  end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
  }
}

async function readRefusal(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > REFUSAL_LIMIT_BYTES) break;
  }
  // It may have come before the end of the upload, whose rest would hold the connection open.
  response.destroy();
  return Buffer.concat(chunks).toString('utf8');
}

const OTHER_KEYS = 'the server has other unseal keys than the snapshot: was it rekeyed since, or is it another cluster? --force restores it all the same';

/** The server's own words decide nothing but the hint. */
function toRefusal(response: IncomingMessage, path: string, text: string, upload: Upload): SnapshotError {
  const status = response.statusCode ?? 0;
  const error = toStatusError({ path, status, text, location: response.headers.location });
  if (text.includes('i/o timeout')) return toCut(error, upload);
  if (error.code === 'vault_denied') {
    return new SnapshotError('vault_denied', error.message, { cause: error, advice: `the token needs: path "${path}" { capabilities = ["update"] }` });
  }
  if (error.code !== 'vault_error') return error;
  const advice = text.includes('different set of unseal keys') || text.includes('different autoseal key') ? { advice: OTHER_KEYS } : {};
  return new SnapshotError('server_refused', error.message, { cause: error, ...advice });
}

function isAnswer(error: SnapshotError): boolean {
  return error.code !== 'vault_unreachable' && error.code !== 'vault_stalled';
}

function toCut(error: SnapshotError, { sent, bytes, begunMs }: Upload): SnapshotError {
  if (sent === 0) return error;
  const seconds = Math.round((performance.now() - begunMs) / 1000);
  return new SnapshotError('upload_cut', `${error.message}: cut off after ${seconds} s and ${sent} of ${bytes} bytes`, { cause: error });
}
