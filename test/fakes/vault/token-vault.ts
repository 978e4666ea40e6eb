import type { AuthConfig } from '../../../src/config/config.ts';
import type { VaultClient } from '../../../src/vault/client.ts';
import { clientOf, RecordingLog } from './client-of.ts';
import { type FakeServer, type Recorded, type Reply, startHttpVault } from './http-vault.ts';
import { ManualClock } from './manual-clock.ts';

const ARCHIVE = Buffer.from('\x1f\x8b\x08 and so on', 'latin1');

export const DENIED = { status: 403, json: { errors: ['permission denied'] } };

/** A Vault that issues tokens t1, t2, …, a client of it on a clock of its own, and what a test may change or see. */
export interface TokenVault {
  readonly server: FakeServer;
  /** By path: an answer instead of the usual one; undefined leaves it at that. */
  readonly answers: Map<string, (request: Recorded) => Reply>;
  readonly alive: Set<string>;
  readonly clock: ManualClock;
  readonly log: RecordingLog;
  readonly client: VaultClient;
  /** `path token` of every request. */
  calls(): string[];
  close(): Promise<void>;
}

export async function startTokenVault(auth: AuthConfig, namespace?: string): Promise<TokenVault> {
  const answers = new Map<string, (request: Recorded) => Reply>();
  let issued = 0;
  const alive = new Set<string>();
  const clock = new ManualClock();
  const script = (request: Recorded): Reply => {
    const { path, headers } = request;
    const token = String(headers['x-vault-token'] ?? '');
    const own = answers.get(path)?.(request);
    if (own !== undefined) return own;
    if (path.endsWith('/login')) {
      issued += 1;
      alive.add(`t${issued}`);
      return { status: 200, json: { auth: { client_token: `t${issued}`, lease_duration: 3600, renewable: true, token_type: 'service' } } };
    }
    if (!alive.has(token)) return DENIED;
    if (path === 'auth/token/renew-self') return { status: 200, json: { auth: { lease_duration: 3600, renewable: true } } };
    if (path === 'auth/token/lookup-self') return { status: 200, json: { data: { ttl: 3600, creation_ttl: 3600, renewable: true, type: 'service' } } };
    if (path === 'auth/token/revoke-self') return alive.delete(token) ? { status: 204 } : DENIED;
    return { status: 200, text: ARCHIVE };
  };
  const server: FakeServer = await startHttpVault((request) => ({ status: 500, ...script(request), headers: { Date: clock.now().toUTCString() } }));
  const log = new RecordingLog();
  const client = clientOf({ address: server.address, auth, clock, log, ...(namespace === undefined ? {} : { namespace }) });
  const close = async () => {
    await client.close();
    await server.close();
  };
  const calls = () => server.requests.map(({ path, headers }) => `${path} ${String(headers['x-vault-token'] ?? '-')}`);
  return { server, answers, alive, clock, log, client, calls, close };
}

export async function snapshot(client: VaultClient): Promise<void> {
  for await (const _chunk of await client.openSnapshot(new AbortController().signal));
}

/** Lets minutes pass until something was asked that matches. */
export async function passUntil(vault: TokenVault, path: string, count = 1): Promise<number> {
  let passed = 0;
  for (;;) {
    await vault.clock.untilWaitedFor();
    if (vault.server.requests.filter((request) => request.path === path).length >= count) return passed;
    passed += await vault.clock.passWait();
  }
}
