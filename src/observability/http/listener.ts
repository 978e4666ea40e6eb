import { once } from 'node:events';
import { createServer as createPlainServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Secret } from '../../config/secret.ts';
import { SnapshotError } from '../../errors.ts';
import { describe, isFileSystemError } from '../../storage/file-system.ts';
import { type ListenPlace, type ListenSettings, showPlace } from '../listen-config.ts';
import { type Answer, OPEN_PATHS, text } from './answer.ts';
import { isAuthorized } from './authorization.ts';
import { type Material, readMaterial } from './material.ts';
import { listenOnSocketFile, type SocketFile } from './socket-file.ts';

/** Somebody slow or silent holds one of these for some seconds, and nothing else. */
const MOST_CONNECTIONS = 64;
const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 8_192,
};
const IDLE_MS = 30_000;
const HANDSHAKE_MS = 5_000;

/** Never throws. */
export type Responder = (path: string) => Answer;

/** One place where we are asked. Reads only: GET and HEAD. */
export class Listener {
  #settings: ListenSettings;
  readonly #server: HttpServer | TlsServer;
  readonly #sockets = new Set<Socket>();
  #token: Secret | undefined;
  #file: SocketFile | undefined;

  private constructor(settings: ListenSettings, material: Material, respond: Responder) {
    this.#settings = settings;
    this.#token = material.token;
    const handle = (request: IncomingMessage, response: ServerResponse) => send(response, this.#answer(request, respond));
    this.#server =
      material.pair === undefined
        ? createPlainServer(LIMITS, handle)
        : createTlsServer({ ...LIMITS, ...material.pair, handshakeTimeout: HANDSHAKE_MS }, handle);
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.timeout = IDLE_MS;
    // A connection that could not be accepted is not served, and the next one may be.
    this.#server.on('error', () => undefined);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Rejects with `listen_failed` or `secret_unavailable`. A socket file gets this mode. */
  static async open(settings: ListenSettings, socketMode: number, respond: Responder): Promise<Listener> {
    const listener = new Listener(settings, await readMaterial(settings), respond);
    try {
      await listener.#listen(settings.place, socketMode);
    } catch (thrown) {
      await listener.close();
      throw toListenError(thrown, settings.place);
    }
    return listener;
  }

  get settings(): ListenSettings {
    return this.#settings;
  }

  /** Whether other settings can be had without listening anew. */
  isAt({ place, tls }: ListenSettings): boolean {
    return showPlace(place) === showPlace(this.#settings.place) && (tls === undefined) === (this.#settings.tls === undefined);
  }

  /** Reads token and certificate again; when one cannot be read, both stay as they were. Connections stay. */
  async renew(settings: ListenSettings): Promise<void> {
    const { token, pair } = await readMaterial(settings);
    this.#settings = settings;
    this.#token = token;
    if (pair !== undefined && 'setSecureContext' in this.#server) this.#server.setSecureContext(pair);
  }

  /** Waits for nobody: whoever is connected is cut off. */
  async close(): Promise<void> {
    await this.#file?.remove();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #listen(place: ListenPlace, socketMode: number): Promise<void> {
    if (place.kind === 'unix') {
      this.#file = await listenOnSocketFile(this.#server, place.path, socketMode);
      return;
    }
    this.#server.listen({ host: place.host, port: place.port });
    await once(this.#server, 'listening');
  }

  #answer({ method, url = '', headers }: IncomingMessage, respond: Responder): Answer {
    const [path = ''] = url.split('?');
    if (method !== 'GET' && method !== 'HEAD') return withHeader(text(405, 'only GET and HEAD\n'), 'Allow', 'GET, HEAD');
    if (this.#token !== undefined && !OPEN_PATHS.includes(path) && !isAuthorized(headers.authorization, this.#token)) {
      return withHeader(text(401, 'the token of "listen" is wanted\n'), 'WWW-Authenticate', 'Basic realm="vault-snapshotd", Bearer');
    }
    return respond(path);
  }
}

function toListenError(thrown: unknown, place: ListenPlace): unknown {
  if (!isFileSystemError(thrown)) return thrown;
  return new SnapshotError('listen_failed', `listen: ${showPlace(place)}: ${describe(thrown)}`, { cause: thrown });
}

function withHeader(answer: Answer, name: string, value: string): Answer {
  return { ...answer, headers: { ...answer.headers, [name]: value } };
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body);
}
