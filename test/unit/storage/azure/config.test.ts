import { expect, it } from 'vitest';
import { faultsOf, loadText } from '../../config/load-text.ts';

const login = { role_id: 'role' };
const MINE = { container_name: 'snapshots', account_name: 'account' };

async function settingsOf(block: object, env: Record<string, string> = {}): Promise<unknown> {
  const { config } = await loadText({ ...login, azure_storage: block }, env);
  const [destination] = config.destinations;
  if (destination?.kind !== 'azure') throw new Error('no Azure');
  return destination.settings;
}

it('reads everything there is', async () => {
  const block = {
    ...MINE,
    prefix: 'vault/prod/',
    account_key: { file: '/k' },
    endpoint: 'https://account.privatelink.blob.core.windows.net/',
    ca_cert: '/ca.pem',
    access_tier: 'Cool',
    encryption_scope: 'of-the-vault',
  };
  expect(await settingsOf(block)).toMatchObject({
    container: 'snapshots',
    prefix: 'vault/prod/',
    login: { method: 'account_key', endpoint: 'https://account.privatelink.blob.core.windows.net', account: 'account', key: { origin: 'file /k' } },
    caCertFile: '/ca.pem',
    accessTier: 'Cool',
    encryptionScope: 'of-the-vault',
    customerKey: undefined,
  });
});

it.each<[string, object, object]>([
  ['key', { account_key: 'k' }, { method: 'account_key', endpoint: 'https://account.blob.core.windows.net', account: 'account' }],
  ['signature', { sas_token: 'sv=1&sig=s' }, { method: 'sas_token', endpoint: 'https://account.blob.core.windows.net' }],
  ['machine', { identity: 'managed' }, { method: 'managed_identity', clientId: undefined }],
  ['pod', { identity: 'workload', client_id: 'id' }, { method: 'workload_identity', clientId: 'id' }],
  ['cloud', { identity: 'managed', endpoint_suffix: 'core.chinacloudapi.cn' }, { endpoint: 'https://account.blob.core.chinacloudapi.cn' }],
])('finds the way in and the address: %s', async (_, keys, expected) => {
  expect(await settingsOf({ ...MINE, ...keys })).toMatchObject({ login: expected });
});

it('needs no account where the address says it', async () => {
  const block = { container_name: 'c', endpoint: 'https://blobs.example', sas_token: 'sig=s' };
  expect(await settingsOf(block)).toMatchObject({ login: { endpoint: 'https://blobs.example' } });
  expect(await settingsOf({ container_name: 'c', connection_string: 'text' })).toMatchObject({ login: { method: 'connection_string' } });
});

it("leaves the environment's key alone when the file has another way in", async () => {
  const env = { AZURE_STORAGE_ACCOUNT: 'other', AZURE_STORAGE_ACCESS_KEY: 'key' };
  expect(await settingsOf({ ...MINE, identity: 'managed' }, env)).toMatchObject({ login: { method: 'managed_identity' } });
  expect(await settingsOf({ container_name: 'c', connection_string: 'text' }, env)).toMatchObject({ login: { method: 'connection_string' } });
});

it.each<[object, readonly string[]]>([
  [{ account_key: 'k', sas_token: 's' }, ['azure_storage.sas_token: stands beside azure_storage.account_key: keep one way to log in and remove the others']],
  [
    { identity: 'managed', connection_string: 'c', account_name: null },
    ['azure_storage.identity: stands beside azure_storage.connection_string: keep one way to log in and remove the others'],
  ],
  [{ connection_string: 'c' }, ['azure_storage.account_name: stands beside azure_storage.connection_string: remove it, the connection string says it already']],
  [
    { connection_string: 'c', account_name: null, endpoint: 'https://a' },
    ['azure_storage.endpoint: stands beside azure_storage.connection_string: remove it, the connection string says it already'],
  ],
  [
    { account_key: 'k', endpoint: 'https://a', endpoint_suffix: 'b.c' },
    ['azure_storage.endpoint_suffix: stands beside azure_storage.endpoint: remove it, the endpoint is the whole address'],
  ],
  [
    { account_key: 'k', encryption_scope: 's', customer_provided_key: 'c' },
    ['azure_storage.encryption_scope: stands beside azure_storage.customer_provided_key: Azure takes one of the two: remove the other'],
  ],
  [
    { account_key: 'k', client_id: 'i' },
    ['azure_storage.client_id: stands without azure_storage.identity: set "identity" to "managed" or "workload", or remove it'],
  ],
  [
    { account_key: 'k', endpoint: 'http://a', customer_provided_key: 'c' },
    ['azure_storage.customer_provided_key: needs https: begin azure_storage.endpoint with https://'],
  ],
  [{ identity: 'managed', endpoint: 'http://a' }, ['azure_storage.identity: needs https: begin azure_storage.endpoint with https://']],
  [{ identity: 'managed', account_name: null }, ['azure_storage.account_name: is missing: give it, or set AZURE_STORAGE_ACCOUNT']],
  [{ account_key: 'k', access_tier: 'Archive' }, ['azure_storage.access_tier: must be one of Hot, Cool, Cold, got "Archive": write one of Hot, Cool, Cold']],
  [
    { account_key: 'k', account_name: 'account.blob.core.windows.net' },
    [
      'azure_storage.account_name: must be the name of a storage account, got "account.blob.core.windows.net": write its 3 to 24 lower-case letters and digits, without ".blob.core.windows.net"',
    ],
  ],
  [
    { account_key: 'k', container_name: 'snapshots/prod' },
    [
      'azure_storage.container_name: must be the name of a container, got "snapshots/prod": use lower-case letters, digits and "-"; folders belong into "prefix"',
    ],
  ],
  [
    { account_key: 'k', prefix: '../up' },
    [
      'azure_storage.prefix: must be a folder such as "vault/prod", got "../up": use letters, digits and . _ = + @ : - between single slashes, none of them first',
    ],
  ],
])('refuses %j', async (keys, faults) => {
  expect(await faultsOf({ ...login, azure_storage: { ...MINE, ...keys } })).toEqual(faults);
});

it('does not show a signature that was written into the address', async () => {
  const faults = await faultsOf({ ...login, azure_storage: { ...MINE, endpoint: 'https://a.blob.core.windows.net/?sig=secret', account_key: 'k' } });
  expect(faults.join()).toContain('put what follows "?" into "sas_token"');
  expect(faults.join()).not.toContain('secret,');
  expect(faults.join()).not.toContain('sig=');
});

it.each([
  ['http://blobs.example', ['azure_storage.endpoint: plain http: the snapshot crosses the network readable to all; use https']],
  ['http://127.0.0.1:10000/account', []],
])('warns of plain http to %s: %j', async (endpoint, warnings) => {
  const { config } = await loadText({ ...login, azure_storage: { ...MINE, account_key: 'k', endpoint } });
  expect(config.warnings.filter((warning) => warning.includes('endpoint'))).toEqual(warnings);
});

it.each([
  [{ ...MINE, account_key: 'k' }, 'azure_storage[1].prefix: must be a place of its own, got that of "one": write another one'],
  [{ ...MINE, identity: 'managed' }, 'azure_storage[1].prefix: must be a place of its own'],
  [{ ...MINE, account_key: 'k', prefix: 'other' }, 'taken'],
  [{ ...MINE, account_key: 'k', account_name: 'another' }, 'taken'],
  [{ container_name: 'snapshots', connection_string: 'UseDevelopmentStorage=true' }, 'taken'],
])('beside another destination in the same container, %j is %s', async (more, outcome) => {
  const azure_storage = [
    { ...MINE, name: 'one', account_key: 'k' },
    { ...more, name: 'two' },
  ];
  const said = await loadText({ ...login, azure_storage }).then(
    () => 'taken',
    (error: unknown) => String(error),
  );
  expect(said).toContain(outcome);
});
