import { describe, expect, it } from 'vitest';
import { faultsOf, loadText, sound } from './load-text.ts';

describe('the environment of Vault', () => {
  it('fills what the file leaves out', async () => {
    const env = {
      VAULT_ADDR: 'https://v:8200',
      VAULT_CACERT: '/ca.pem',
      VAULT_CAPATH: '/ca',
      VAULT_CLIENT_CERT: '/c.pem',
      VAULT_CLIENT_KEY: '/k.pem',
      VAULT_TLS_SERVER_NAME: 'vault.service',
      VAULT_SKIP_VERIFY: 'T',
      VAULT_NAMESPACE: 'team/',
    };
    expect((await loadText(sound(), env)).config.vault).toMatchObject({
      address: 'https://v:8200',
      namespace: 'team/',
      tls: {
        caCertFile: '/ca.pem',
        caDirectory: '/ca',
        clientCertFile: '/c.pem',
        clientKeyFile: '/k.pem',
        serverName: 'vault.service',
        isVerificationOff: true,
      },
    });
  });

  it('never beats the file', async () => {
    const keys = { addr: 'https://own:8200', tls: { ca_cert: '/own.pem', skip_verify: false } };
    const env = { VAULT_ADDR: 'https://other:8200', BAO_ADDR: 'https://other:8200', VAULT_CACERT: '/other.pem', VAULT_SKIP_VERIFY: 'true' };
    expect((await loadText(sound(keys), env)).config.vault).toMatchObject({
      address: 'https://own:8200',
      tls: { caCertFile: '/own.pem', isVerificationOff: false },
    });
  });

  it.each([
    [{ BAO_ADDR: 'https://bao:8200', VAULT_ADDR: 'https://vault:8200' }, 'https://bao:8200'],
    [{ BAO_ADDR: '', VAULT_ADDR: 'https://vault:8200' }, 'https://vault:8200'],
    [{ VAULT_ADDR: '' }, 'https://127.0.0.1:8200'],
  ])('has BAO_ before VAULT_, and takes an empty variable for none: %j', async (env, address) => {
    expect((await loadText(sound(), env)).config.vault.address).toBe(address);
  });

  it.each([
    ['1', true],
    ['true', true],
    ['TRUE', true],
    ['t', true],
    ['0', false],
    ['false', false],
    ['F', false],
  ])('reads VAULT_SKIP_VERIFY=%s as Go does', async (text, isOff) => {
    expect((await loadText(sound(), { VAULT_SKIP_VERIFY: text })).config.vault.tls.isVerificationOff).toBe(isOff);
  });

  it.each([
    [{ VAULT_SKIP_VERIFY: 'no' }, 'tls.skip_verify (from VAULT_SKIP_VERIFY): must be true or false, got "no": set it to true or false, or unset it'],
    [{ VAULT_ADDR: 'vault' }, 'addr (from VAULT_ADDR): must be an address such as "https://127.0.0.1:8200", got "vault": begin it with https://'],
    [{ VAULT_CLIENT_KEY: '/k' }, 'tls.client_cert: is missing: a client certificate needs both client_cert and client_key'],
  ])('is refused by name when it is wrong: %j', async (env, fault) => {
    expect(await faultsOf(sound(), env)).toEqual([fault]);
  });

  it('lets the fork key of the file beat the variable, and our own key beat both', async () => {
    const env = { VAULT_SKIP_VERIFY: 'true' };
    expect((await loadText(sound({ skip_ssl_verify: false }), env)).config.vault.tls.isVerificationOff).toBe(false);
    expect((await loadText(sound({ skip_ssl_verify: true, tls: { skip_verify: false } }))).config.vault.tls.isVerificationOff).toBe(false);
  });
});

describe('logging in', () => {
  const disk = { local_storage: { path: '/snapshots' } };

  it.each([
    [{ role_id: 'r', secret_id: 's' }, {}, { method: 'approle', mount: 'approle', isSecretIdWrapped: false }],
    [{ role_id: 'r', secret_id: 's' }, { VAULT_TOKEN: 't' }, { method: 'approle' }],
    [{ role_id: 'r' }, {}, { method: 'approle', secretId: undefined }],
    [
      { role_id: 'r', secret_id: { env: 'WRAPPED' }, secret_id_wrapped: true },
      {},
      { method: 'approle', isSecretIdWrapped: true, secretId: { origin: 'env WRAPPED' } },
    ],
    [{ role_id: { credential: 'role' } }, {}, { method: 'approle', roleId: { origin: 'credential role' } }],
    [{ token_path: '/run/token', role_id: 'r', secret_id: 's' }, {}, { method: 'token_file', path: '/run/token' }],
    [{ token_path: '/run/token', vault_auth_method: 'approle' }, {}, { method: 'token_file' }],
    [{ token: 's.x' }, {}, { method: 'token', token: { origin: 'literal' } }],
    [{ token: { file: '/run/t' } }, { VAULT_TOKEN: 't' }, { method: 'token', token: { origin: 'file /run/t' } }],
    [{ vault_auth_method: 'token' }, { BAO_TOKEN: 't', VAULT_TOKEN: 'u' }, { method: 'token', token: { origin: 'env BAO_TOKEN' } }],
    [{ vault_auth_method: 'kubernetes', k8s_auth_role: 'r', k8s_auth_path: 'k' }, {}, { method: 'kubernetes', role: 'r', mount: 'k' }],
    [{ vault_auth_method: 'k8s', k8s_auth_role: 'r', k8s_auth_path: 'k', role_id: 'x' }, {}, { method: 'kubernetes' }],
    [{ k8s_auth_role: 'r', k8s_auth_path: 'k' }, { VAULT_TOKEN: 't' }, { method: 'kubernetes' }],
    [{}, { VAULT_TOKEN: 't' }, { method: 'token', token: { origin: 'env VAULT_TOKEN' } }],
    [{}, {}, { method: 'none' }],
  ])('%j with %j', async (keys, env, expected) => {
    expect((await loadText({ ...disk, ...keys }, env)).config.vault.auth).toMatchObject(expected);
  });

  it.each([
    [{ secret_id: 's' }, ['role_id: is missing: AppRole needs it; "vault read auth/approle/role/NAME/role-id" shows it']],
    [{ vault_auth_method: 'approle' }, ['role_id: is missing: AppRole needs it; "vault read auth/approle/role/NAME/role-id" shows it']],
    [{ role_id: 'r', secret_id_wrapped: true }, ['secret_id: is missing: secret_id_wrapped says that it is a wrapping token']],
    [{ vault_auth_method: 'token' }, ['token: is missing: vault_auth_method "token" needs it, or VAULT_TOKEN']],
    [
      { vault_auth_method: 'k8s' },
      [
        'k8s_auth_role: is missing: Kubernetes auth needs k8s_auth_role and k8s_auth_path',
        'k8s_auth_path: is missing: Kubernetes auth needs k8s_auth_role and k8s_auth_path',
      ],
    ],
    [
      { vault_auth_method: 'k8s', k8s_auth_role: 'r', k8s_auth_path: 'k', token_path: '/t' },
      ['token_path: stands beside vault_auth_method "kubernetes": remove one of the two'],
    ],
  ])('with %j is refused', async (keys, faults) => {
    expect(await faultsOf({ ...disk, ...keys })).toEqual(faults);
  });

  it('prefers the names the ancestor read to those it documented', async () => {
    const { config } = await loadText({
      ...disk,
      vault_auth_method: 'k8s',
      vault_auth_role: 'other',
      k8s_auth_role: 'role',
      k8s_auth_path: '',
      vault_auth_path: 'k',
    });
    expect(config.vault.auth).toMatchObject({ role: 'role', mount: 'k' });
    expect(config.warnings).toEqual(['k8s_auth_role: counts; vault_auth_role means the same and is not read']);
  });
});
