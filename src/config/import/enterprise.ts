import { suffixOfCloud } from './azure-cloud.ts';
import { type Blocks, type Draft, filled } from './draft.ts';
import type { Source } from './source.ts';

/** `sys/storage/raft/snapshot-auto/config/NAME` of Vault Enterprise, as written or as read back. */
export function convertEnterprise(whole: Source): Draft {
  const source = whole.block('data') ?? whole;
  const prefix = source.plain('file_prefix');
  const draft = filled({
    frequency: intervalOf(source),
    // Vault keeps one unless told.
    retain: source.count('retain') ?? 1,
    name_template: prefix === undefined ? undefined : `${prefix}-{time}.snap`,
    ...convertStorage(source),
  });
  source.change('storage_type', 'Vault took these snapshots itself: add "addr" and a login, and delete the configuration in Vault once this runs');
  source.change('path_prefix', 'snapshots that Vault took have other names: they stay where they are, and nothing here deletes them');
  source.lose('there is no such limit: "retain" says what is kept', 'local_max_space');
  source.lose('there is no such thing here', 'autoload_enabled');
  source.change('name', 'a configuration has no name here');
  source.end();
  return draft;
}

/** In seconds, or as Go writes it. */
function intervalOf(source: Source): string | undefined {
  return /^\d+$/.test(source.text('interval') ?? '') ? `${source.text('interval')}s` : source.duration('interval');
}

function convertStorage(source: Source): Blocks {
  const type = source.plain('storage_type');
  if (type === 'local') return { local_storage: filled({ path: source.path('path_prefix') }) };
  const prefix = source.plain('path_prefix')?.replace(/^\/+|\/+$/g, '');
  if (type === 'aws-s3') return { aws_storage: convertAws(source, prefix) };
  if (type === 'google-gcs') return { google_storage: convertGoogle(source, prefix) };
  if (type === 'azure-blob') return { azure_storage: convertAzure(source, prefix) };
  source.lose('there is no such storage here', 'storage_type');
  return {};
}

function convertAws(source: Source, prefix: string | undefined): Draft {
  const key = source.plain('aws_s3_kms_key');
  const hasKms = source.flag('aws_s3_enable_kms') === true;
  if (hasKms && key === undefined) source.lose('asks for the key of the account: name one as "s3_kms_key_id"', 'aws_s3_enable_kms');
  const endpoint = source.plain('aws_s3_endpoint');
  return filled({
    s3_bucket: source.plain('aws_s3_bucket'),
    s3_key_prefix: prefix,
    s3_region: source.plain('aws_s3_region'),
    s3_endpoint: endpoint,
    access_key_id: source.secret('aws_access_key_id'),
    secret_access_key: source.secret('aws_secret_access_key'),
    session_token: source.secret('aws_session_token'),
    s3_disable_ssl: source.flag('aws_s3_disable_tls') === true && endpoint?.includes('://') === false ? true : undefined,
    s3_force_path_style: source.flag('aws_s3_force_path_style'),
    s3_server_side_encryption: source.flag('aws_s3_server_side_encryption'),
    s3_kms_key_id: hasKms ? key : undefined,
  });
}

function convertGoogle(source: Source, prefix: string | undefined): Draft {
  const key = source.text('google_service_account_key');
  const isPath = key?.startsWith('/') === true;
  if (!isPath) source.lose('put it into a file, and write its path as "credentials_file"', 'google_service_account_key');
  const isPlain = source.flag('google_disable_tls') === true;
  const endpoint = source.plain('google_endpoint');
  if (isPlain) source.lose('a token is not sent over plain http', 'google_disable_tls');
  return filled({
    bucket: source.plain('google_gcs_bucket'),
    prefix,
    credentials_file: isPath ? key : undefined,
    endpoint: endpoint === undefined || endpoint.includes('://') ? endpoint : `https://${endpoint}`,
  });
}

function convertAzure(source: Source, prefix: string | undefined): Draft {
  const mode = source.plain('azure_auth_mode');
  const isManaged = mode === 'managed';
  if (mode === 'environment') source.lose('log in with account_key, sas_token, connection_string or identity', 'azure_auth_mode');
  return filled({
    container_name: source.plain('azure_container_name'),
    prefix: prefix === '' ? undefined : prefix,
    account_name: source.plain('azure_account_name'),
    account_key: source.secret('azure_account_key'),
    identity: isManaged ? 'managed' : undefined,
    client_id: isManaged ? source.plain('azure_client_id') : undefined,
    endpoint: source.plain('azure_endpoint'),
    endpoint_suffix: suffixOfCloud(source.plain('azure_blob_environment')),
  });
}
