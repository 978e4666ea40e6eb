import type { CreateMultipartUploadCommandInput } from '@aws-sdk/client-s3';
import type { ObjectKey } from '../key.ts';
import type { S3Settings } from './config.ts';

type Wishes = Partial<CreateMultipartUploadCommandInput>;

/** What the configuration wants of an object besides its bytes. */
export function wishesFor(key: ObjectKey, settings: S3Settings, now: Date): Wishes {
  const isSnapshot = key.endsWith('.snap');
  const isManifest = key.endsWith('.snap.json');
  return {
    ...encryption(settings),
    // Manifests are read at each round: in a cold class they would freeze the pruning.
    ...(isSnapshot && settings.s3_storage_class && { StorageClass: settings.s3_storage_class as NonNullable<Wishes['StorageClass']> }),
    ...(settings.s3_tags && { Tagging: new URLSearchParams(settings.s3_tags).toString() }),
    ...(settings.s3_acl && { ACL: settings.s3_acl }),
    // What "check" writes is deleted again at once.
    ...((isSnapshot || isManifest) && lock(settings, now)),
  };
}

function encryption({ s3_server_side_encryption, s3_kms_key_id, s3_kms_context }: S3Settings): Wishes {
  if (s3_kms_key_id === undefined) return s3_server_side_encryption ? { ServerSideEncryption: 'AES256' } : {};
  const context = s3_kms_context && Buffer.from(JSON.stringify(s3_kms_context)).toString('base64');
  return { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: s3_kms_key_id, ...(context && { SSEKMSEncryptionContext: context }) };
}

function lock({ s3_object_lock_mode, s3_object_lock_retention }: S3Settings, now: Date): Wishes {
  if (s3_object_lock_mode === undefined || s3_object_lock_retention === undefined) return {};
  return { ObjectLockMode: s3_object_lock_mode, ObjectLockRetainUntilDate: new Date(now.getTime() + s3_object_lock_retention) };
}
