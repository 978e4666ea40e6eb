import type { ContainerClient } from '@azure/storage-blob';
import { abortReason, type SnapshotError } from '../../errors.ts';
import type { KeyError, ObjectKey } from '../key.ts';
import { tryEach } from '../try-each.ts';
import { type Limits, request } from './calls.ts';

/** The most Azure takes. */
const BATCH = 256;

export interface Deleting {
  container(): Promise<ContainerClient>;
  deleteOne(key: ObjectKey): Promise<void>;
  translate(error: unknown, key: string): SnapshotError;
}

/** 256 with one request. What the answer does not call gone is asked for alone, and then tells why it stays. */
export async function deleteInBatches(keys: readonly ObjectKey[], deleting: Deleting, limits: Limits): Promise<readonly KeyError[]> {
  const errors: KeyError[] = [];
  for (let at = 0; at < keys.length; at += BATCH) errors.push(...(await deleteBatch(keys.slice(at, at + BATCH), deleting, limits)));
  return errors;
}

async function deleteBatch(keys: readonly ObjectKey[], { container, deleteOne, translate }: Deleting, limits: Limits): Promise<readonly KeyError[]> {
  let left = keys;
  try {
    const client = await container();
    const blobs = keys.map((key) => client.getBlobClient(key));
    const { subResponses } = await request(limits, (abortSignal) => client.getBlobBatchClient().deleteBlobs(blobs, { abortSignal }));
    const gone = new Set(subResponses.filter(isGone).map(({ _request }) => new URL(_request.url).pathname));
    left = keys.filter((_, at) => !gone.has(new URL(blobs[at]!.url).pathname));
  } catch (thrown) {
    if (limits.signal.aborted) throw abortReason(limits.signal);
    const error = translate(thrown, `${keys.length} blobs`);
    // Away or overloaded: 256 requests more would not help. Else it may be a look-alike or a signature that knows no batches.
    if (error.code === 'storage_unavailable') return keys.map((key) => ({ key, error }));
  }
  return await tryEach(left, deleteOne, limits.signal);
}

function isGone({ status, errorCode }: { readonly status: number; readonly errorCode?: string }): boolean {
  return status === 202 || errorCode === 'BlobNotFound';
}
