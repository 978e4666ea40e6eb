import { azureTable } from '../storage/azure/config.ts';
import { gcsTable } from '../storage/gcs/config.ts';
import { s3Table } from '../storage/s3/config.ts';
import type { Table } from './format.ts';
import { absolutePath, aliasName, anything, destinationName, flag, frequencyDuration, text, wholeNumber } from './formats.ts';
import { retain } from './retain-format.ts';

/** In every destination. */
export const destinationTable = {
  name: { doc: 'What the destination is called in logs, metrics and reports; unique.', format: destinationName, since: 'new' },
  retain: { doc: 'Instead of the `retain` of the whole file.', format: retain, since: 'new' },
  max_deletes: { doc: 'Instead of the `max_deletes` of the whole file.', format: wholeNumber, since: 'new' },
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

/** A block of the file that names destinations, or a list of such blocks. `switchKey` empty means off, as with the ancestor. */
export const DESTINATION_BLOCKS = [
  { block: 'local_storage', kind: 'local', title: 'A directory', switchKey: 'path', table: localTable },
  { block: 'aws_storage', kind: 'aws', title: 'S3 and what speaks its language', switchKey: 's3_bucket', table: { ...destinationTable, ...s3Table } },
  { block: 'google_storage', kind: 'gcp', title: 'Google Cloud Storage', switchKey: 'bucket', table: { ...destinationTable, ...gcsTable } },
  { block: 'azure_storage', kind: 'azure', title: 'Azure Blob Storage', switchKey: 'container_name', table: { ...destinationTable, ...azureTable } },
] as const;
