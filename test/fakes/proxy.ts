import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** What happens to the body of a snapshot on its way. Whatever is done to it, the framing of HTTP stays right unless the line breaks. */
export type Fault =
  | { readonly kind: 'none' }
  /** The connection ends after that many bytes of the body; a negative number counts from its end, here and below. */
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'reset'; readonly at: number }
  /** A body that ends as if it were whole. */
  | { readonly kind: 'short'; readonly at: number }
  | { readonly kind: 'flip'; readonly bit: number }
  | { readonly kind: 'append'; readonly bytes: Uint8Array }
  /** Nothing more comes after that many bytes, until the promise resolves. */
  | { readonly kind: 'hold'; readonly at: number; readonly until: Promise<void> }
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number }
  /** Vault is not asked at all. `{token}` in the answer becomes the token that was sent. */
  | { readonly kind: 'answer'; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

const SNAPSHOT = '/v1/sys/storage/raft/snapshot';

/** Stands between the program and a real Vault, passes everything on, and spoils the snapshot as it is told. */
export class HostileProxy {
  fault: Fault = { kind: 'none' };
  /** How many times anything was asked for. */
  asked = 0;
  /** How many times a snapshot was asked for. */
  snapshotsAsked = 0;
  /** What Vault sent the last time, before it was spoiled. */
  lastArchive: Buffer = Buffer.alloc(0);
  readonly #server: Server;
  readonly #target: URL;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      // Whoever asked may be gone by now; the test looks at what it left behind.
      this.#pass(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  static async start(target: string): Promise<HostileProxy> {
    const proxy = new HostileProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the proxy does not listen');
    return `http://127.0.0.1:${bound.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const isSnapshot = incoming.url === SNAPSHOT;
    const { fault } = this;
    this.asked++;
    if (isSnapshot) this.snapshotsAsked++;
    if (isSnapshot && fault.kind === 'answer') {
      incoming.resume();
      const echo = (text: string) => text.replaceAll('{token}', String(incoming.headers['x-vault-token']));
      for (const [name, value] of Object.entries(fault.headers)) outgoing.setHeader(name, echo(value));
      outgoing.writeHead(fault.status).end(echo(fault.body));
      return;
    }
    const upstream = await this.#ask(incoming);
    const body = await bytesOf(upstream);
    const { 'transfer-encoding': _framing, 'content-length': _length, connection: _connection, ...headers } = upstream.headers;
    outgoing.writeHead(upstream.statusCode ?? 502, headers);
    outgoing.flushHeaders();
    if (!isSnapshot || upstream.statusCode !== 200) {
      outgoing.end(body);
      return;
    }
    this.lastArchive = body;
    await play(body, fault, outgoing);
  }

  async #ask(incoming: IncomingMessage): Promise<IncomingMessage> {
    const { method, url, headers } = incoming;
    const asking = request(new URL(url ?? '/', this.#target), { method, headers, agent: false });
    incoming.pipe(asking);
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    return answer;
  }
}

async function play(body: Buffer, fault: Fault, outgoing: ServerResponse): Promise<void> {
  switch (fault.kind) {
    case 'cut':
      await write(outgoing, body.subarray(0, fault.at));
      outgoing.socket?.end();
      break;
    case 'reset':
      await write(outgoing, body.subarray(0, fault.at));
      outgoing.socket?.resetAndDestroy();
      break;
    case 'short':
      outgoing.end(body.subarray(0, fault.at));
      break;
    case 'flip': {
      const spoiled = Buffer.from(body);
      const at = Math.floor(fault.bit / 8);
      spoiled[at] = spoiled[at]! ^ (1 << (fault.bit % 8));
      outgoing.end(spoiled);
      break;
    }
    case 'append':
      await write(outgoing, body);
      outgoing.end(fault.bytes);
      break;
    case 'hold':
      await write(outgoing, body.subarray(0, fault.at));
      await fault.until;
      outgoing.end(body.subarray(fault.at));
      break;
    case 'drip':
      for (let at = 0; at < body.length; at += fault.bytes) {
        await write(outgoing, body.subarray(at, at + fault.bytes));
        await delay(fault.everyMs);
      }
      outgoing.end();
      break;
    default:
      outgoing.end(body);
  }
}

/** Handed to the kernel before it resolves: what comes next meets bytes that are on their way. */
async function write(outgoing: ServerResponse, bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0) return;
  await new Promise<void>((resolve, reject) => outgoing.write(bytes, (error) => (error ? reject(error) : resolve())));
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
