import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../../servers/certificates.ts';

export type Step = 'open' | 'chunk' | 'end' | 'abort' | 'list' | 'stat' | 'read' | 'delete';

/** What happens instead of the one right answer. */
export type Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly reason?: string;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A success with a text that Google would never send. */
  | { readonly kind: 'page'; readonly text: string }
  | { readonly kind: 'silent' }
  | { readonly kind: 'cut' }
  /** Everything is done, and the connection ends before the answer. */
  | { readonly kind: 'cut-after' }
  /** Of the bytes of this request only the first so many are kept. */
  | { readonly kind: 'keep'; readonly bytes: number }
  | { readonly kind: 'forget-all' }
  | { readonly kind: 'flip' }
  /** Half the content, then nothing more, or the end of the connection. */
  | { readonly kind: 'half'; readonly ends: 'silence' | 'cut' }
  | { readonly kind: 'lie' }
  | { readonly kind: 'no-md5' };

export interface Asked {
  readonly step: Step;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

interface Upload {
  readonly name: string;
  readonly isNewOnly: boolean;
  content: Buffer;
}

/** The JSON API of one bucket, with a fault for the next request of each step. */
export class HostileGcs {
  readonly asked: Asked[] = [];
  readonly objects = new Map<string, Buffer>();
  readonly uploads = new Map<string, Upload>();
  readonly endpoint: string;
  readonly #server: Server;
  readonly #faults = new Map<Step, Fault[]>();

  private constructor(server: Server, scheme: string) {
    this.#server = server;
    this.endpoint = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // Whoever asked may be gone by now; the test looks at what is left.
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => void this.#serve(incoming, outgoing).catch(() => outgoing.destroy()));
  }

  static async start(tls?: Certificate): Promise<HostileGcs> {
    const server = tls === undefined ? createServer() : createTlsServer({ cert: await readFile(tls.certFile), key: await readFile(tls.keyFile) });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HostileGcs(server, tls === undefined ? 'http' : 'https');
  }

  /** The next requests of that step, in order. */
  inject(step: Step, ...faults: readonly Fault[]): void {
    this.#faults.set(step, [...(this.#faults.get(step) ?? []), ...faults]);
  }

  steps(): readonly Step[] {
    return this.asked.map(({ step }) => step);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', this.endpoint);
    const step = stepOf(incoming, url);
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const asked: Asked = { step, path: url.pathname, query: url.searchParams, headers: incoming.headers, body: Buffer.concat(chunks) };
    this.asked.push(asked);
    const fault = this.#faults.get(step)?.shift();
    if (fault?.kind === 'silent') return;
    if (fault?.kind === 'cut') incoming.socket.destroy();
    else if (fault?.kind === 'page') outgoing.end(fault.text);
    else if (fault?.kind === 'answer') refuse(outgoing, fault.status, fault.reason, fault.message, fault.headers);
    else this.#answer(asked, outgoing, fault);
  }

  #answer(asked: Asked, outgoing: ServerResponse, fault: Fault | undefined): void {
    const name = decodeURIComponent(/\/o\/(.+)$/.exec(asked.path)?.[1] ?? '');
    const content = this.objects.get(name);
    if (asked.step === 'open') this.#open(asked, outgoing);
    else if (asked.step === 'chunk' || asked.step === 'end') this.#take(asked, outgoing, fault);
    else if (asked.step === 'list') this.#list(asked, outgoing);
    else if (asked.step === 'abort') outgoing.writeHead(this.uploads.delete(asked.query.get('upload_id') ?? '') ? 499 : 404).end();
    else if (content === undefined) refuse(outgoing, 404, 'notFound');
    else if (asked.step === 'stat') outgoing.end(JSON.stringify(resource(name, content, fault)));
    else if (asked.step === 'read') send(outgoing, content, fault);
    else {
      this.objects.delete(name);
      outgoing.writeHead(204).end();
    }
  }

  #open({ query }: Asked, outgoing: ServerResponse): void {
    const id = randomUUID();
    this.uploads.set(id, { name: query.get('name') ?? '', isNewOnly: query.get('ifGenerationMatch') === '0', content: Buffer.alloc(0) });
    outgoing.writeHead(200, { location: `http://elsewhere.test/upload/storage/v1/b/b/o?uploadType=resumable&upload_id=${id}` }).end('{}');
  }

  #take({ step, query, headers, body }: Asked, outgoing: ServerResponse, fault: Fault | undefined): void {
    const id = query.get('upload_id') ?? '';
    const upload = this.uploads.get(id);
    const range = headers['content-range'] ?? '';
    const start = Number(/^bytes (\d+)-/.exec(range)?.[1] ?? upload?.content.length);
    if (upload === undefined) refuse(outgoing, 404, 'notFound');
    else if (start !== upload.content.length) refuse(outgoing, 400, 'invalid', `expected byte ${upload.content.length}, got ${start}`);
    else {
      upload.content = keep(upload.content, body, fault);
      const { length } = upload.content;
      const isWhole = step === 'end' && length === Number(/\/(\d+)$/.exec(range)?.[1]);
      if (isWhole) this.#finish(id, upload, String(headers['x-goog-hash']), outgoing, fault);
      else outgoing.writeHead(308, length === 0 ? {} : { range: `bytes=0-${length - 1}` }).end();
    }
  }

  #finish(id: string, { name, isNewOnly, content }: Upload, hash: string, outgoing: ServerResponse, fault: Fault | undefined): void {
    if (isNewOnly && this.objects.has(name)) refuse(outgoing, 412, 'conditionNotMet');
    else if (hash !== `md5=${md5(content)}`) refuse(outgoing, 400, 'invalid', `Provided MD5 hash doesn't match calculated MD5 hash`);
    else {
      this.uploads.delete(id);
      this.objects.set(name, content);
      if (fault?.kind === 'cut-after') outgoing.socket?.destroy();
      else outgoing.end(JSON.stringify(resource(name, content, fault)));
    }
  }

  #list({ query }: Asked, outgoing: ServerResponse): void {
    const prefix = query.get('prefix') ?? '';
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
    const from = Number(query.get('pageToken') ?? 0);
    const to = from + Number(query.get('maxResults'));
    const items = names.slice(from, to).map((name) => resource(name, this.objects.get(name)!, undefined));
    outgoing.end(JSON.stringify({ items, ...(to < names.length && { nextPageToken: String(to) }) }));
  }
}

function keep(before: Buffer, body: Buffer, fault: Fault | undefined): Buffer {
  if (fault?.kind === 'forget-all') return Buffer.alloc(0);
  const kept = Buffer.from(fault?.kind === 'keep' ? body.subarray(0, fault.bytes) : body);
  if (fault?.kind === 'flip') kept[0] = kept[0]! ^ 1;
  return Buffer.concat([before, kept]);
}

function stepOf({ method, headers }: IncomingMessage, { pathname, searchParams }: URL): Step {
  if (method === 'POST') return 'open';
  if (method === 'PUT') return headers['content-range']?.endsWith('/*') ? 'chunk' : 'end';
  if (method === 'DELETE') return searchParams.has('upload_id') ? 'abort' : 'delete';
  if (pathname.endsWith('/o')) return 'list';
  return searchParams.get('alt') === 'media' ? 'read' : 'stat';
}

function resource(name: string, content: Buffer, fault: Fault | undefined) {
  const md5Hash = md5(fault?.kind === 'lie' ? Buffer.from('something else') : content);
  return { name, size: String(content.length), timeCreated: '2026-01-02T03:04:05.678Z', ...(fault?.kind !== 'no-md5' && { md5Hash }) };
}

function md5(content: Buffer): string {
  return createHash('md5').update(content).digest('base64');
}

function send(outgoing: ServerResponse, content: Buffer, fault: Fault | undefined): void {
  outgoing.writeHead(200, { 'content-length': content.length });
  if (fault?.kind !== 'half') outgoing.end(content);
  else {
    outgoing.write(content.subarray(0, content.length / 2), () => {
      if (fault.ends === 'cut') outgoing.socket?.end();
    });
  }
}

function refuse(outgoing: ServerResponse, status: number, reason?: string, message = 'no', headers: Readonly<Record<string, string>> = {}): void {
  const error = { code: status, message, ...(reason === undefined ? {} : { errors: [{ reason, message }] }) };
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ error }));
}
