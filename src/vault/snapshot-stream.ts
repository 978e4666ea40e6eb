import type { IncomingMessage } from 'node:http';
import type { Secret } from '../config/secret.ts';
import { SnapshotError } from '../errors.ts';
import { Watchdog } from '../snapshot/watchdog.ts';
import { nature, toNetworkError, toStatusError } from './errors.ts';
import { Gathering } from './gathering.ts';
import type { Transport } from './transport.ts';

const PATH = 'sys/storage/raft/snapshot';
/** Vault walks over all its data before it sends a single byte. */
const FIRST_BYTE_TIMEOUT_MS = 10 * 60_000;
/** Small chunks cost the verifier more than twice the time. */
const CHUNK_BYTES = 256 * 1024;
/** What one read of a socket brings at most. */
const READ_BYTES = 64 * 1024;
const REFUSAL_LIMIT_BYTES = 64 * 1024;
const GZIP_MAGIC = [0x1f, 0x8b, 0x08];

export interface SnapshotStreamOptions {
  readonly transport: Transport;
  readonly token: Secret | undefined;
  readonly stallTimeoutMs: number;
  readonly firstByteTimeoutMs?: number;
}

/** Resolves when the first bytes are here and are those of an archive. Never a namespace header: the snapshot is of all. */
export async function openSnapshotStream(options: SnapshotStreamOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const { transport, token, stallTimeoutMs, firstByteTimeoutMs = FIRST_BYTE_TIMEOUT_MS } = options;
  const { address, base } = transport.endpoint;
  const patience = new Watchdog(signal, firstByteTimeoutMs, () => stalled(`sent nothing within ${firstByteTimeoutMs / 1000} s`));
  // A proxy that packs the archive a second time would make it another file.
  const headers = { 'Accept-Encoding': 'identity', 'X-Vault-Request': 'true', ...(token === undefined ? {} : { 'X-Vault-Token': token.reveal() }) };
  const outgoing = { method: 'GET', url: `${base}/v1/${PATH}`, headers, body: undefined } as const;
  const response = await patience.watch(() => transport.sendAlone(outgoing, patience.signal));
  const stream = new SnapshotStream(response, address, stallTimeoutMs, signal);
  try {
    await patience.watch(() => checkHead(response, stream, token));
    return stream;
  } catch (error) {
    response.destroy();
    throw error;
  }
}

async function checkHead(response: IncomingMessage, stream: SnapshotStream, token: Secret | undefined): Promise<void> {
  const status = response.statusCode ?? 0;
  if (status !== 200) {
    const text = await stream.peek(REFUSAL_LIMIT_BYTES);
    const clean = token === undefined ? text : text.replaceAll(token.reveal(), '[secret]');
    throw toStatusError({ path: PATH, status, text: clean, location: response.headers.location });
  }
  const encoding = response.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new SnapshotError('vault_bad_answer', `vault: ${PATH}: something in between packed the archive again (${encoding})`);
  }
  const head = await stream.peek(GZIP_MAGIC.length);
  if (head === '') throw new SnapshotError('vault_cut', `vault: ${PATH}: the answer is empty`);
  if (!stream.startsWith(GZIP_MAGIC)) throw new SnapshotError('vault_bad_answer', `vault: ${PATH}: ${nature(head)} instead of an archive`);
}

/** The bytes of the archive, in large chunks, each good until the next one is asked for. However the iteration ends, the connection ends with it. */
class SnapshotStream implements AsyncIterableIterator<Uint8Array> {
  readonly #response: IncomingMessage;
  readonly #gathering: Gathering;
  readonly #address: string;
  readonly #signal: AbortSignal;
  /** Runs only while we wait for Vault: a reader may take its time. */
  readonly #watchdog: Watchdog;
  /** What was gathered has been handed out. */
  #isSpent = false;

  constructor(response: IncomingMessage, address: string, stallTimeoutMs: number, signal: AbortSignal) {
    this.#response = response;
    this.#gathering = new Gathering(response, CHUNK_BYTES + READ_BYTES);
    this.#address = address;
    this.#signal = signal;
    this.#watchdog = new Watchdog(signal, stallTimeoutMs, () => stalled(`sent nothing for ${stallTimeoutMs / 1000} s`));
  }

  /** Text of at least so many bytes if there are as many; they stay in the stream. Its caller has the longer patience. */
  async peek(bytes: number): Promise<string> {
    while (!this.#gathering.isComplete(bytes)) await this.#gathering.more().catch((error: unknown) => this.#rethrow(error));
    return this.#gathering.bytes.toString('utf8');
  }

  startsWith(magic: readonly number[]): boolean {
    return magic.every((byte, at) => this.#gathering.bytes[at] === byte);
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#isSpent) this.#gathering.empty();
    this.#isSpent = true;
    try {
      while (!this.#gathering.isComplete(CHUNK_BYTES)) await this.#watchdog.watch(() => this.#gathering.more());
    } catch (error) {
      this.#response.destroy();
      this.#rethrow(error);
    }
    const value = this.#gathering.bytes;
    return value.length === 0 ? { done: true, value: undefined } : { done: false, value };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#response.destroy();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** A cut shows at the answer as a reset, whoever did it. */
  #rethrow(error: unknown): never {
    if (this.#signal.aborted) throw this.#signal.reason;
    const network = toNetworkError(error, this.#address);
    if (network.code !== 'vault_unreachable') throw network;
    throw new SnapshotError('vault_cut', `vault: ${PATH}: the connection ended before the archive did`, { cause: error });
  }
}

function stalled(what: string): SnapshotError {
  return new SnapshotError('vault_stalled', `vault: ${PATH}: ${what}`);
}
