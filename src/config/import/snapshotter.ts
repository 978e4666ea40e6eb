import { type Draft, filled } from './draft.ts';
import type { Source } from './source.ts';

const LEVELS: Readonly<Record<string, string>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
  panic: 'error',
};

/** vault_raft_snapshotter: the shape of the ancestor, with other names and with `vault_config`. */
export function convertSnapshotter(source: Source): Draft {
  const vault = source.block('vault_config');
  const aws = source.block('aws_storage');
  const local = source.block('local_storage');
  const google = source.block('google_storage');
  const azure = source.block('azure_storage');
  const level = LEVELS[source.plain('log_level')?.toLowerCase() ?? ''];
  if (level === undefined) source.lose('there is no such level', 'log_level');
  source.change('frequency', 'it took one snapshot at each start: this is a daemon that takes one so often; for a timer start it with --once');
  const draft = filled({
    ...(vault && convertVault(vault)),
    frequency: source.duration('frequency'),
    retain: source.count('retain'),
    log: level === undefined || level === 'info' ? undefined : { level },
    local_storage: local && filled({ path: local.path('path') }),
    aws_storage: aws && convertAws(aws),
    google_storage: google && filled({ bucket: google.plain('bucket') }),
    azure_storage:
      azure && filled({ container_name: azure.plain('container_name'), account_name: azure.plain('account_name'), account_key: azure.secret('account_key') }),
  });
  for (const block of [vault, aws, local, google, azure]) block?.end();
  return draft;
}

function convertVault(vault: Source): Draft {
  const tls = filled({
    ca_cert: vault.path('ca_cert'),
    client_cert: vault.path('client_cert'),
    client_key: vault.path('client_key'),
    skip_verify: vault.flag('insecure'),
  });
  return {
    addr: vault.plain('address'),
    tls: Object.keys(tls).length > 0 ? tls : undefined,
    token_path: vault.path('token_file'),
    role_id: vault.secret('role_id'),
    secret_id: vault.secret('secret_id'),
  };
}

function convertAws(aws: Source): Draft {
  return filled({
    s3_bucket: aws.plain('bucket'),
    s3_key_prefix: aws.plain('key_prefix'),
    s3_region: aws.plain('region'),
    s3_endpoint: aws.plain('endpoint'),
    access_key_id: aws.secret('access_key'),
    secret_access_key: aws.secret('secret_key'),
    s3_server_side_encryption: aws.flag('server_side_encryption'),
    s3_static_snapshot_name: aws.plain('static_snapshot_name'),
    s3_force_path_style: aws.flag('force_path_style'),
    s3_ca_cert: aws.path('ca_cert'),
  });
}
