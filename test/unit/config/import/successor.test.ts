import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { convert } from './convert.ts';

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
