import { afterEach, describe, expect, it } from 'vitest';
import type { AuthConfig } from '../../../../src/config/config.ts';
import { Secret } from '../../../../src/config/secret.ts';
import { failureOf, literal } from '../../../fakes/vault/client-of.ts';
import { snapshot, startTokenVault, type TokenVault } from '../../../fakes/vault/token-vault.ts';

const NEVER = new AbortController().signal;
const WRAPPING = 'hvs.wrapping-token-one';
const started: TokenVault[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((vault) => vault.close()));
});

function wrapped(read: () => string, mount = 'approle'): AuthConfig {
  const secretId = { origin: 'file', read: async () => new Secret(read()) };
  return { method: 'approle', mount, roleId: literal('role\n'), secretId, isSecretIdWrapped: true };
}

async function start(auth: AuthConfig, creationPath = 'auth/approle/role/snap/secret-id'): Promise<TokenVault> {
  const vault = await startTokenVault(auth);
  started.push(vault);
  vault.answers.set('sys/wrapping/lookup', () => ({ status: 200, json: { data: { creation_path: creationPath } } }));
  vault.answers.set('sys/wrapping/unwrap', ({ headers }) => ({ status: 200, json: { data: { secret_id: `of ${String(headers['x-vault-token'])}` } } }));
  return vault;
}

function bodies(vault: TokenVault): unknown[] {
  return vault.server.requests.filter(({ path }) => path.endsWith('/login')).map(({ json }) => json);
}

describe('AppRole', () => {
  it('logs in without a secret_id where the role wants none', async () => {
    const vault = await start({ method: 'approle', mount: 'team/apps', roleId: literal('role'), secretId: undefined, isSecretIdWrapped: false });
    await snapshot(vault.client);
    expect(vault.calls()[0]).toBe('auth/team/apps/login -');
    expect(bodies(vault)).toEqual([{ role_id: 'role' }]);
  });

  it('unwraps a secret_id once and keeps it for later logins', async () => {
    const vault = await start(wrapped(() => `${WRAPPING}\n`));
    await snapshot(vault.client);
    vault.alive.clear();
    await snapshot(vault.client);
    expect(vault.calls().filter((call) => call.startsWith('sys/wrapping'))).toEqual(['sys/wrapping/lookup -', `sys/wrapping/unwrap ${WRAPPING}`]);
    expect(bodies(vault)).toEqual(Array(2).fill({ role_id: 'role', secret_id: `of ${WRAPPING}` }));
  });

  it('unwraps again when another wrapping token is delivered', async () => {
    let delivered = WRAPPING;
    const vault = await start(wrapped(() => delivered));
    await snapshot(vault.client);
    vault.alive.clear();
    delivered = 'hvs.wrapping-token-two';
    await snapshot(vault.client);
    expect(bodies(vault).at(-1)).toEqual({ role_id: 'role', secret_id: 'of hvs.wrapping-token-two' });
  });

  it.each([
    'auth/other/role/snap/secret-id',
    'cubbyhole/response',
    'auth/approle/role/a/b/secret-id',
    '',
  ])('does not unwrap what was made at "%s"', async (creationPath) => {
    const vault = await start(
      wrapped(() => WRAPPING),
      creationPath,
    );
    const error = await failureOf(vault.client.openSnapshot(NEVER), WRAPPING);
    expect(error.code).toBe('vault_login_failed');
    expect(error.advice).toContain('somebody else');
    expect(vault.calls()).toEqual(['sys/wrapping/lookup -']);
  });

  it('raises the alarm when the wrapping token has been used', async () => {
    const vault = await start(wrapped(() => WRAPPING));
    vault.answers.set('sys/wrapping/lookup', () => ({ status: 400, json: { errors: [`wrapping token ${WRAPPING} is not valid or does not exist`] } }));
    const error = await failureOf(vault.client.openSnapshot(NEVER), WRAPPING);
    expect(error.code).toBe('vault_login_failed');
    expect(error.message).toContain('used up or has expired');
  });

  it('leaves a sealed Vault what it is', async () => {
    const vault = await start(wrapped(() => WRAPPING));
    vault.answers.set('sys/wrapping/lookup', () => ({ status: 503, json: { errors: ['Vault is sealed'] } }));
    expect((await failureOf(vault.client.openSnapshot(NEVER), WRAPPING)).code).toBe('vault_sealed');
  });
});
