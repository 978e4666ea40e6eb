import { azureTable } from '../storage/azure/config.ts';
import type { Table } from './format.ts';
import { absolutePath, aliasName, anything, destinationName, flag, frequencyDuration, text } from './formats.ts';
import { retain } from './retain-format.ts';
import { secret } from './secret-format.ts';

/** In every destination. */
export const destinationTable = {
  name: { doc: 'What the destination is called in logs, metrics and reports; unique.', format: destinationName, since: 'new' },
  retain: { doc: 'Instead of the `retain` of the whole file.', format: retain, since: 'new' },
  frequency: { doc: 'Instead of the `frequency` or `schedule` of the whole file.', format: frequencyDuration, since: 'new' },
  latest_alias: {
    doc: 'A second name, without `.snap`, that always holds the newest proved snapshot; its object is the only one ever replaced.',
    format: aliasName,
    since: 'new',
  },
  schedule: { doc: 'A cron expression, instead of the `frequency` or `schedule` of the whole file.', format: text, since: 'new' },
} as const satisfies Table;

const localTable = {
  ...destinationTable,
  path: {
    doc: 'Directory the snapshots are written to; made with mode 0700 if missing. Empty switches the block off.',
    format: absolutePath,
    since: 'ancestor',
    example: '/var/backups/vault',
  },
  enabled: { doc: '`false` switches the block off.', format: flag, since: 'fork', default: true },
  volume: { doc: 'Without effect: it belonged to a chart.', format: anything, since: 'fork' },
} as const satisfies Table;

const awsTable = {
  ...destinationTable,
  s3_bucket: { doc: 'The bucket. Empty switches the block off.', format: text, since: 'ancestor' },
  s3_region: { doc: 'The region. Left out, the AWS environment or profile gives it.', format: text, since: 'ancestor' },
  s3_endpoint: { doc: 'Address of an S3-compatible server other than AWS.', format: text, since: 'ancestor' },
  s3_key_prefix: { doc: 'Keys begin with this and a slash.', format: text, since: 'ancestor', default: 'raft_snapshots' },
  access_key_id: {
    doc: 'Static credentials, when `secret_access_key` is there too. Else the usual AWS chain: environment, profile, instance role.',
    format: secret,
    since: 'ancestor',
  },
  secret_access_key: { doc: 'See `access_key_id`.', format: secret, since: 'ancestor', env: ['SECRET_ACCESS_KEY'] },
  s3_server_side_encryption: { doc: 'Ask for encryption with AES256 at rest.', format: flag, since: 'ancestor', default: false },
  s3_static_snapshot_name: { doc: 'Always the same name, with `.snap` after it: no history, nothing is pruned.', format: aliasName, since: 'ancestor' },
  s3_force_path_style: { doc: 'Put the bucket into the path instead of the host name.', format: flag, since: 'ancestor', default: false },
  s3_disable_ssl: { doc: 'Plain http, for an `s3_endpoint` without a scheme.', format: flag, since: 'fork', default: false },
} as const satisfies Table;

const googleTable = {
  ...destinationTable,
  bucket: { doc: 'The bucket. Empty switches the block off. The credentials are the application default ones.', format: text, since: 'ancestor' },
} as const satisfies Table;

/** A block of the file that names destinations, or a list of such blocks. `switchKey` empty means off, as with the ancestor. */
export const DESTINATION_BLOCKS = [
  { block: 'local_storage', kind: 'local', title: 'A directory', switchKey: 'path', table: localTable },
  { block: 'aws_storage', kind: 'aws', title: 'S3 and what speaks its language', switchKey: 's3_bucket', table: awsTable },
  { block: 'google_storage', kind: 'gcp', title: 'Google Cloud Storage', switchKey: 'bucket', table: googleTable },
  { block: 'azure_storage', kind: 'azure', title: 'Azure Blob Storage', switchKey: 'container_name', table: { ...destinationTable, ...azureTable } },
] as const;
