import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

const SNAPSHOT = '/v1/sys/storage/raft/snapshot';

/** A snapshot that stands still in the middle of its way. */
export interface Hold {
  /** Resolves when so many bytes have passed and no more will. */
  readonly reached: Promise<void>;
  release(): void;
}

/** Stands before one Vault, tells what was asked, and can hold a snapshot up. What it holds back, Vault cannot send. */
export class Gate {
  /** In order: `GET sys/leader`. */
  readonly requests: string[] = [];
  readonly address: string;
  readonly #server: Server;
  readonly #upstream: string;
  #stop: { readonly isTime: (requests: readonly string[]) => boolean; readonly reach: () => void } | undefined;
  #next: { readonly bytes: number; readonly reach: () => void; readonly released: Promise<void> } | undefined;

  private constructor(server: Server, upstream: string) {
    this.#server = server;
    this.#upstream = upstream;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (asked, answer) => this.#pass(asked, answer));
  }

  static async open(upstream: string): Promise<Gate> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Gate(server, upstream);
  }

  /** The next snapshot stops after so many bytes. */
  hold(bytes: number): Hold {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#next = { bytes, reach: reached.resolve, released: released.promise };
    return { reached: reached.promise, release: released.resolve };
  }

  /** The first request at which this is so goes no further; resolves when it has come. */
  stopWhen(isTime: (requests: readonly string[]) => boolean): Promise<void> {
    const reached = Promise.withResolvers<void>();
    this.#stop = { isTime, reach: reached.resolve };
    return reached.promise;
  }

  count(request: string): number {
    return this.requests.filter((one) => one === request).length;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    this.requests.push(`${asked.method} ${asked.url?.replace(/^\/v1\/|\?.*$/g, '')}`);
    if (this.#stop?.isTime(this.requests)) {
      this.#stop.reach();
      this.#stop = undefined;
      return;
    }
    const { method, headers } = asked;
    const onward = request(`${this.#upstream}${asked.url}`, { method, headers, agent: false }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      // Whichever side breaks off, so does the other: that is all a proxy can tell it.
      pipeline(answered, (body: AsyncIterable<Uint8Array>) => this.#slow(asked, body), answer).catch(() => answer.destroy());
    });
    answer.once('close', () => onward.destroy());
    onward.once('error', () => answer.destroy());
    asked.pipe(onward);
  }

  async *#slow(asked: IncomingMessage, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const isSnapshot = asked.url === SNAPSHOT;
    let passed = 0;
    for await (const chunk of body) {
      yield chunk;
      passed += chunk.length;
      if (!isSnapshot || this.#next === undefined || passed < this.#next.bytes) continue;
      const { reach, released } = this.#next;
      this.#next = undefined;
      reach();
      await released;
    }
  }
}
