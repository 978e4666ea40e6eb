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
      const listed = toListed(blob);
      if (listed === undefined) continue;
      throwIfAborted(limits.signal);
      yield listed;
    }
    marker = page.continuationToken || undefined;
    if (marker !== undefined && seen.has(marker)) throw new SnapshotError('storage_failed', `azure: ${prefix}: the listing goes round in a circle`);
    if (marker !== undefined) seen.add(marker);
  } while (marker !== undefined);
}

async function readPage(container: ContainerClient, prefix: KeyPrefix, { pageSize, marker }: { pageSize: number; marker: string | undefined }, limits: Limits) {
  return await request(limits, async (abortSignal) => {
    const pages = container
      .listBlobsByHierarchy('/', { prefix, abortSignal })
      .byPage({ maxPageSize: pageSize, ...(marker === undefined ? {} : { continuationToken: marker }) });
    const { value, done } = await pages.next();
    if (done === true) throw new SnapshotError('storage_failed', `azure: ${prefix}: a listing without an answer`);
    return value;
  });
}

function toListed({ name, properties }: BlobItem): ListedObject | undefined {
  const key = toKey(name);
  return key === undefined ? undefined : { key, size: properties.contentLength ?? 0, modifiedAt: properties.lastModified };
}

/** Names that no key can have are somebody else's. */
function toKey(name: string): ObjectKey | undefined {
  try {
    return objectKey(name);
  } catch (error) {
    if (error instanceof SnapshotError) return undefined;
    throw error;
  }
}
