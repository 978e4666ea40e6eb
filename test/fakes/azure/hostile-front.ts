import { once } from 'node:events';
import { createServer as createPlain, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';

/** A request, as the driver sent it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

export type Fault =
  /** Azurite is not asked at all. */
  | { readonly kind: 'answer'; readonly status: number; readonly code?: string; readonly headers?: Record<string, string>; readonly body?: string }
  /** The request is read and nothing is ever said. */
  | { readonly kind: 'silence' }
  /** The body of the request is not read. */
  | { readonly kind: 'deaf' }
  | { readonly kind: 'cut' }
  /** One bit of the request's body is another when it reaches Azurite. */
  | { readonly kind: 'flip' }
  /** Azurite does it, and the line breaks before anybody hears of it. */
  | { readonly kind: 'cut-after' }
  /** Another answer than Azurite's: headers put over its own, a body made from its own. */
  | { readonly kind: 'lie'; readonly headers?: Record<string, string>; readonly body?: (text: string) => string }
  /** The answer's body stops half-way; the line stays, or breaks. */
  | { readonly kind: 'half'; readonly breaks: boolean };

/** Stands before Azurite and passes everything on, except what the test spoils. */
export class HostileFront {
  readonly asked: Asked[] = [];
  /** Decides for each request; undefined passes it on. */
  spoil: (asked: Asked) => Fault | undefined = () => undefined;
  /** Of requests, left out on the way to Azurite, which does not know them. */
  readonly #unknown: readonly string[];
  readonly #target: URL;
  readonly #server;
  readonly #scheme: 'http' | 'https';

  private constructor(target: string, tls: SecureContextOptions | undefined, unknown: readonly string[]) {
    this.#target = new URL(target);
    this.#unknown = unknown;
    this.#scheme = tls === undefined ? 'http' : 'https';
    const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      // Whoever asked may be gone by now; the test looks at what it left behind.
      this.#serve(incoming, outgoing).catch(() => outgoing.destroy());
    };
    this.#server = tls === undefined ? createPlain(listener) : createTls(tls, listener);
  }

  static async start(
    target: string,
    options: { readonly tls?: SecureContextOptions; readonly unknownHeaders?: readonly string[] } = {},
  ): Promise<HostileFront> {
    const front = new HostileFront(target, options.tls, options.unknownHeaders ?? []);
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get endpoint(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#target.pathname}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const [path = '', query = ''] = url.split('?');
    const asked = { method, path, query: new URLSearchParams(query), headers };
    this.asked.push(asked);
    const fault = this.spoil(asked);
    if (fault?.kind === 'deaf') return;
    if (fault?.kind === 'cut') return void incoming.socket.destroy();
    const body = await bytesOf(incoming);
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'answer') return answer(fault, outgoing);
    if (fault?.kind === 'flip' && body[0] !== undefined) body[0] ^= 1;
    const upstream = await this.#pass(incoming, body);
    const content = await bytesOf(upstream);
    if (fault?.kind === 'cut-after') return void incoming.socket.destroy();
    const lie: Omit<Extract<Fault, { kind: 'lie' }>, 'kind'> = fault?.kind === 'lie' ? fault : {};
    const told = lie.body === undefined ? content : Buffer.from(lie.body(content.toString()));
    const length = method === 'HEAD' ? {} : { 'content-length': String(told.length) };
    const { 'transfer-encoding': _framing, connection: _connection, ...kept } = upstream.headers;
    outgoing.writeHead(upstream.statusCode ?? 502, { ...kept, ...length, ...lie.headers });
    if (fault?.kind !== 'half') return void outgoing.end(told);
    outgoing.write(told.subarray(0, told.length / 2), () => void (fault.breaks && incoming.socket.destroy()));
  }

  async #pass(incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !this.#unknown.includes(name)));
    const { 'transfer-encoding': _framing, ...kept } = headers;
    const options = { host: this.#target.hostname, port: this.#target.port, method: incoming.method, path: incoming.url, agent: false as const };
    const outgoing = request({ ...options, headers: { ...kept, connection: 'close' } });
    outgoing.end(body);
    const [upstream] = (await once(outgoing, 'response')) as [IncomingMessage];
    return upstream;
  }
}

function answer({ status, code, headers, body }: Extract<Fault, { kind: 'answer' }>, outgoing: ServerResponse): void {
  const named = code === undefined ? {} : { 'x-ms-error-code': code };
  const text =
    body ?? (code === undefined ? '' : `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>as the test wants it</Message></Error>`);
  outgoing.writeHead(status, { 'content-type': 'application/xml', ...named, ...headers }).end(text);
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
