import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { convertConfig, type Origin } from '../../../../src/config/import/convert.ts';
import { readConfigText } from '../../../../src/config/load.ts';

const PATH = '/etc/vault.d/snapshots.yaml';

/** Converted and read by our own loader, which is to find nothing wrong. */
async function convert(content: string | object, from?: Origin) {
  const conversion = await convertConfig(typeof content === 'string' ? content : JSON.stringify(content), PATH, from);
  const { config: loaded } = readConfigText(JSON.stringify(conversion.config), '/etc/vault.d/snapshot.json', {});
  return { ...conversion, loaded, places: { lost: conversion.lost.map(({ place }) => place), changed: conversion.changed.map(({ place }) => place) } };
}

const local = { snapshots: { storages: { local: { path: '/srv' } } } };

describe('the successor', () => {
  it('keeps everything that ours can say, of every key it has', async () => {
    const text = await readFile(new URL('../../../fixtures/import/successor-complete.yaml', import.meta.url), 'utf8');
    const { config, places, from } = await convert(text.replace('test-account', 'testaccount'));
    expect(from).toBe('successor');
    expect(config).toEqual({
      addr: 'https://node1.example.com:8200',
      tls: { skip_verify: true },
      role_id: 'test-approle',
      secret_id: 'test-approle-secret',
      approle: 'test-approle-path',
      frequency: '2h',
      retain: 10,
      name_template: 'test-{time}.snap',
      local_storage: { path: '/etc/vault.d', retain: 2 },
      aws_storage: [
        {
          name: 'aws',
          s3_bucket: 'test-bucket',
          s3_key_prefix: 'test-prefix',
          s3_region: 'test-region',
          s3_endpoint: 'test-endpoint',
          access_key_id: 'test-key',
          secret_access_key: 'test-secret',
          session_token: 'test-session',
          s3_server_side_encryption: true,
          s3_force_path_style: true,
        },
        {
          name: 's3',
          s3_bucket: 'test-s3-bucket',
          s3_region: 'test-s3-region',
          s3_endpoint: 'http://test-s3-endpoint',
          access_key_id: 'test-s3-key',
          secret_access_key: 'test-s3-secret',
          session_token: 'test-s3-token',
          s3_force_path_style: true,
          retain: 4,
        },
      ],
      google_storage: { bucket: 'test-bucket', retain: 1 },
      azure_storage: {
        container_name: 'test-container',
        account_name: 'testaccount',
        account_key: 'test-key',
        endpoint_suffix: 'core.chinacloudapi.cn',
        retain: 0,
      },
      listen: '0.0.0.0:8080',
    });
    expect(places.lost).toEqual(['vault.nodes.urls', 'snapshots.nameSuffix', 'snapshots.storages.s3.skipSSLVerify', 'snapshots.storages.swift']);
    expect(places.changed).toContain('snapshots.storages.aws.accessKey');
  });

  it('means the same in TOML, with keys in any case', async () => {
    const text =
      '[vault.nodes]\nurls = ["https://v:8200"]\n[vault.auth.approle]\nROLE = "env://ROLE"\nsecret = "file://secret"\n[snapshots]\nretain = 3\n[snapshots.storages.local]\npath = "/srv"\n';
    expect((await convert(text)).config).toEqual({
      addr: 'https://v:8200',
      role_id: { env: 'ROLE' },
      secret_id: { file: '/etc/vault.d/secret' },
      retain: 3,
      local_storage: { path: '/srv' },
    });
  });

  it.each([
    { auth: { token: 'file:///run/token' }, login: { token_path: '/run/token' } },
    { auth: { token: 'env://TOKEN' }, login: { vault_auth_method: 'token', token: { env: 'TOKEN' } } },
    { auth: { kubernetes: { role: 'r' } }, login: { vault_auth_method: 'kubernetes', k8s_auth_role: 'r', k8s_auth_path: 'kubernetes' } },
    {
      auth: { kubernetes: { role: 'r', path: 'k', jwtToken: 'file:///jwt' } },
      login: { vault_auth_method: 'kubernetes', k8s_auth_role: 'r', k8s_auth_path: 'k', k8s_jwt_path: '/jwt' },
    },
  ])('logs in as before: $auth', async ({ auth, login }) => {
    const { config, lost } = await convert({ vault: { auth }, ...local });
    expect(config).toEqual({ ...login, local_storage: { path: '/srv' } });
    expect(lost).toEqual([]);
  });

  it.each(['aws', 'azure', 'gcp', 'ldap', 'userpass'])('says that a login by %s is lost, even beside a token', async (method) => {
    const { config, lost } = await convert({ vault: { auth: { [method]: { role: 'r' }, token: 't' } }, ...local });
    expect(config).toEqual({ local_storage: { path: '/srv' } });
    expect(lost).toEqual([{ place: `vault.auth.${method}`, why: expect.stringContaining('token_path') }]);
  });

  it('refers to the variables that were read without being named', async () => {
    const s3 = { endpoint: 'minio:9000', bucket: 'b' };
    const azure = { container: 'c', accountName: 'abc' };
    expect((await convert({ snapshots: { storages: { s3, azure } } })).config).toMatchObject({
      aws_storage: { access_key_id: { env: 'S3_ACCESS_KEY_ID' }, secret_access_key: { env: 'S3_SECRET_ACCESS_KEY' }, s3_endpoint: 'https://minio:9000' },
      azure_storage: { account_key: { env: 'AZURE_STORAGE_KEY' } },
    });
  });

  it('says nothing of variables that are read anyway', async () => {
    const aws = { bucket: 'b', keyPrefix: '/p/', region: 'env://AWS_DEFAULT_REGION', endpoint: 'env://AWS_ENDPOINT_URL' };
    expect((await convert({ snapshots: { storages: { aws } } })).config).toEqual({ aws_storage: { s3_bucket: 'b', s3_key_prefix: 'p' } });
  });

  it.each([
    [{ snapshots: { frequency: 'daily', ...local.snapshots } }, 'snapshots.frequency'],
    [{ snapshots: { retain: 'all', ...local.snapshots } }, 'snapshots.retain'],
    [{ snapshots: { retian: 3, ...local.snapshots } }, 'snapshots.retian'],
    [{ vault: { insecure: 'perhaps' }, ...local }, 'vault.insecure'],
    [{ vault: { nodes: 'here' }, ...local }, 'vault.nodes'],
    [{ snapshots: { storages: { local: { path: '/srv', namePrefix: 'x' } } } }, 'snapshots.storages.local.namePrefix'],
    [{ ...local, other: 1 }, 'other'],
    [{ ...local, metrics: { prometheus: { path: '/prom' } } }, 'metrics.prometheus.path'],
    [{ snapshots: { storages: { aws: { bucket: 'b', region: 'env://REGION' } } } }, 'snapshots.storages.aws.region'],
  ])('names the place of what is lost: %j', async (content, place) => {
    expect((await convert(content)).places.lost).toEqual([place]);
  });

  it('shows no secret in what it says', async () => {
    const conversion = await convert({ vault: { auth: { approle: { role: 'r', secret: 'xyzzy', extra: 'xyzzy' } } }, ...local });
    expect(JSON.stringify([conversion.lost, conversion.changed])).not.toContain('xyzzy');
  });
});

describe('the other programs', () => {
  it('vault_raft_snapshotter', async () => {
    const { config, places, from } = await convert({
      log_level: 'warning',
      retain: 5,
      frequency: '1h',
      local_storage: { path: '/srv' },
      aws_storage: { access_key: 'a', secret_key: 's', bucket: 'b', endpoint: 'localhost:9000', ca_cert: '/ca.crt', key_prefix: 'p', force_path_style: true },
      vault_config: { address: 'https://v:8200', token_file: '/token', ca_cert: '/ca.crt', insecure: false },
    });
    expect(from).toBe('nbis');
    expect(config).toEqual({
      addr: 'https://v:8200',
      tls: { ca_cert: '/ca.crt', skip_verify: false },
      token_path: '/token',
      frequency: '1h',
      retain: 5,
      log: { level: 'warn' },
      local_storage: { path: '/srv' },
      aws_storage: {
        s3_bucket: 'b',
        s3_key_prefix: 'p',
        s3_endpoint: 'localhost:9000',
        access_key_id: 'a',
        secret_access_key: 's',
        s3_force_path_style: true,
        s3_ca_cert: '/ca.crt',
      },
    });
    expect(places.lost).toEqual([]);
  });

  it('the snapshot agent of Consul, in the lists of HCL too', async () => {
    const agent = {
      http_addr: '127.0.0.1:8500',
      token: 't',
      log: { level: 'ERR', enable_syslog: true },
      snapshot: [{ interval: '30m', retain: 336, service: 's', prefix: 'consul', local_scratch_path: '/scratch' }],
      aws_storage: [{ s3_region: 'us-east-1', s3_bucket: 'b', s3_enable_kms: true, s3_kms_key: 'k' }],
      azure_blob_storage: { account_name: 'abc', account_key: 'k', container_name: 'c', environment: 'AzureUSGovernmentCloud' },
    };
    const { config, places, from } = await convert({ snapshot_agent: [agent] });
    expect(from).toBe('consul');
    expect(config).toEqual({
      frequency: '30m',
      retain: 336,
      spool_path: '/scratch',
      log: { level: 'error' },
      aws_storage: { s3_bucket: 'b', s3_region: 'us-east-1', s3_kms_key_id: 'k' },
      azure_storage: { container_name: 'c', account_name: 'abc', account_key: 'k', endpoint_suffix: 'core.usgovcloudapi.net' },
    });
    expect(places.lost).toEqual(['snapshot_agent.http_addr', 'snapshot_agent.token', 'snapshot_agent.log.enable_syslog', 'snapshot_agent.snapshot.prefix']);
    const once = await convert({ snapshot_agent: { snapshot: { interval: '0s' }, local_storage: { path: '/srv' } } });
    expect(once.loaded.isOneShot).toBe(true);
  });

  it.each([
    {
      keys: { storage_type: 'local', path_prefix: '/opt/vault/', local_max_space: '1000', file_prefix: 'f', interval: 7200, retain: '7' },
      config: { frequency: '7200s', retain: 7, name_template: 'f-{time}.snap', local_storage: { path: '/opt/vault/' } },
      lost: ['local_max_space'],
    },
    {
      keys: {
        storage_type: 'aws-s3',
        path_prefix: 'a/b/',
        aws_s3_bucket: 'b',
        aws_s3_region: 'r',
        aws_s3_enable_kms: true,
        aws_s3_kms_key: 'k',
        interval: '24h',
      },
      config: { frequency: '24h', retain: 1, aws_storage: { s3_bucket: 'b', s3_key_prefix: 'a/b', s3_region: 'r', s3_kms_key_id: 'k' } },
      lost: [],
    },
    {
      keys: { storage_type: 'google-gcs', path_prefix: 'p/', google_gcs_bucket: 'b', google_service_account_key: '{"type": "service_account"}' },
      config: { retain: 1, google_storage: { bucket: 'b', prefix: 'p' } },
      lost: ['google_service_account_key'],
    },
    {
      keys: {
        storage_type: 'azure-blob',
        path_prefix: 'p/',
        azure_container_name: 'c',
        azure_account_name: 'abc',
        azure_auth_mode: 'managed',
        azure_client_id: 'i',
      },
      config: { retain: 1, azure_storage: { container_name: 'c', prefix: 'p', account_name: 'abc', identity: 'managed', client_id: 'i' } },
      lost: [],
    },
  ])('Vault Enterprise: $keys.storage_type, as written and as read back', async ({ keys, config, lost }) => {
    expect(await convert(keys)).toMatchObject({ from: 'enterprise', config, places: { lost } });
    const answer = { request_id: 'x', lease_id: '', data: keys };
    expect((await convert(answer)).config).toEqual(config);
  });
});

describe('what is no configuration of another program', () => {
  it.each([
    ['{"addr": "https://v:8200", "local_storage": {"path": "/srv"}}', /there is nothing to convert/],
    ['{"name": 1}', /none of successor, nbis, consul, enterprise can be recognised/],
    ['vault:\n  auth:\n    token: "geheim\nsnapshots: 1\n', /^line \d+, column \d+: not valid YAML: /],
    ['vault:\n  auth: {}\nvault: 1\n', /not valid YAML: duplicate key/],
    ['a: 1\n---\nb: 2\n', /not valid YAML: multiple docs/],
    ['vault: !!js/function x\n', /not valid YAML: tag resolve failed/],
    ['[vault]\ntoken = "geheim\n', /^line \d+, column \d+: not valid TOML$/],
    ['snapshot_agent {\n  http_addr = "x"\n}\n', /^this is HCL/],
    ['{"vault": geheim}', /^line 1, column 11: not valid JSON/],
    ['just words\n', /^is no block of keys$/],
    ['', /^is no block of keys$/],
  ])('is told so, by its place and without its words: %j', async (text, message) => {
    const error = await convertConfig(text, PATH).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'config_invalid', message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('geheim');
  });

  it('does not grow without end out of a few lines', async () => {
    const levels = Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [${Array(9).fill(`*a${at}`).join(', ')}]`);
    const error = await convertConfig(`a0: &a0 [x]\n${levels.join('\n')}\n`, PATH).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'config_invalid' });
  });
});
