import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const ASKS_SNAPSHOT = 'GET /v1/sys/storage/raft/snapshot ';

/** Passes everything on, and counts it: the same for every program, whatever that says of itself. */
export class CountingProxy {
  /** What goes to the server is held to this pace, all connections together. */
  bytesPerSecond = Number.POSITIVE_INFINITY;
  toServerBytes = 0;
  toClientBytes = 0;
  /** From the request for a snapshot to the last byte of it that was taken: for so long the server is held. */
  snapshotMs = 0;
  snapshotBytes = 0;
  readonly #server: Server;
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #freeAt = 0;

  private constructor(target: string) {
    this.#target = Number(new URL(target).port);
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
  }

  static async start(target: string): Promise<CountingProxy> {
    const proxy = new CountingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the proxy does not listen');
    return `http://127.0.0.1:${bound.port}`;
  }

  reset(): void {
    this.toServerBytes = 0;
    this.toClientBytes = 0;
    this.snapshotMs = 0;
    this.snapshotBytes = 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((closed) => this.#server.close(closed));
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      // A program that was killed leaves its half of the connection to us.
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    let askedAt: number | undefined;
    const broken = () => client.destroy();
    this.#pass(client, server, async (chunk) => {
      askedAt = chunk.subarray(0, ASKS_SNAPSHOT.length).toString('latin1') === ASKS_SNAPSHOT ? performance.now() : undefined;
      this.toServerBytes += chunk.length;
      await this.#pace(chunk.length);
    }).catch(broken);
    this.#pass(server, client, (chunk) => {
      this.toClientBytes += chunk.length;
      if (askedAt === undefined) return;
      this.snapshotMs = performance.now() - askedAt;
      this.snapshotBytes += chunk.length;
    }).catch(broken);
  }

  async #pass(from: Socket, to: Socket, count: (chunk: Buffer) => Promise<void> | void): Promise<void> {
    for await (const chunk of from) {
      await count(chunk as Buffer);
      if (!to.write(chunk as Buffer)) await drained(to);
    }
    to.end();
  }

  async #pace(bytes: number): Promise<void> {
    if (this.bytesPerSecond === Number.POSITIVE_INFINITY) return;
    const now = performance.now();
    const at = Math.max(now, this.#freeAt);
    this.#freeAt = at + (bytes / this.bytesPerSecond) * 1000;
    if (at > now) await delay(at - now);
  }
}

/** Or gone, which the next write finds out. */
async function drained(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}
