import type { EventEmitter } from 'node:events';
import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { SecureContext } from 'node:tls';
import type { TlsConfig } from '../config/config.ts';
import { SnapshotError } from '../errors.ts';
import { toNetworkError } from './errors.ts';
import { TlsMaterial } from './tls.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_SOCKET_MS = 4_000;

/** Where `addr` points. `base` ends without a slash and stands before `/v1/`. */
export interface Endpoint {
  readonly address: string;
  readonly base: string;
  readonly isTls: boolean;
  readonly host: string;
  readonly socketPath: string | undefined;
}

export function parseAddress(address: string): Endpoint {
  if (address.startsWith('unix://')) {
    return { address, base: 'http://localhost', isTls: false, host: 'localhost', socketPath: address.slice('unix://'.length) };
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new SnapshotError('config_invalid', `addr: not an http, https or unix address: ${JSON.stringify(address)}`);
  }
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  return { address: base, base, isTls: url.protocol === 'https:', host: url.hostname, socketPath: undefined };
}

export interface Outgoing {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface OutgoingStream extends Pick<Outgoing, 'url' | 'headers'> {
  /** What the body has in all. */
  readonly bytes: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Connections to one address. A redirect is an answer like any other: following it would hand the token on. */
export class Transport {
  readonly endpoint: Endpoint;
  readonly #tls: TlsConfig;
  readonly #material: TlsMaterial;
  #kept: { readonly context: SecureContext | undefined; readonly agent: PlainAgent } | undefined;

  constructor(endpoint: Endpoint, tls: TlsConfig) {
    this.endpoint = endpoint;
    this.#tls = tls;
    this.#material = new TlsMaterial(tls);
  }

  /**
   * Resolves with the head of the answer. A connection that an earlier call left open may be dead by then, and nobody can tell whether Vault acted on what
   * it was sent: so only what may come twice takes one, and is asked again if need be.
   */
  async send(outgoing: Outgoing, signal: AbortSignal): Promise<IncomingMessage> {
    if (outgoing.method === 'POST') return await this.sendAlone(outgoing, signal);
    try {
      return await this.#exchange(outgoing, await this.#keptAgent(), signal);
    } catch (error) {
      if (!(error instanceof StaleSocketError)) throw error;
      return await this.sendAlone(outgoing, signal);
    }
  }

  /** The same over a connection of its own, which ends with the answer. */
  async sendAlone(outgoing: Outgoing, signal: AbortSignal): Promise<IncomingMessage> {
    return await this.#exchange(outgoing, this.#newAgent(await this.#context(), false), signal);
  }

  /** Sends a body piece by piece, as fast as it is taken; the answer may come before its end, and then the rest stays here. */
  async upload({ url, headers, bytes, body }: OutgoingStream, signal: AbortSignal): Promise<IncomingMessage> {
    const outgoing = { method: 'POST', url, headers: { ...headers, 'Content-Length': String(bytes) }, body: undefined } as const;
    const agent = this.#newAgent(await this.#context(), false);
    return await this.#exchange(outgoing, agent, signal, (request) => void pour(request, body));
  }

  close(): void {
    this.#kept?.agent.destroy();
    this.#kept = undefined;
  }

  async #context(): Promise<SecureContext | undefined> {
    return this.endpoint.isTls ? await this.#material.context() : undefined;
  }

  async #keptAgent(): Promise<PlainAgent> {
    const context = await this.#context();
    if (this.#kept !== undefined && this.#kept.context === context) return this.#kept.agent;
    const agent = this.#newAgent(context, true);
    this.#kept = { context, agent };
    return agent;
  }

  #newAgent(context: SecureContext | undefined, isKept: boolean): PlainAgent {
    const life = isKept ? { keepAlive: true, timeout: IDLE_SOCKET_MS, maxFreeSockets: 2 } : { keepAlive: false };
    if (context === undefined) return new PlainAgent(life);
    return new TlsAgent({
      ...life,
      secureContext: context,
      rejectUnauthorized: !this.#tls.isVerificationOff,
      ...(this.#tls.serverName === undefined ? {} : { servername: this.#tls.serverName }),
    });
  }

  async #exchange(
    outgoing: Outgoing,
    agent: PlainAgent,
    signal: AbortSignal,
    send = (request: ClientRequest) => void request.end(outgoing.body),
  ): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const { endpoint } = this;
    const start = endpoint.isTls ? tlsRequest : plainRequest;
    return await new Promise<IncomingMessage>((resolve, reject) => {
      const length = outgoing.body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(outgoing.body)) };
      const request = start(outgoing.url, {
        method: outgoing.method,
        headers: { ...outgoing.headers, ...length },
        agent,
        ...(endpoint.socketPath === undefined ? {} : { socketPath: endpoint.socketPath }),
      });
      const stop = () => void request.destroy(new Error('stopped', { cause: signal.reason }));
      signal.addEventListener('abort', stop, { once: true });
      request.once('close', () => signal.removeEventListener('abort', stop));
      // Stays for the life of the request: an error after the answer began shows at the answer too, and is thrown there.
      request.on('error', (error) => reject(signal.aborted ? signal.reason : translate(error, request, endpoint.address)));
      request.once('response', resolve);
      limitConnecting(request, endpoint);
      send(request);
    });
  }
}

/** The kept connection was dead: most likely Vault had closed it before it saw the request. */
class StaleSocketError extends Error {}

function translate(error: Error, request: ClientRequest, address: string): Error {
  const isReset = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
  return isReset && request.reusedSocket ? new StaleSocketError(error.message) : toNetworkError(error, address);
}

function limitConnecting(request: ClientRequest, endpoint: Endpoint): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    const late = new SnapshotError('vault_unreachable', `vault: ${endpoint.address}: no connection within ${CONNECT_TIMEOUT_MS / 1000} s`);
    const timer = setTimeout(() => void request.destroy(late), CONNECT_TIMEOUT_MS);
    socket.once(endpoint.isTls ? 'secureConnect' : 'connect', () => clearTimeout(timer));
    request.once('close', () => clearTimeout(timer));
  });
}

/** Begins once there is a connection, so that nothing counts as sent that could not be. */
async function pour(request: ClientRequest, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await connected(request);
    for await (const chunk of body) {
      if (request.destroyed) return;
      if (!request.write(chunk)) await either(request, 'drain');
    }
    request.end();
  } catch (error) {
    request.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

async function connected(request: ClientRequest): Promise<void> {
  if (request.socket === null) await either(request, 'socket');
  if (request.socket?.connecting) await either(request.socket, 'encrypted' in request.socket ? 'secureConnect' : 'connect');
}

/** Until that event, or the end. */
function either(emitter: EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      emitter.off(event, done).off('close', done);
      resolve();
    };
    emitter.on(event, done).on('close', done);
  });
}
