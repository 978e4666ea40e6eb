import type { BlobItem, ContainerClient } from '@azure/storage-blob';
import { SnapshotError } from '../../errors.ts';
import type { ListedObject } from '../contract.ts';
import { type KeyPrefix, type ObjectKey, objectKey } from '../key.ts';
import { type Limits, request, throwIfAborted } from './calls.ts';

/** Page by page, each with a time-out of its own. Uncommitted blobs, versions and deleted ones are left out unless asked for. */
export async function* listObjects(
  container: ContainerClient,
  prefix: KeyPrefix,
  pageSize: number,
  limits: Limits,
): AsyncGenerator<ListedObject, void, undefined> {
  const seen = new Set<string>();
  let marker: string | undefined;
  do {
    const page = await readPage(container, prefix, { pageSize, marker }, limits);
    for (const blob of page.segment.blobItems) {
      const key = keyOf(prefix, blob.name);
      if (key === undefined) continue;
      throwIfAborted(limits.signal);
      yield toListed(key, blob);
    }
    marker = page.continuationToken || undefined;
    if (marker !== undefined && seen.has(marker)) throw nonsense(prefix, 'the listing goes round in a circle');
    if (marker !== undefined) seen.add(marker);
  } while (marker !== undefined);
}

async function readPage(container: ContainerClient, prefix: KeyPrefix, { pageSize, marker }: { pageSize: number; marker: string | undefined }, limits: Limits) {
  return await request(limits, async (abortSignal) => {
    const pages = container
      .listBlobsByHierarchy('/', { prefix, abortSignal })
      .byPage({ maxPageSize: pageSize, ...(marker === undefined ? {} : { continuationToken: marker }) });
    const { value, done } = await pages.next().catch((error: unknown) => {
      // The SDK stumbles over an answer that is XML and no listing; errors of Node's own have a code.
      throw error instanceof TypeError && !('code' in error) ? nonsense(prefix, 'the answer is not a listing') : error;
    });
    if (done === true) throw new SnapshotError('storage_failed', `azure: ${prefix}: a listing without an answer`);
    return value;
  });
}

function toListed(key: ObjectKey, { properties }: BlobItem): ListedObject {
  const { contentLength: size, lastModified: modifiedAt } = properties;
  // Reckoned with, a size or a time that is none would let retention keep or delete the wrong one.
  if (size === undefined || !Number.isSafeInteger(size) || size < 0 || Number.isNaN(modifiedAt?.getTime() ?? Number.NaN))
    throw nonsense(key, 'the listing tells neither size nor time');
  return { key, size, modifiedAt };
}

/** Names that no key can have are somebody else's, and so is what lies elsewhere: a server that does not know "delimiter" must not make us delete there. */
function keyOf(prefix: KeyPrefix, name: string): ObjectKey | undefined {
  if (!name.startsWith(prefix) || name.slice(prefix.length).includes('/')) return undefined;
  try {
    return objectKey(name);
  } catch (error) {
    if (error instanceof SnapshotError) return undefined;
    throw error;
  }
}

function nonsense(place: string, says: string): SnapshotError {
  return new SnapshotError('storage_failed', `azure: ${place}: ${says}`, { advice: 'check "endpoint", and what stands between here and there' });
}
