import { DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { abortReason, toSnapshotError } from '../../errors.ts';
import type { KeyError, ObjectKey } from '../key.ts';
import { tryEach } from '../try-each.ts';
import { ask, type Bucket } from './calls.ts';

/** The most S3 takes. */
const BATCH = 1_000;

type DeleteOne = (key: ObjectKey) => Promise<void>;

/** A thousand with one request. What the store does not say it has deleted is asked for alone, and then tells why it stays. */
export async function deleteInBatches(bucket: Bucket, keys: readonly ObjectKey[], deleteOne: DeleteOne, signal: AbortSignal): Promise<readonly KeyError[]> {
  const errors: KeyError[] = [];
  for (let at = 0; at < keys.length; at += BATCH) errors.push(...(await deleteBatch(bucket, keys.slice(at, at + BATCH), deleteOne, signal)));
  return errors;
}

async function deleteBatch(bucket: Bucket, keys: readonly ObjectKey[], deleteOne: DeleteOne, signal: AbortSignal): Promise<readonly KeyError[]> {
  const command = new DeleteObjectsCommand({ Bucket: bucket.bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } });
  const deleted = new Set<string | undefined>();
  try {
    const answer = await ask(bucket, `delete ${keys.length} objects`, signal, (options) => bucket.client.send(command, options));
    for (const { Key } of answer.Deleted ?? []) deleted.add(Key);
  } catch (thrown) {
    if (signal.aborted) throw abortReason(signal);
    const error = toSnapshotError(thrown);
    // Away or overloaded: a thousand requests more would not help. Else it may be a look-alike that knows no batches.
    if (error.code === 'storage_unavailable') return keys.map((key) => ({ key, error }));
  }
  const left = keys.filter((key) => !deleted.has(key));
  return await tryEach(left, deleteOne, signal);
}
