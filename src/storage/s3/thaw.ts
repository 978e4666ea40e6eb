import { type HeadObjectCommandOutput, RestoreObjectCommand, type Tier } from '@aws-sdk/client-s3';
import { SnapshotError } from '../../errors.ts';
import type { Thawing } from '../contract.ts';
import type { ObjectKey } from '../key.ts';
import { ask, type Bucket } from './calls.ts';

/** How long the copy that S3 makes can be read: for as long as somebody may be at it. */
const DAYS = 7;
const RIGHT = 'thawing needs the right "s3:RestoreObject" on the objects of the bucket';

/** Of one class; the fastest first. S3 may have no room for the fastest just then. */
interface Ways {
  readonly tiers: readonly Tier[];
  readonly takes: string;
}

const ARCHIVE: Ways = { tiers: ['Expedited', 'Standard'], takes: 'minutes as a rule, up to 5 hours' };
const DEEP_ARCHIVE: Ways = { tiers: ['Standard'], takes: 'up to 12 hours' };

export async function thawObject(bucket: Bucket, key: ObjectKey, head: HeadObjectCommandOutput, signal: AbortSignal): Promise<Thawing> {
  const ways = waysOf(head);
  if (ways === undefined || head.Restore?.includes('ongoing-request="false"')) return { isWarm: true };
  if (!head.Restore?.includes('ongoing-request="true"')) await restore(bucket, key, ways, head.ArchiveStatus === undefined, signal);
  return { isWarm: false, takes: ways.takes };
}

function waysOf({ StorageClass, ArchiveStatus }: HeadObjectCommandOutput): Ways | undefined {
  if (StorageClass === 'DEEP_ARCHIVE' || ArchiveStatus === 'DEEP_ARCHIVE_ACCESS') return DEEP_ARCHIVE;
  return StorageClass === 'GLACIER' || ArchiveStatus === 'ARCHIVE_ACCESS' ? ARCHIVE : undefined;
}

/** Intelligent tiering moves the object itself back, and refuses to be told for how long. */
async function restore(bucket: Bucket, key: ObjectKey, { tiers }: Ways, isCopy: boolean, signal: AbortSignal): Promise<void> {
  const [tier, ...slower] = tiers;
  const request = { GlacierJobParameters: { Tier: tier }, ...(isCopy && { Days: DAYS }) };
  const command = new RestoreObjectCommand({ Bucket: bucket.bucket, Key: key, RestoreRequest: request });
  try {
    await ask(bucket, `thaw ${key}`, signal, (options) => bucket.client.send(command, options));
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    // Somebody was quicker.
    if (error.code === 'object_thawing') return;
    if (error.code === 'storage_denied') throw new SnapshotError('storage_denied', error.message, { cause: error, advice: RIGHT });
    if (signal.aborted || slower.length === 0) throw error;
    await restore(bucket, key, { tiers: slower, takes: '' }, isCopy, signal);
  }
}
