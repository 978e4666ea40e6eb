import { suffixOfCloud } from './azure-cloud.ts';
import { type Draft, filled } from './draft.ts';
import type { Source } from './source.ts';

const OF_CONSUL = 'belongs to Consul: "addr" and the login are those of Vault here, and are to be added';
const NOT_NEEDED = 'is not needed: the leader among the Vaults is the one that takes the snapshot';
/** The snapshot agent of Consul: the same blocks one level down. Its places are kept, with a prefix of our own. */
export function convertConsul(source: Source): Draft {
  const agent = source.block('snapshot_agent');
  if (agent === undefined) return {};
  agent.lose(OF_CONSUL, 'http_addr', 'token', 'ca_file', 'ca_path', 'cert_file', 'key_file', 'tls_server_name', 'datacenter', 'license_path');
  const snapshot = agent.block('snapshot');
  const log = agent.block('log');
  const [local, aws, google, azure] = ['local_storage', 'aws_storage', 'google_storage', 'azure_blob_storage'].map((name) => agent.block(name));
  const level = { err: 'error', trace: 'debug' }[log?.plain('level')?.toLowerCase() ?? ''] ?? log?.plain('level')?.toLowerCase();
  log?.lose('lines go to stderr, and so to the journal', 'enable_syslog', 'syslog_facility');
  const draft = filled({
    ...(snapshot && convertSchedule(snapshot)),
    spool_path: snapshot?.path('local_scratch_path') ?? agent.path('local_scratch_path'),
    log: level === undefined ? undefined : { level },
    local_storage: local && filled({ path: local.path('path') }),
    aws_storage: aws && convertAws(aws),
    google_storage: google && filled({ bucket: google.plain('bucket') }),
    azure_storage: azure && convertAzure(azure),
  });
  for (const block of [snapshot, log, local, aws, google, azure, agent]) block?.end();
  return draft;
}

function convertSchedule(snapshot: Source): Draft {
  for (const key of ['service', 'deregister_after', 'lock_key', 'max_failures', 'stale']) snapshot.change(key, NOT_NEEDED);
  snapshot.lose('the name is "name_template" here', 'prefix');
  const interval = snapshot.duration('interval');
  const isOnce = interval !== undefined && /^0[a-z]*$/.test(interval);
  return { ...(isOnce ? { daemon: false } : { frequency: interval }), retain: snapshot.count('retain') };
}

function convertAws(aws: Source): Draft {
  const key = aws.flag('s3_enable_kms') === true ? aws.plain('s3_kms_key') : undefined;
  aws.change('s3_key_prefix', 'if the snapshots of Consul lie there, choose another one: nobody should have to tell them apart');
  return filled({
    s3_bucket: aws.plain('s3_bucket'),
    s3_key_prefix: aws.plain('s3_key_prefix'),
    s3_region: aws.plain('s3_region'),
    s3_endpoint: aws.plain('s3_endpoint'),
    access_key_id: aws.secret('access_key_id'),
    secret_access_key: aws.secret('secret_access_key'),
    s3_kms_key_id: key,
    s3_server_side_encryption: aws.flag('s3_server_side_encryption'),
    s3_static_snapshot_name: aws.plain('s3_static_snapshot_name'),
    s3_force_path_style: aws.flag('s3_force_path_style'),
  });
}

function convertAzure(azure: Source): Draft {
  return filled({
    container_name: azure.plain('container_name'),
    account_name: azure.plain('account_name'),
    account_key: azure.secret('account_key'),
    endpoint_suffix: suffixOfCloud(azure.plain('environment')),
  });
}
