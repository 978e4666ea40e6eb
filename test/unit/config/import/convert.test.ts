import { describe, expect, it } from 'vitest';
import { convertConfig } from '../../../../src/config/import/convert.ts';
import { convert, PATH } from './convert.ts';

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
