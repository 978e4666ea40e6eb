import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a server does with a request it has read. */
export type Manner = (outgoing: ServerResponse) => void;

export const answer =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Manner =>
  (outgoing) =>
    void outgoing.writeHead(status, headers).end(body);
export const hang: Manner = () => undefined;
export const cut: Manner = (outgoing) => void outgoing.socket?.destroy();
/** The head comes whole, the body never. */
export const dripBody: Manner = (outgoing) => void outgoing.writeHead(200, { 'content-length': '100' }).write('O');

/** Takes what is sent to it, and answers one request after the other as it is told; the last manner stays. */
export class WebReceiver {
  readonly received: Received[] = [];
  manners: readonly Manner[] = [answer(200)];
  #scheme = 'http';
  #port = 0;
  #arrived = (): void => undefined;

  static async start(tls?: { readonly key: string; readonly cert: string }): Promise<WebReceiver> {
    const receiver = new WebReceiver();
    const listener: RequestListener = (incoming, outgoing) => void receiver.#take(incoming, outgoing);
    const server = tls ? createTlsServer(tls, listener) : createServer(listener);
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => sockets.add(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    receiver.#scheme = tls ? 'https' : 'http';
    receiver.#port = (server.address() as AddressInfo).port;
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    });
    return receiver;
  }

  get address(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}`;
  }

  /** Resolves once that many have come in all. */
  async until(count: number): Promise<void> {
    while (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  /** `POST /abc/start?rid=1`, in the order they came. */
  get lines(): readonly string[] {
    return this.received.map(({ method, url }) => `${method} ${url}`);
  }

  async #take(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    let body = '';
    incoming.setEncoding('utf8');
    for await (const chunk of incoming) body += chunk;
    this.received.push({ method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers, body });
    const manner = this.manners[Math.min(this.received.length, this.manners.length) - 1] ?? hang;
    manner(outgoing);
    this.#arrived();
  }
}
