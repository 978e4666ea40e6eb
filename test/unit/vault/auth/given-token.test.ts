import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AuthConfig } from '../../../../src/config/config.ts';
import { failureOf, literal } from '../../../fakes/vault/client-of.ts';
import { passUntil, snapshot, startTokenVault, type TokenVault } from '../../../fakes/vault/token-vault.ts';

const NEVER = new AbortController().signal;
const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(auth: AuthConfig): Promise<TokenVault> {
  const vault = await startTokenVault(auth);
  cleanUps.push(() => vault.close());
  return vault;
}

describe('a session with a token that was given', () => {
  async function tokenFile(text: string) {
    const dir = await mkdtemp(join(tmpdir(), 'token-'));
    cleanUps.push(() => rm(dir, { recursive: true, force: true }));
    const path = join(dir, 'token');
    await writeFile(path, text);
    return { path, auth: { method: 'token_file', path } as const };
  }

  it('renews it and never revokes it', async () => {
    const { auth } = await tokenFile('given\n');
    const vault = await start(auth);
    vault.alive.add('given');
    vault.client.keepAlive();
    expect(await passUntil(vault, 'auth/token/renew-self')).toBe(2_400_000);
    await vault.client.close();
    expect(vault.calls()).toEqual(['auth/token/lookup-self given', 'auth/token/renew-self given']);
  });

  it('uses a new one as soon as the file has it', async () => {
    const { path, auth } = await tokenFile('given');
    const vault = await start(auth);
    vault.alive.add('given').add('newer');
    await snapshot(vault.client);
    await writeFile(path, ' newer \n');
    await snapshot(vault.client);
    expect(vault.calls().at(-1)).toBe('sys/storage/raft/snapshot newer');
  });

  it('goes on with a good token while the file is being replaced', async () => {
    const { path, auth } = await tokenFile('given');
    const vault = await start(auth);
    vault.alive.add('given');
    await snapshot(vault.client);
    await rm(path);
    await snapshot(vault.client);
    expect(vault.calls().at(-1)).toBe('sys/storage/raft/snapshot given');
  });

  it('asks no second time with a token that was refused', async () => {
    const { auth } = await tokenFile('dead');
    const vault = await start(auth);
    expect((await failureOf(vault.client.openSnapshot(NEVER), 'dead')).code).toBe('vault_denied');
    expect(vault.calls()).toEqual(['auth/token/lookup-self dead', 'sys/storage/raft/snapshot dead']);
  });

  it('says once that it ends and cannot be renewed', async () => {
    const { auth } = await tokenFile('given');
    const vault = await start(auth);
    vault.alive.add('given');
    vault.answers.set('auth/token/lookup-self', () => ({ status: 200, json: { data: { ttl: 3600, creation_ttl: 3600, renewable: false } } }));
    vault.client.keepAlive();
    for (let passed = 0; passed < 3_500_000; ) passed += await vault.clock.passWait();
    expect(vault.log.told()).toEqual(['warn vault_token_trouble']);
    expect(vault.log.lines.find(({ level }) => level === 'warn')?.fields.reason).toContain('ends soon and cannot be renewed');
  });

  it('names the token whose renewal Vault refuses, and asks for no other', async () => {
    const { auth, path } = await tokenFile('given');
    const vault = await start(auth);
    vault.alive.add('given');
    vault.answers.set('auth/token/renew-self', () => ({ status: 403, json: { errors: ['permission denied'] } }));
    vault.client.keepAlive();
    await passUntil(vault, 'auth/token/renew-self', 3);
    expect(vault.log.told()).toEqual(['warn vault_token_trouble']);
    expect(vault.log.lines.find(({ level }) => level === 'warn')?.fields.reason).toBe(`vault: the token of file ${path} ends soon and cannot be renewed`);
    expect(vault.calls().filter((call) => call.includes('lookup-self'))).toHaveLength(1);
  });

  it.each([
    { name: 'an empty file', text: ' \n' },
    { name: 'two lines', text: 'one\ntwo' },
  ])('refuses $name', async ({ text }) => {
    const { auth } = await tokenFile(text);
    const { client } = await start(auth);
    expect((await failureOf(client.openSnapshot(NEVER))).code).toBe('secret_unavailable');
  });

  it('takes a token of the configuration as it stands there', async () => {
    const vault = await start({ method: 'token', token: literal(' t-literal\n') });
    vault.alive.add('t-literal');
    await snapshot(vault.client);
    expect(vault.calls()).toEqual(['auth/token/lookup-self t-literal', 'sys/storage/raft/snapshot t-literal']);
  });

  it('uses a token that may not look at itself', async () => {
    const { auth } = await tokenFile('given');
    const vault = await start(auth);
    vault.alive.add('given');
    vault.answers.set('auth/token/lookup-self', () => ({ status: 403, json: { errors: ['permission denied'] } }));
    await snapshot(vault.client);
    expect(vault.calls().at(-1)).toBe('sys/storage/raft/snapshot given');
  });

  it('goes without a token when told so', async () => {
    const vault = await start({ method: 'none' });
    vault.answers.set('sys/storage/raft/snapshot', () => ({ status: 200, text: Buffer.from([0x1f, 0x8b, 0x08]) }));
    await snapshot(vault.client);
    expect(vault.calls()).toEqual(['sys/storage/raft/snapshot -']);
  });
});
