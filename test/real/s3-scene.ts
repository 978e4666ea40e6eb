import { randomBytes } from 'node:crypto';
import { literalSecret } from '../../src/config/secret-source.ts';
import { keyPrefix } from '../../src/storage/key.ts';
import { PartBudget } from '../../src/storage/part-writer.ts';
import type { S3Settings } from '../../src/storage/s3/config.ts';
import type { S3Deps } from '../../src/storage/s3/storage.ts';
import { RecordingLog } from '../fakes/recording-log.ts';
import type { S3Server } from '../servers/s3-server.ts';

export function newBucket(): string {
  return `bucket-${randomBytes(8).toString('hex')}`;
}

export function settingsFor(
  server: Pick<S3Server, 'endpoint' | 'accessKeyId' | 'secretAccessKey'>,
  bucket: string,
  more: Partial<S3Settings> = {},
): S3Settings {
  return {
    s3_bucket: bucket,
    s3_endpoint: server.endpoint,
    s3_key_prefix: 'snapshots',
    prefix: keyPrefix('snapshots'),
    s3_force_path_style: true,
    s3_server_side_encryption: false,
    s3_disable_ssl: false,
    s3_checksum: 'SHA256',
    s3_role_session_name: 'vault-snapshotd',
    access_key_id: literalSecret(server.accessKeyId),
    secret_access_key: literalSecret(server.secretAccessKey),
    s3_region: undefined,
    ...more,
  } as S3Settings;
}

export function depsFor(more: Partial<S3Deps> = {}): S3Deps {
  return { name: 'store', env: {}, log: new RecordingLog(), budget: new PartBudget(32 * 1024 * 1024), now: () => new Date(), pageSize: 2, ...more };
}
