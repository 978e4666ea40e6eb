import { afterEach, describe, expect, it } from 'vitest';
import type { AuthConfig } from '../../../src/config/config.ts';
import { failureOf, literal } from '../../fakes/vault/client-of.ts';
import { DENIED, passUntil, snapshot, startTokenVault, type TokenVault } from '../../fakes/vault/token-vault.ts';

const NEVER = new AbortController().signal;
const APPROLE: AuthConfig = { method: 'approle', mount: 'approle', roleId: literal('role'), secretId: literal('the-secret-id'), isSecretIdWrapped: false };
const started: TokenVault[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((vault) => vault.close()));
});

async function start(namespace?: string): Promise<TokenVault> {
  const vault = await startTokenVault(APPROLE, namespace);
  started.push(vault);
  return vault;
}

describe('a session with a token of its own', () => {
  it('logs in once, uses the token again and revokes it at the end', async () => {
    const { client, calls } = await start();
    await snapshot(client);
    await snapshot(client);
    await client.close();
    await client.close();
    expect(calls()).toEqual(['auth/approle/login -', 'sys/storage/raft/snapshot t1', 'sys/storage/raft/snapshot t1', 'auth/token/revoke-self t1']);
  });

  it('makes one login for all who ask at the same time', async () => {
    const { client, calls } = await start();
    await Promise.all([snapshot(client), snapshot(client), snapshot(client)]);
    expect(calls().filter((call) => call.startsWith('auth'))).toEqual(['auth/approle/login -']);
  });

  it('sends the namespace with the login and with nothing else', async () => {
    const { client, server } = await start('team/a');
    await snapshot(client);
    await client.close();
    expect(server.requests.map(({ headers }) => headers['x-vault-namespace'])).toEqual(['team/a', undefined, undefined]);
  });

  it('renews at two thirds of its life, again and again', async () => {
    const vault = await start();
    vault.client.keepAlive();
    expect(await passUntil(vault, 'auth/token/renew-self')).toBe(2_400_000);
    expect(await passUntil(vault, 'auth/token/renew-self', 3)).toBe(4_800_000);
    expect(vault.server.requests.find(({ path }) => path === 'auth/token/renew-self')?.json).toEqual({ increment: '3600s' });
    expect(vault.log.told()).toEqual([]);
  });

  it('logs in again near the maximum and revokes the old token', async () => {
    const vault = await start();
    vault.answers.set('auth/token/renew-self', () => ({ status: 200, json: { auth: { lease_duration: 600, renewable: true } } }));
    vault.client.keepAlive();
    await passUntil(vault, 'auth/token/revoke-self');
    expect(vault.calls()).toEqual(['auth/approle/login -', 'auth/token/renew-self t1', 'auth/approle/login -', 'auth/token/revoke-self t1']);
  });

  it.each([
    { status: 400, says: 'lease is not renewable' },
    { status: 500, says: 'past the max TTL, cannot renew' },
  ])('logs in again when Vault refuses the renewal: $says', async ({ status, says }) => {
    const vault = await start();
    vault.answers.set('auth/token/renew-self', () => ({ status, json: { errors: [says] } }));
    vault.client.keepAlive();
    await passUntil(vault, 'auth/approle/login', 2);
    expect(vault.calls().slice(0, 3)).toEqual(['auth/approle/login -', 'auth/token/renew-self t1', 'auth/approle/login -']);
  });

  it('neither renews nor revokes a batch token', async () => {
    const vault = await start();
    const auth = { client_token: 'batch', lease_duration: 3600, renewable: false, token_type: 'batch' };
    vault.answers.set('auth/approle/login', () => ({ status: 200, json: { auth } }));
    vault.client.keepAlive();
    expect(await passUntil(vault, 'auth/approle/login', 2)).toBe(3_240_000);
    await vault.client.close();
    expect(vault.calls()).toEqual(['auth/approle/login -', 'auth/approle/login -']);
  });

  it('spends the uses of a limited token on snapshots only', async () => {
    const vault = await start();
    const auth = { client_token: 't0', lease_duration: 3600, renewable: true, num_uses: 2 };
    vault.alive.add('t0');
    vault.answers.set('auth/approle/login', () => ({ status: 200, json: { auth } }));
    for (let times = 0; times < 3; times += 1) await snapshot(vault.client);
    expect(vault.calls()).toEqual([
      'auth/approle/login -',
      'sys/storage/raft/snapshot t0',
      'sys/storage/raft/snapshot t0',
      'auth/approle/login -',
      'sys/storage/raft/snapshot t0',
    ]);
  });

  it('answers a 403 with one fresh login', async () => {
    const vault = await start();
    await snapshot(vault.client);
    vault.alive.clear();
    await snapshot(vault.client);
    expect(vault.calls().slice(2)).toEqual([
      'sys/storage/raft/snapshot t1',
      'auth/approle/login -',
      'auth/token/revoke-self t1',
      'sys/storage/raft/snapshot t2',
    ]);
  });

  it('gives up after the second 403 and leaves no token behind', async () => {
    const vault = await start();
    vault.answers.set('sys/storage/raft/snapshot', () => DENIED);
    expect((await failureOf(vault.client.openSnapshot(NEVER))).code).toBe('vault_denied');
    await vault.client.close();
    expect(vault.server.requests.filter(({ path }) => path === 'auth/approle/login')).toHaveLength(2);
    expect([...vault.alive]).toEqual([]);
  });

  it('does not spend a snapshot on a token that ends in seconds', async () => {
    const vault = await start();
    await snapshot(vault.client);
    vault.clock.advance(3_590_000);
    await snapshot(vault.client);
    expect(vault.calls().at(-1)).toBe('sys/storage/raft/snapshot t2');
  });

  it('keeps trying while Vault is away, and says so once', async () => {
    const vault = await start();
    let isSealed = true;
    vault.answers.set('auth/approle/login', () => (isSealed ? { status: 503, json: { errors: ['Vault is sealed'] } } : undefined));
    vault.client.keepAlive();
    const pauses: number[] = [];
    while (pauses.length < 8) pauses.push(await vault.clock.passWait());
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(vault.log.told()).toEqual(['warn vault_token_trouble']);
    isSealed = false;
    await passUntil(vault, 'auth/token/renew-self');
    expect(vault.log.told()).toEqual(['warn vault_token_trouble', 'info vault_token_recovered']);
  });

  it('holds refused logins back, so that the role is not locked out', async () => {
    const vault = await start();
    vault.answers.set('auth/approle/login', () => ({ status: 400, json: { errors: ['invalid role or secret ID'] } }));
    for (let minutes = 0; minutes < 60; minutes += 1) {
      expect((await failureOf(vault.client.openSnapshot(NEVER))).code).toBe('vault_login_failed');
      vault.clock.advance(60_000);
    }
    expect(vault.server.requests.length).toBeLessThanOrEqual(13);
    expect((await failureOf(vault.client.openSnapshot(NEVER))).message).toMatch(/invalid role or secret ID; held back, next login in \d+ s$/);
  });

  it.each([
    { name: 'a second factor', reply: { status: 200, json: { auth: { client_token: '', mfa_requirement: {} } } }, says: 'second factor' },
    { name: 'no token', reply: { status: 200, json: { data: {} } }, says: 'holds no token' },
    { name: 'a locked user', reply: DENIED, says: 'permission denied' },
    { name: 'no such mount', reply: { status: 404, json: { errors: ['no handler for route'] } }, says: 'no handler' },
  ])('takes $name for a failed login', async ({ reply, says }) => {
    const vault = await start();
    vault.answers.set('auth/approle/login', () => reply);
    const error = await failureOf(vault.client.openSnapshot(NEVER), 'the-secret-id');
    expect(error.code).toBe('vault_login_failed');
    expect(error.message).toContain(says);
  });

  it('waits at the end for a login on its way and revokes what it brings', async () => {
    const vault = await start();
    let closing: Promise<void> | undefined;
    vault.answers.set('auth/approle/login', () => {
      closing = vault.client.close();
      return undefined;
    });
    vault.client.keepAlive();
    while (closing === undefined) await new Promise((resolve) => setImmediate(resolve));
    await closing;
    expect([...vault.alive]).toEqual([]);
    expect(vault.calls()).toEqual(['auth/approle/login -', 'auth/token/revoke-self t1']);
  });

  it('ends well although Vault is gone', async () => {
    const vault = await start();
    await snapshot(vault.client);
    await vault.server.close();
    await vault.client.close();
    expect(vault.log.told()).toEqual([]);
    started.length = 0;
  });
});
