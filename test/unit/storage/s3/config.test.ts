import { expect, it } from 'vitest';
import { SnapshotError } from '../../../../src/errors.ts';
import { loadText } from '../../config/load-text.ts';

const login = { vault_auth_method: 'token', token: 't' };

async function settingsOf(block: object, env = {}) {
  const { config } = await loadText({ ...login, aws_storage: { s3_bucket: 'b', ...block } }, env);
  return config.destinations[0]?.kind === 'aws' ? config.destinations[0].settings : undefined;
}

async function refusalOf(block: object): Promise<string> {
  return await settingsOf(block).then(
    () => 'taken',
    (error: unknown) => (error instanceof SnapshotError ? error.message : String(error)),
  );
}

it.each([
  [{}, 'raft_snapshots/'],
  [{ s3_key_prefix: '' }, 'raft_snapshots/'],
  [{ s3_key_prefix: 'vault/prod' }, 'vault/prod/'],
  [{ s3_key_prefix: 'vault/prod/' }, 'vault/prod/'],
  [{ s3_key_prefix: 'vault//' }, 'vault/'],
])('with %j keys begin with %s', async (block, prefix) => {
  expect(await settingsOf(block)).toMatchObject({ prefix });
});

it.each([
  [{ s3_key_prefix: '/vault' }, 's3_key_prefix: must be the beginning of keys'],
  [{ s3_key_prefix: 'a b' }, 's3_key_prefix: must be the beginning of keys'],
  [{ s3_endpoint: 'ftp://minio' }, 'write it with http:// or https://'],
  [{ s3_endpoint: 'https://user:secret@minio' }, 'write the address alone'],
  [{ s3_endpoint: 'https://minio?x=1' }, 'write the address alone'],
  [{ s3_kms_key_id: 'k', s3_server_side_encryption: true }, 's3_kms_key_id: asks for another key than s3_server_side_encryption: remove one of them'],
  [{ s3_kms_context: { a: 'b' } }, 's3_kms_context: needs s3_kms_key_id: give that too, or remove this'],
  [{ s3_object_lock_mode: 'COMPLIANCE' }, 's3_object_lock_mode: needs s3_object_lock_retention'],
  [{ s3_object_lock_retention: '30d' }, 's3_object_lock_retention: needs s3_object_lock_mode'],
  [{ s3_object_lock_mode: 'NONE', s3_object_lock_retention: '30d' }, 'one of GOVERNANCE, COMPLIANCE'],
  [{ s3_object_lock_mode: 'COMPLIANCE', s3_object_lock_retention: '1h' }, 'must be at least 86400s'],
  [{ s3_role_external_id: 'x' }, 's3_role_external_id: needs s3_role_arn'],
  [{ s3_sts_endpoint: 'https://sts' }, 's3_sts_endpoint: needs s3_role_arn'],
  [{ s3_role_arn: 'role' }, 'write arn:aws:iam::ACCOUNT:role/NAME'],
  [{ session_token: 't' }, 'session_token: needs access_key_id'],
  [{ s3_profile: 'p', access_key_id: 'a', secret_access_key: 'b' }, 's3_profile: gives other credentials than access_key_id: remove one of them'],
  [{ s3_disable_ssl: true }, 's3_disable_ssl: needs s3_endpoint'],
  [{ s3_disable_ssl: true, s3_endpoint: 'https://minio' }, 's3_disable_ssl: contradicts the https:// of s3_endpoint'],
  [{ s3_tags: { a: 1 } }, 'write each name once, and each value as a string'],
  [{ s3_tags: 'team=a' }, 'write {"name": "value"}'],
  [{ s3_tags: { team: 'a&b' } }, 'use letters, digits, spaces and _ . : / = + - @'],
  [{ s3_tags: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`t${index}`, 'x'])) }, 'write at most 10'],
  [{ s3_storage_class: 'standard' }, 'write it in capitals'],
  [{ s3_acl: 'public-read' }, 'one of private, '],
  [{ s3_checksum: 'MD5' }, 'one of SHA256, CRC64NVME, off'],
  [{ s3_ca_cert: 'ca.pem' }, 'absolute path'],
])('refuses %j and says what to do', async (block, message) => {
  expect(await refusalOf(block)).toContain(message);
});

it('takes every key at its best', async () => {
  const block = {
    s3_region: 'eu-west-1',
    access_key_id: 'a',
    secret_access_key: { file: '/run/secrets/key' },
    session_token: { env: 'TOKEN' },
    s3_role_arn: 'arn:aws-cn:iam::123456789012:role/a',
    s3_role_external_id: 'x',
    s3_kms_key_id: 'alias/vault',
    s3_kms_context: { purpose: 'vault' },
    s3_storage_class: 'STANDARD_IA',
    s3_tags: { 'cost centre': 'a+b@c' },
    s3_object_lock_mode: 'GOVERNANCE',
    s3_object_lock_retention: '30d',
    s3_acl: 'bucket-owner-full-control',
    s3_ca_cert: '/etc/ca.pem',
    s3_checksum: 'CRC64NVME',
  };
  expect(await settingsOf(block)).toMatchObject({
    ...block,
    secret_access_key: { origin: 'file /run/secrets/key' },
    session_token: { origin: 'env TOKEN' },
    access_key_id: { origin: 'literal' },
    s3_object_lock_retention: 2_592_000_000,
  });
});

it.each([
  [{ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'us-west-2' }, { s3_region: 'eu-west-1' }],
  [{ AWS_DEFAULT_REGION: 'us-west-2' }, { s3_region: 'us-west-2' }],
  [{ AWS_ENDPOINT_URL: 'https://all', AWS_ENDPOINT_URL_S3: 'https://s3' }, { s3_endpoint: 'https://s3' }],
  [{ AWS_CA_BUNDLE: '/etc/ca.pem' }, { s3_ca_cert: '/etc/ca.pem' }],
  [{ SECRET_ACCESS_KEY: 's' }, { secret_access_key: { origin: 'env SECRET_ACCESS_KEY' } }],
])('reads %j as other tools do', async (env, settings) => {
  expect(await settingsOf({}, env)).toMatchObject(settings);
});

it.each([
  [{}, 'aws_storage[1].s3_key_prefix: must be a place of its own, got that of "one": write another one'],
  [{ s3_key_prefix: 'raft_snapshots/' }, 'aws_storage[1].s3_key_prefix: must be a place of its own'],
  [{ s3_key_prefix: 'other' }, 'taken'],
  [{ s3_endpoint: 'https://minio' }, 'taken'],
  // One name that is always replaced is never pruned.
  [{ s3_static_snapshot_name: 'latest' }, 'taken'],
])('beside another destination in the same bucket, %j is %s', async (more, outcome) => {
  const blocks = [
    { name: 'one', s3_bucket: 'b' },
    { name: 'two', s3_bucket: 'b', ...more },
  ];
  const said = await loadText({ ...login, aws_storage: blocks }).then(
    () => 'taken',
    (error: unknown) => String(error),
  );
  expect(said).toContain(outcome);
});
