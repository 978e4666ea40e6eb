import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';

/** Stands before a server and can stop an upload, or hold its answer back. Bytes of one connection count; the small calls never reach a limit. */
export class UploadGate {
  readonly address: string;
  readonly #server: Server;
  readonly #port: number;
  readonly #open = new Set<Socket>();
  #limit = Number.POSITIVE_INFINITY;
  #isAnswerHeld = false;
  #reached = Promise.withResolvers<void>();
  #answered = Promise.withResolvers<void>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket: Socket) => this.#pass(socket));
  }

  static async open(port: number): Promise<UploadGate> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new UploadGate(server, port);
  }

  /** The next upload stops after so many bytes; resolves when it has. */
  stopAfter(bytes: number): Promise<void> {
    this.#limit = bytes;
    this.#reached = Promise.withResolvers<void>();
    return this.#reached.promise;
  }

  /** The answer to the next upload of more than so many bytes stays here; resolves when it came. */
  holdAnswerAfter(bytes: number): Promise<void> {
    this.#isAnswerHeld = true;
    this.#answered = Promise.withResolvers<void>();
    void this.stopAfter(bytes);
    return this.#answered.promise;
  }

  cut(): void {
    this.#limit = Number.POSITIVE_INFINITY;
    this.#isAnswerHeld = false;
    for (const socket of this.#open) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(client: Socket): void {
    const upstream = createConnection(this.#port, '127.0.0.1');
    let sent = 0;
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#open.delete(socket);
        // What it has still to say goes out first.
        other.destroySoon();
      });
    }
    client.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      if (sent > this.#limit) this.#reached.resolve();
      if (sent > this.#limit && !this.#isAnswerHeld) client.pause();
      else upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      const isHeld = this.#isAnswerHeld && sent > this.#limit;
      if (isHeld) this.#answered.resolve();
      else client.write(chunk);
    });
  }
}
