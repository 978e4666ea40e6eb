import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import type { SecureContext } from 'node:tls';
import type { Environment } from '../../config/secret-source.ts';
import { abortReason, SnapshotError } from '../../errors.ts';
import { proxyFor } from '../proxy.ts';
import { Tunnel } from '../tunnel.ts';
import { type Answer, cutOff, nonsense, refusal, silent } from './errors.ts';

// A server may close a connection nobody uses, at the very moment we use it again: better to close it first.
const KEPT_FOR_MS = 4_000;
/** A page of 1,000 objects is a tenth of this. */
const LONGEST_TEXT_BYTES = 8 * 1024 * 1024;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query, below the endpoint. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** What it is about, for messages: bucket and key. */
  readonly place: string;
}

export interface TransportOptions {
  readonly endpoint: URL;
  readonly env: Environment;
  /** Whom to trust; undefined: as Node does. */
  readonly secureContext: SecureContext | undefined;
  /** Longest time in which nothing moves, connecting included. */
  readonly idleMs: number;
  now(): Date;
}

/** Connections to one address, by the proxy of the environment if it names one. */
export function agentFor(url: URL, env: Environment, secureContext: SecureContext | undefined): Agent {
  const trust = secureContext === undefined ? {} : { secureContext };
  const proxy = proxyFor(url, env);
  const options = { keepAlive: true, timeout: KEPT_FOR_MS };
  if (proxy !== undefined) return Object.assign(new Tunnel(proxy, trust), { options });
  return url.protocol === 'http:' ? new Agent(options) : new TlsAgent({ ...options, ...trust });
}

/** One request at a time, none repeated, no redirect followed; each ends at the signal or after a silence. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #agent: Agent;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#agent = agentFor(options.endpoint, options.env, options.secureContext);
  }

  /** The whole answer, whatever its status. */
  async ask(call: Call, signal: AbortSignal): Promise<Answer> {
    const incoming = await this.#send(call, signal);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.#bodyOf(incoming, call.place, signal)) {
      length += chunk.length;
      if (length > LONGEST_TEXT_BYTES) throw nonsense(call.place, 'the answer is too long');
      chunks.push(chunk);
    }
    return { status: incoming.statusCode ?? 0, headers: incoming.headers, text: Buffer.concat(chunks).toString() };
  }

  /** The body of an answer with status 200, as it comes; undefined where the object is not there. */
  async *download(call: Call, signal: AbortSignal): AsyncGenerator<Uint8Array, 'whole' | 'missing', undefined> {
    const incoming = await this.#send(call, signal);
    const { statusCode: status = 0, headers } = incoming;
    const body = this.#bodyOf(incoming, call.place, signal);
    if (status === 200) {
      yield* body;
      return 'whole';
    }
    let text = '';
    for await (const chunk of body) if (text.length < LONGEST_TEXT_BYTES) text += Buffer.from(chunk).toString();
    if (status === 404) return 'missing';
    throw this.refuse(call, { status, headers, text });
  }

  /** A server may repeat the token it was shown; it is cut out before anything else is read. */
  refuse({ place, headers }: Call, { text, ...answer }: Answer): SnapshotError {
    const token = headers?.authorization?.replace(/^Bearer /, '');
    const harmless = token === undefined ? text : text.replaceAll(token, '[secret]');
    return refusal(place, { ...answer, text: harmless }, this.#options.now());
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send({ method, path, headers, body, place }: Call, signal: AbortSignal): Promise<IncomingMessage> {
    throwIfAborted(signal);
    const { endpoint, idleMs } = this.#options;
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { method, headers: { ...headers, ...length }, agent: this.#agent, signal };
    return await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = (endpoint.protocol === 'http:' ? httpRequest : httpsRequest)(new URL(path, endpoint), options);
      const giveUp = () => outgoing.destroy(silent(place, idleMs));
      // Until there is a connection, the time-out of the socket has no socket to watch.
      const patience = setTimeout(giveUp, idleMs);
      outgoing.setTimeout(idleMs, giveUp);
      outgoing.once('socket', (socket) => {
        if (socket.connecting) socket.once('connect', () => clearTimeout(patience));
        else clearTimeout(patience);
      });
      outgoing.once('close', () => clearTimeout(patience));
      outgoing.once('response', (incoming) => {
        outgoing.setTimeout(0);
        resolve(incoming);
      });
      outgoing.on('error', (error) => reject(toError(error, place, signal)));
      outgoing.end(body);
    });
  }

  /** Only our own waiting counts as silence, not the time a slow reader takes. */
  async *#bodyOf(incoming: IncomingMessage, place: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const { idleMs } = this.#options;
    const chunks = (incoming as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const patience = setTimeout(() => incoming.destroy(silent(place, idleMs)), idleMs);
        const { done, value } = await chunks.next().finally(() => clearTimeout(patience));
        if (done === true) return;
        yield value;
        throwIfAborted(signal);
      }
    } catch (error) {
      throw toError(error, place, signal);
    } finally {
      incoming.destroy();
    }
  }
}

function toError(error: unknown, place: string, signal: AbortSignal): SnapshotError {
  if (signal.aborted) return abortReason(signal);
  return error instanceof SnapshotError ? error : cutOff(place, error);
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal);
}
