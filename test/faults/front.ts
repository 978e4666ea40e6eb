import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Act, Ambush } from './ambush.ts';
import { Course, type Passing, type Speech } from './phases.ts';

/** Thrown in the middle of a body, to break both sides of the line. */
class Cut extends Error {}

/** Stands between the program and one server, and meets its requests with what lies in wait for them. */
export class Front {
  ambush: Ambush | undefined;
  /** Keys that were opened for writing, as the store knows them. */
  readonly opened = new Set<string>();
  /** Resolves when a whole archive has passed. */
  readonly drained: Promise<void>;
  readonly #drain = Promise.withResolvers<void>();
  readonly #course: Course;
  readonly #target: URL;
  readonly #server: Server;

  private constructor(speech: Speech, target: string) {
    this.#course = new Course(speech);
    this.drained = this.#drain.promise;
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      // Whoever asked may be gone by now; the checks look at what it left behind.
      this.#serve(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  static async open(speech: Speech, target: string): Promise<Front> {
    const front = new Front(speech, target);
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get address(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.#target.pathname.replace(/\/$/, '')}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const passing = this.#course.read(incoming);
    if (passing?.phase === 'open') this.opened.add(decodeURIComponent(new URL(incoming.url ?? '', this.#target).pathname));
    const early = (await this.ambush?.meet(passing, 'before')) ?? 'go';
    if (early !== 'go') return answer(early, incoming, outgoing);
    const { method, url, headers } = incoming;
    const onward = request({ host: this.#target.hostname, port: this.#target.port, method, path: url, headers, agent: false });
    outgoing.once('close', () => onward.destroy());
    const isUp = passing?.phase !== 'drain';
    const answering = once(onward, 'response') as Promise<[IncomingMessage]>;
    const sending = pipeline(incoming, (body: AsyncIterable<Uint8Array>) => this.#carry(body, isUp ? passing : undefined), onward);
    const [[upstream]] = await Promise.all([answering, sending]);
    const { 'transfer-encoding': _framing, connection: _connection, ...kept } = upstream.headers;
    if (!isUp) {
      outgoing.writeHead(upstream.statusCode ?? 502, kept);
      await pipeline(upstream, (body: AsyncIterable<Uint8Array>) => this.#carry(body, passing), outgoing);
      if (upstream.statusCode === 200) this.#drain.resolve();
      return;
    }
    const content: Uint8Array[] = [];
    for await (const chunk of upstream as AsyncIterable<Uint8Array>) content.push(chunk);
    const status = upstream.statusCode ?? 502;
    if (passing !== undefined && status < 300) this.#course.done(passing);
    const late = (await this.ambush?.meet(passing, 'after')) ?? 'go';
    if (late !== 'go') return answer(late, incoming, outgoing);
    outgoing.writeHead(status, kept).end(Buffer.concat(content));
  }

  /** What is met in the middle of a body has its first piece behind it, and nothing comes after. */
  async *#carry(body: AsyncIterable<Uint8Array>, passing: Passing | undefined): AsyncGenerator<Uint8Array, void, undefined> {
    let isFirst = true;
    for await (const chunk of body) {
      yield chunk;
      if (!isFirst || passing === undefined) continue;
      isFirst = false;
      const act = (await this.ambush?.meet(passing, 'amid')) ?? 'go';
      if (act === 'silence') await new Promise<void>(() => undefined);
      if (act !== 'go') throw new Cut();
    }
  }
}

function answer(given: Exclude<Act, 'go'>, incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume();
  if (given === 'silence') return;
  if (given === 'cut' || 'errno' in given) {
    incoming.socket.resetAndDestroy();
    return;
  }
  outgoing.writeHead(given.status, { 'content-type': 'application/xml', ...given.headers }).end(given.body);
}

/** Where the program tells of its steps when its destination is a directory: no line is there to stand in. */
export class Desk {
  ambush: Ambush | undefined;
  readonly address: string;
  readonly #server: Server;
  #told = Promise.withResolvers<void>();

  private constructor(server: Server) {
    this.#server = server;
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => void this.#serve(incoming, outgoing));
  }

  static async open(): Promise<Desk> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Desk(server);
  }

  /** Resolves when the program says that its clock is set. */
  clockIsSet(): Promise<void> {
    return this.#told.promise;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve({ url = '' }: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const [, phase, moment, isCommit] = url.split('/') as [string, Passing['phase'] | 'clock', 'before' | 'after', string];
    if (phase === 'clock') this.#told.resolve();
    const act = phase === 'clock' ? 'go' : ((await this.ambush?.meet({ phase, isCommit: isCommit === 'commit' }, moment)) ?? 'go');
    if (act === 'silence') return;
    outgoing.end(typeof act === 'object' && 'errno' in act ? act.errno : 'go');
  }
}
