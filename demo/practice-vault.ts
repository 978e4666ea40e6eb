import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buildArchive, initialisedVault } from '../test/fakes/archive.ts';

export interface PracticeVault {
  readonly address: string;
  readonly roleId: string;
  readonly secretId: string;
  close(): Promise<void>;
}

/** A small stand-in that speaks the few endpoints the daemon needs and makes real archives. Holds no secrets, checks the token. */
export async function startPracticeVault(): Promise<PracticeVault> {
  const roleId = randomUUID();
  const secretId = randomUUID();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the practice Vault has no port');
  const address = `http://127.0.0.1:${bound.port}`;
  const practice = new Practice(address, roleId, secretId);
  server.on('request', (request, response) => {
    practice.answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  return {
    address,
    roleId,
    secretId,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

class Practice {
  readonly #address: string;
  readonly #credentials: { readonly role_id: string; readonly secret_id: string };
  readonly #tokens = new Set<string>();
  readonly #cluster = { cluster_name: 'practice', cluster_id: randomUUID(), version: '1.21.0' };
  #index = 40;

  constructor(address: string, roleId: string, secretId: string) {
    this.#address = address;
    this.#credentials = { role_id: roleId, secret_id: secretId };
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.#address).pathname.replace('/v1/', '');
    const body = await readJson(request);
    const open = this.#withoutToken(path, body);
    if (open !== undefined) return sendJson(response, open.status ?? 200, open.json);
    const token = request.headers['x-vault-token'];
    if (typeof token !== 'string' || !this.#tokens.has(token)) return sendJson(response, 403, { errors: ['permission denied'] });
    if (path === 'sys/storage/raft/snapshot') return this.#sendSnapshot(response);
    const answer = this.#withToken(path, body, token);
    return answer === undefined ? sendJson(response, 404, { errors: [`the practice Vault does not know ${path}`] }) : sendJson(response, 200, answer);
  }

  #withoutToken(path: string, body: Record<string, unknown>): { readonly status?: number; readonly json: unknown } | undefined {
    if (path === 'sys/health') return { json: { initialized: true, sealed: false, standby: false, performance_standby: false, ...this.#cluster } };
    if (path === 'sys/seal-status') {
      const seal = { type: 'shamir', initialized: true, sealed: false, t: 1, n: 1, progress: 0, recovery_seal: false, storage_type: 'raft' };
      return { json: { ...seal, ...this.#cluster } };
    }
    if (path === 'sys/leader') {
      const leader = { ha_enabled: true, is_self: true, leader_address: this.#address, leader_cluster_address: this.#address, performance_standby: false };
      return { json: { ...leader, raft_committed_index: this.#index, raft_applied_index: this.#index } };
    }
    if (path === 'auth/approle/login') return this.#login(body);
    return undefined;
  }

  #login(body: Record<string, unknown>): { readonly status?: number; readonly json: unknown } {
    if (body.role_id !== this.#credentials.role_id || body.secret_id !== this.#credentials.secret_id) {
      return { status: 400, json: { errors: ['invalid role or secret ID'] } };
    }
    const token = `practice.${randomUUID()}`;
    this.#tokens.add(token);
    return { json: { auth: { client_token: token, accessor: randomUUID(), token_type: 'service', num_uses: 0, ...LIFE } } };
  }

  #withToken(path: string, body: Record<string, unknown>, token: string): unknown {
    if (path === 'auth/token/lookup-self') return { data: { ttl: 3600, renewable: true, type: 'service', num_uses: 0, policies: LIFE.policies } };
    if (path === 'auth/token/renew-self') return { auth: { client_token: token, ...LIFE } };
    if (path === 'auth/token/revoke-self') return this.#tokens.delete(token) && {};
    if (path === 'sys/capabilities-self') {
      const paths = Array.isArray(body.paths) ? body.paths : [];
      return { data: Object.fromEntries(paths.map((name) => [String(name), ['read']])) };
    }
    if (path === 'sys/storage/raft/configuration') {
      const servers = [{ node_id: 'practice', address: new URL(this.#address).host, leader: true, voter: true, protocol_version: '3' }];
      return { data: { config: { index: 1, servers } } };
    }
    return undefined;
  }

  /** Each one is newer than the last, and a little larger, as if somebody worked with this Vault. */
  #sendSnapshot(response: ServerResponse): void {
    this.#index += 3;
    const archive = buildArchive({ index: BigInt(this.#index), entries: initialisedVault(), padStateTo: this.#index * 10_000 });
    response.writeHead(200, { 'Content-Type': 'application/gzip', 'Cache-Control': 'no-store' });
    response.end(archive);
  }
}

const LIFE = { lease_duration: 3600, renewable: true, policies: ['default', 'snapshot'] } as const;

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function sendJson(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(json));
}
