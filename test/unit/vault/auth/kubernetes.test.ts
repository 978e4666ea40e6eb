import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../../fakes/vault/client-of.ts';
import { snapshot, startTokenVault, type TokenVault } from '../../../fakes/vault/token-vault.ts';

let dir: string;
let vault: TokenVault | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jwt-'));
});

afterEach(async () => {
  await vault?.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(mount: string): Promise<TokenVault> {
  vault = await startTokenVault({ method: 'kubernetes', mount, role: 'snap', jwtFile: join(dir, 'token') });
  return vault;
}

describe('Kubernetes', () => {
  it('reads the service account token anew for every login', async () => {
    const { client, alive, server } = await start('kubernetes');
    await writeFile(join(dir, 'token'), 'first\n');
    await snapshot(client);
    alive.clear();
    await writeFile(join(dir, 'token'), 'second\n');
    await snapshot(client);
    const bodies = server.requests.filter(({ path }) => path === 'auth/kubernetes/login').map(({ json }) => json);
    expect(bodies).toEqual([
      { role: 'snap', jwt: 'first' },
      { role: 'snap', jwt: 'second' },
    ]);
  });

  it.each(['k8s/prod', '/k8s//prod/', './k8s/prod'])('finds the mount meant by "%s"', async (mount) => {
    const { client, calls } = await start(mount);
    await writeFile(join(dir, 'token'), 'jwt');
    await snapshot(client);
    expect(calls()[0]).toBe('auth/k8s/prod/login -');
  });

  it.each([undefined, ' \n'])('asks for a token file that holds one', async (text) => {
    const { client, server } = await start('kubernetes');
    if (text !== undefined) await writeFile(join(dir, 'token'), text);
    expect((await failureOf(client.openSnapshot(new AbortController().signal))).code).toBe('secret_unavailable');
    expect(server.requests).toEqual([]);
  });
});
