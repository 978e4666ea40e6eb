import { once } from 'node:events';
import { type ClientRequest, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';

export type StoreKind = 'aws' | 'gcp' | 'azure';

/** What a request does in the course of an upload; all that only looks, deletes or lists is `other`. */
export type Step = 'open' | 'part' | 'commit' | 'other';

export type Moment = 'before' | 'amid' | 'after';

export interface Passing {
  readonly step: Step;
  /** Of which the request is a step; the object itself otherwise. */
  readonly isManifest: boolean;
}

export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Asked at each moment of each request; undefined goes on, and `silence` means that nobody ever hears the answer. */
export type Decide = (passing: Passing, moment: Moment) => Refusal | 'silence' | undefined;

/** Stands before a real store, knows the steps of an upload by the requests it sees, and does what a test wants of them. */
export class StoreFront {
  decide: Decide = () => undefined;
  /** Of the bodies that go to the store. */
  bytesPerSecond = Number.POSITIVE_INFINITY;
  readonly #kind: StoreKind;
  readonly #target: URL;
  readonly #server: Server;
  #port = 0;
  #opensManifest = false;

  private constructor(kind: StoreKind, target: string) {
    this.#kind = kind;
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      // Whoever asked may be gone by now; the test looks at what it left behind.
      this.#serve(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  static async start(kind: StoreKind, target: string): Promise<StoreFront> {
    const front = new StoreFront(kind, target);
    await front.comeBack();
    return front;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}${this.#target.pathname.replace(/\/$/, '')}`;
  }

  /** Every connection breaks, and nobody listens any more. */
  vanish(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Where it was before, with the best of manners. */
  async comeBack(): Promise<void> {
    this.decide = () => undefined;
    this.bytesPerSecond = Number.POSITIVE_INFINITY;
    if (this.#server.listening) return;
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const passing = this.#read(incoming);
    const early = this.decide(passing, 'before');
    if (early !== undefined) return answer(early, incoming, outgoing);
    const { method, url, headers } = incoming;
    const onward = request({ host: this.#target.hostname, port: this.#target.port, method, path: url, headers, agent: false });
    outgoing.once('close', () => onward.destroy());
    const answering = once(onward, 'response') as Promise<[IncomingMessage]>;
    const [[upstream]] = await Promise.all([answering, this.#carry(incoming, onward, answering, passing)]);
    const content: Uint8Array[] = [];
    for await (const chunk of upstream as AsyncIterable<Uint8Array>) content.push(chunk);
    const late = this.decide(passing, 'after');
    if (late !== undefined) return answer(late, incoming, outgoing);
    const { 'transfer-encoding': _framing, connection: _connection, ...kept } = upstream.headers;
    outgoing.writeHead(upstream.statusCode ?? 502, kept).end(Buffer.concat(content));
  }

  /** A store may answer before it has heard all; the rest is then heard by nobody. */
  async #carry(body: IncomingMessage, onward: ClientRequest, answering: Promise<unknown>, passing: Passing): Promise<void> {
    let isAnswered = false;
    const answered = answering.then(() => {
      isAnswered = true;
    });
    let isFirst = true;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (isAnswered) continue;
      if (!onward.write(chunk)) await Promise.race([once(onward, 'drain'), answered]);
      if (Number.isFinite(this.bytesPerSecond)) await delay((chunk.length / this.bytesPerSecond) * 1_000);
      if (isFirst && this.decide(passing, 'amid') !== undefined) throw new Error('cut');
      isFirst = false;
    }
    onward.end();
    await answered;
  }

  #read(incoming: IncomingMessage): Passing {
    const url = new URL(incoming.url ?? '', this.#target);
    const step = STEPS[this.#kind](incoming, url.searchParams);
    const text = decodeURIComponent(`${url.pathname}${url.search}`);
    // The later requests of a session of Google do not tell its object.
    const isManifest = this.#kind === 'gcp' && step !== 'open' ? this.#opensManifest : text.includes('manifests/');
    if (step === 'open') this.#opensManifest = isManifest;
    return { step, isManifest };
  }
}

const STEPS: Readonly<Record<StoreKind, (incoming: IncomingMessage, query: URLSearchParams) => Step>> = {
  aws: ({ method }, query) => {
    if (method === 'POST' && query.has('uploads')) return 'open';
    if (method === 'PUT' && query.has('partNumber')) return 'part';
    return method === 'POST' && query.has('uploadId') ? 'commit' : 'other';
  },
  gcp: ({ method, headers }, query) => {
    if (method === 'POST' && query.get('uploadType') === 'resumable') return 'open';
    if (method !== 'PUT') return 'other';
    return headers['content-range']?.endsWith('/*') ? 'part' : 'commit';
  },
  azure: ({ method }, query) => {
    if (method !== 'PUT') return 'other';
    if (query.get('comp') === 'block') return 'part';
    return query.get('comp') === 'blocklist' ? 'commit' : 'other';
  },
};

async function answer(given: Refusal | 'silence', incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  incoming.resume();
  if (given === 'silence') return;
  // As stores do: who closes upon a body that is still on its way takes the answer with it.
  await finished(incoming, { writable: false });
  outgoing.writeHead(given.status, { 'content-type': 'application/xml', ...given.headers }).end(given.body);
}
