import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '../../servers/certificates.ts';

const COLLECTION = '/apis/coordination.k8s.io/v1/namespaces/vault/leases';
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

export interface LeaseOnServer {
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly resourceVersion?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What comes instead of the answer; `hang-up-after`: the thing is done, and nobody hears of it. */
export type Odd = number | 'hang' | 'hang-up' | 'hang-up-after' | 'html';

/** The leases of one namespace, with the manners of the real thing: own authority, roles, and no writing over what one has not seen. */
export class ApiServer {
  /** Verbs as a Role names them. */
  allowed: readonly string[] = ['get', 'create', 'update'];
  token = 'eyJh.first.token';
  /** `<verb> <status>` of each question. */
  readonly asked: string[] = [];
  /** For the next questions, one each. */
  odd: (Odd | undefined)[] = [];
  /** Comes to know of a question before it is answered. */
  onAsked: (verb: string) => void = () => undefined;
  /** As a pod finds it. */
  readonly accountDirectory: string;
  readonly #directory: string;
  readonly #server: ReturnType<typeof createServer>;
  readonly #leases = new Map<string, LeaseOnServer>();
  #version = 100;

  private constructor(directory: string, cert: Buffer, key: Buffer) {
    this.#directory = directory;
    this.accountDirectory = join(directory, 'account');
    this.#server = createServer({ cert, key }, (request, response) => void this.#hear(request, response));
  }

  static async start(): Promise<ApiServer> {
    const directory = await mkdtemp(join(tmpdir(), 'kube-'));
    const authority = await Authority.create(directory);
    const { certFile, keyFile } = await authority.issue('api', { usage: 'server', names: ['IP:127.0.0.1'] });
    const server = new ApiServer(directory, await readFile(certFile), await readFile(keyFile));
    await mkdir(server.accountDirectory);
    await writeFile(join(server.accountDirectory, 'ca.crt'), await readFile(authority.caFile));
    await writeFile(join(server.accountDirectory, 'namespace'), 'vault\n');
    await server.rotate(server.token);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await rm(this.#directory, { recursive: true });
  }

  get env(): Readonly<Record<string, string>> {
    return { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String((this.#server.address() as AddressInfo).port) };
  }

  /** Another token counts from now on; the pod has it in its file. */
  async rotate(token: string): Promise<void> {
    this.token = token;
    await writeFile(join(this.accountDirectory, 'token'), token, { mode: 0o600 });
  }

  lease(name: string): LeaseOnServer | undefined {
    return this.#leases.get(name);
  }

  /** Somebody else writes. */
  put(name: string, spec: LeaseOnServer['spec'], metadata: Readonly<Record<string, unknown>> = {}): LeaseOnServer {
    this.#version += 1;
    const lease = { metadata: { ...metadata, name, resourceVersion: String(this.#version) }, spec };
    this.#leases.set(name, lease);
    return lease;
  }

  remove(name: string): void {
    this.#leases.delete(name);
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const verb = { GET: 'get', POST: 'create', PUT: 'update' }[request.method ?? ''] ?? 'other';
    const odd = this.odd.shift();
    this.onAsked(verb);
    if (odd === 'hang') return;
    if (odd === 'hang-up') return void response.destroy();
    const { status, json } = typeof odd === 'number' ? refusal(odd, 'as asked') : this.#answer(verb, request, text);
    this.asked.push(`${verb} ${status}`);
    if (odd === 'hang-up-after') return void response.destroy();
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(odd === 'html' ? '<html>' : JSON.stringify(json));
  }

  #answer(verb: string, { url = '', headers }: IncomingMessage, text: string): Reply {
    if (headers.authorization !== `Bearer ${this.token}`) return refusal(401, 'Unauthorized');
    if (!this.allowed.includes(verb)) return refusal(403, `leases.coordination.k8s.io is forbidden: cannot ${verb} resource "leases"`);
    if (url !== COLLECTION && !url.startsWith(`${COLLECTION}/`)) return refusal(404, 'the server could not find the requested resource');
    const name = url.slice(COLLECTION.length + 1);
    const found = this.#leases.get(verb === 'create' ? (JSON.parse(text) as LeaseOnServer).metadata.name : name);
    if (verb === 'get') return found === undefined ? refusal(404, `leases.coordination.k8s.io "${name}" not found`) : { status: 200, json: found };
    const { metadata, spec } = JSON.parse(text) as LeaseOnServer;
    for (const time of ['renewTime', 'acquireTime']) {
      if (spec[time] !== undefined && !MICRO_TIME.test(String(spec[time]))) return refusal(400, `Lease in version "v1" cannot be handled: ${time}`);
    }
    if (verb === 'create') {
      if (found !== undefined) return refusal(409, `leases.coordination.k8s.io "${metadata.name}" already exists`);
      return { status: 201, json: this.put(metadata.name, spec) };
    }
    if (found === undefined) return refusal(404, `leases.coordination.k8s.io "${name}" not found`);
    if (metadata.resourceVersion !== found.metadata.resourceVersion) return refusal(409, 'the object has been modified; please apply your changes');
    return { status: 200, json: this.put(name, spec, metadata) };
  }
}

interface Reply {
  readonly status: number;
  readonly json: unknown;
}

function refusal(status: number, message: string): Reply {
  return { status, json: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code: status } };
}
