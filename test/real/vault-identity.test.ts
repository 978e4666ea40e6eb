import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AuthConfig } from '../../src/config/config.ts';
import type { VaultClient } from '../../src/vault/client.ts';
import { type ClientOptions, clientOf, failureOf, literal, RecordingLog } from '../fakes/vault/client-of.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';

const NEVER = new AbortController().signal;
const POLICY = 'path "sys/storage/raft/snapshot" { capabilities = ["read"] }';
let vault: VaultNode;
let dir: string;
const clients: VaultClient[] = [];

beforeAll(async () => {
  vault = await startVault();
  dir = await mkdtemp(join(tmpdir(), 'identity-'));
  await vault.write('sys/policies/acl/snapshot', { policy: POLICY });
  await vault.write('sys/auth/approle', { type: 'approle' });
});

afterAll(async () => {
  await removeVault(vault);
  await rm(dir, { recursive: true, force: true });
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

function connect(auth: AuthConfig, options: Partial<ClientOptions> = {}): VaultClient {
  const client = clientOf({ address: vault.address, auth, ...options });
  clients.push(client);
  return client;
}

async function role(name: string, settings: Record<string, unknown>, wrapTtl?: string) {
  await vault.write(`auth/approle/role/${name}`, { token_policies: 'snapshot', ...settings });
  const { json } = await vault.request('GET', `auth/approle/role/${name}/role-id`, undefined, vault.rootToken);
  const flag = wrapTtl === undefined ? [] : [`-wrap-ttl=${wrapTtl}`];
  const { stdout } = await vault.cli(['write', '-f', '-format=json', ...flag, `auth/approle/role/${name}/secret-id`]);
  const made = JSON.parse(stdout);
  const roleId = (json.data as { role_id: string }).role_id;
  const secret: string = wrapTtl === undefined ? made.data.secret_id : made.wrap_info.token;
  const auth: AuthConfig = {
    method: 'approle',
    mount: 'approle',
    roleId: literal(roleId),
    secretId: literal(secret),
    isSecretIdWrapped: wrapTtl !== undefined,
  };
  return { auth, secret };
}

async function createToken(body: Record<string, unknown>): Promise<string> {
  const { auth } = await vault.write('auth/token/create', { policies: ['snapshot', 'default'], ...body });
  return (auth as { client_token: string }).client_token;
}

/** Accessors of the living tokens that AppRole has issued. */
async function issuedTokens(): Promise<string[]> {
  const { stdout } = await vault.cli(['list', '-format=json', 'auth/token/accessors']);
  const found: string[] = [];
  for (const accessor of JSON.parse(stdout) as string[]) {
    const { status, json } = await vault.request('PUT', 'auth/token/lookup-accessor', { accessor }, vault.rootToken);
    if (status === 200 && (json.data as { path: string }).path === 'auth/approle/login') found.push(accessor);
  }
  return found;
}

async function isAlive(token: string): Promise<boolean> {
  return (await vault.request('GET', 'auth/token/lookup-self', undefined, token)).status === 200;
}

async function take(client: VaultClient): Promise<number> {
  let bytes = 0;
  for await (const chunk of await client.openSnapshot(NEVER)) bytes += chunk.length;
  return bytes;
}

describe('AppRole at a real Vault', () => {
  it('gets a snapshot and leaves no token behind', async () => {
    const { auth } = await role('plain', { token_ttl: '1h' });
    const client = connect(auth);
    expect(await take(client)).toBeGreaterThan(1000);
    expect(await issuedTokens()).toHaveLength(1);
    await client.close();
    expect(await issuedTokens()).toEqual([]);
  });

  it('keeps a token of three seconds alive, past its maximum too', async () => {
    const { auth } = await role('short', { token_ttl: '3s', token_max_ttl: '7s' });
    const log = new RecordingLog();
    const client = connect(auth, { log });
    client.keepAlive();
    await until('renewals and a second login', async () => {
      const events = log.lines.map(({ event }) => event);
      return events.includes('vault_token_renewed') && events.filter((event) => event === 'vault_login').length > 1;
    });
    expect(await take(client)).toBeGreaterThan(1000);
    expect(log.told()).toEqual([]);
    await client.close();
    expect(await issuedTokens()).toEqual([]);
  });

  it('works with batch tokens', async () => {
    const { auth } = await role('batch', { token_type: 'batch', token_ttl: '20m' });
    const client = connect(auth);
    expect(await take(client)).toBeGreaterThan(1000);
    await client.close();
  });

  it('makes do with a token of two uses', async () => {
    const { auth } = await role('uses', { token_num_uses: 2 });
    const client = connect(auth);
    for (let times = 0; times < 3; times += 1) expect(await take(client)).toBeGreaterThan(1000);
    await client.close();
    expect(await issuedTokens()).toEqual([]);
  });

  it('unwraps a secret_id, once for all logins, and nobody can do it again', async () => {
    const { auth, secret } = await role('wrapped', { token_ttl: '1h' }, '5m');
    const client = connect(auth);
    expect(await take(client)).toBeGreaterThan(1000);
    for (const accessor of await issuedTokens()) await vault.write('auth/token/revoke-accessor', { accessor });
    expect(await take(client)).toBeGreaterThan(1000);
    const error = await failureOf(connect(auth).openSnapshot(NEVER), secret);
    expect(error.code).toBe('vault_login_failed');
    expect(error.message).toContain('used up');
  });

  it('does not take a wrapped answer of another origin', async () => {
    const { stdout } = await vault.cli(['write', '-f', '-format=json', '-wrap-ttl=5m', 'sys/wrapping/wrap', 'secret_id=chosen-by-someone']);
    const wrapping: string = JSON.parse(stdout).wrap_info.token;
    const auth: AuthConfig = { method: 'approle', mount: 'approle', roleId: literal('r'), secretId: literal(wrapping), isSecretIdWrapped: true };
    const error = await failureOf(connect(auth).openSnapshot(NEVER), wrapping);
    expect(error.message).toContain('sys/wrapping/wrap');
  });

  it('tells a wrong secret_id without printing it', async () => {
    const { auth } = await role('wrong', {});
    const wrong = { ...auth, secretId: literal('0a3f7c5e-not-the-secret') } as AuthConfig;
    const error = await failureOf(connect(wrong).openSnapshot(NEVER), '0a3f7c5e-not-the-secret');
    expect(error.code).toBe('vault_login_failed');
    expect(error.message).toContain('invalid role or secret ID');
  });

  it('logs in once more when its token was revoked in mid-life', async () => {
    const { auth } = await role('revoked', { token_ttl: '1h' });
    const log = new RecordingLog();
    const client = connect(auth, { log });
    await take(client);
    for (const accessor of await issuedTokens()) await vault.write('auth/token/revoke-accessor', { accessor });
    expect(await take(client)).toBeGreaterThan(1000);
    expect(log.lines.filter(({ event }) => event === 'vault_login')).toHaveLength(2);
  });

  it('tells a role without the policy, and leaves no token behind', async () => {
    const { auth } = await role('powerless', { token_policies: 'default' });
    const client = connect(auth);
    expect((await failureOf(client.openSnapshot(NEVER))).code).toBe('vault_denied');
    const findings = await client.check(NEVER);
    expect(findings.map(({ what, ok }) => [what, ok])).toEqual([
      ['connection', true],
      ['seal and storage', true],
      ['login', true],
      ['snapshot policy', false],
      ['raft configuration policy', true],
    ]);
    await client.close();
    expect(await issuedTokens()).toEqual([]);
  });
});

describe('a given token at a real Vault', () => {
  it('is renewed, and still alive when we are gone', async () => {
    const token = await createToken({ ttl: '4s' });
    const log = new RecordingLog();
    const client = connect({ method: 'token', token: literal(token) }, { log });
    client.keepAlive();
    const renewals = () => log.lines.filter(({ event }) => event === 'vault_token_renewed').length;
    await until('three renewals', async () => renewals() >= 3);
    await client.close();
    expect(await isAlive(token)).toBe(true);
  });

  it('is swapped in its file under way', async () => {
    const path = join(dir, 'token');
    const [first, second] = [await createToken({ ttl: '1h' }), await createToken({ ttl: '1h' })];
    await writeFile(path, `${first}\n`);
    const client = connect({ method: 'token_file', path });
    expect(await take(client)).toBeGreaterThan(1000);
    await writeFile(path, `${second}\n`);
    await vault.write('auth/token/revoke', { token: first });
    expect(await take(client)).toBeGreaterThan(1000);
    await client.close();
    expect(await isAlive(second)).toBe(true);
  });

  it('is refused when it is dead, and not printed', async () => {
    const token = await createToken({ ttl: '1h' });
    await vault.write('auth/token/revoke', { token });
    const error = await failureOf(connect({ method: 'token', token: literal(token) }).openSnapshot(NEVER), token);
    expect(error.code).toBe('vault_denied');
  });
});
