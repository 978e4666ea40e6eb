import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

type Json = Readonly<Record<string, unknown>>;
type Step = 'init' | 'upload';

export interface EmptyVaultOptions {
  readonly version?: string;
  readonly sealType?: string;
  readonly isOpenBao?: boolean;
  readonly servers?: readonly string[];
  /** The cluster it is once it has taken a snapshot. */
  readonly clusterId?: string;
  readonly canary?: Json;
  /** What happens at a step instead of what should: an answer of that status, or the connection ends, with the step done or not. */
  readonly fault?: { readonly at: Step; readonly by: number | 'hang-up' | 'hang-up-after' };
}

/** A server without a cluster that can be initialised, unsealed, filled and unsealed again; and what was done to it. */
export class EmptyVault {
  readonly done: string[] = [];
  readonly policies: string[] = [];
  /** Hears of a step before it is taken. */
  onStep: (step: Step) => void = () => undefined;
  readonly #options: EmptyVaultOptions;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #state: 'empty' | 'own' | 'restored' = 'empty';
  #isSealed = true;

  constructor(options: EmptyVaultOptions) {
    this.#options = options;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for await (const _ of request);
    const [path = ''] = (request.url ?? '').replace('/v1/', '').split('?');
    if (request.method === 'POST' && path === 'sys/init') return this.#step('init', response);
    if (request.method === 'POST' && path.startsWith('sys/storage/raft/snapshot')) return this.#step('upload', response);
    if (request.method === 'POST' && path === 'sys/unseal') {
      this.done.push('unseal');
      this.#isSealed = false;
    }
    if (request.method === 'POST' && path.startsWith('sys/policies/acl/')) {
      this.policies.push(path.slice('sys/policies/acl/'.length));
      return void response.writeHead(204).end();
    }
    const json = this.#tell(path);
    response.writeHead(json === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(json ?? { errors: [] }));
  }

  #step(step: Step, response: ServerResponse): void {
    this.onStep(step);
    const { fault } = this.#options;
    const by = fault?.at === step ? fault.by : undefined;
    if (by === 'hang-up') return void response.destroy();
    if (typeof by === 'number') return void response.writeHead(by).end(JSON.stringify({ errors: ['as asked'] }));
    this.done.push(step);
    this.#state = step === 'init' ? 'own' : 'restored';
    this.#isSealed = true;
    if (by === 'hang-up-after') return void response.destroy();
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(step === 'init' ? JSON.stringify({ keys_base64: ['k3y-1', 'k3y-2'], root_token: 'hvs.thrown-away' }) : '{}');
  }

  #tell(path: string): Json | undefined {
    const { version = '1.21.0', sealType = 'shamir', isOpenBao, servers = ['node1'], canary } = this.#options;
    const isOpen = this.#state !== 'empty' && !this.#isSealed;
    const clusterId = this.#state === 'restored' ? (this.#options.clusterId ?? 'id-1') : 'id-own';
    const status = { initialized: this.#state !== 'empty', sealed: !isOpen, type: sealType, n: 1, t: 1, progress: 0, version };
    if (path === 'sys/seal-status' || path === 'sys/unseal') {
      return { ...status, ...(isOpen ? { cluster_id: clusterId } : {}), ...(isOpenBao ? { commit_date: 'x' } : {}) };
    }
    if (path === 'sys/health') return { initialized: status.initialized, sealed: !isOpen, standby: false };
    if (path === 'sys/leader') return { is_self: true, leader_address: this.address, ...(isOpenBao ? {} : { performance_standby: false }) };
    if (path === 'sys/storage/raft/configuration') return { data: { config: { servers: servers.map((node_id) => ({ node_id, voter: true })) } } };
    if (path === 'auth/token/lookup-self') return { data: { ttl: 0, creation_ttl: 0 } };
    return path === 'secret/data/check' && canary ? { data: { data: canary } } : undefined;
  }
}

export async function startEmpty(options: EmptyVaultOptions = {}): Promise<EmptyVault> {
  const vault = new EmptyVault(options);
  await vault.start();
  onTestFinished(() => vault.stop());
  return vault;
}
