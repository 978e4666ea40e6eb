import { createHash } from 'node:crypto';
import { SnapshotError } from '../errors.ts';
import { deliverBytes, findWhole } from '../snapshot/deliver.ts';
import type { Storage } from '../storage/contract.ts';
import { type KeyPrefix, type ObjectKey, within } from '../storage/key.ts';
import type { Destination } from './destination.ts';

const BYTES = Buffer.from('vault-snapshotd was here and is about to remove this.\n');
const CONTENT = { bytes: BYTES.length, sha256: createHash('sha256').update(BYTES).digest('hex') };
const STALL_LIMIT_MS = 30_000;
const REMOVE_LIMIT_MS = 5_000;

/** Writes, lists, reads and deletes an object of its own: what a round will need is found missing before the first night. */
export async function probe({ storage, prefix }: Pick<Destination, 'storage' | 'prefix'>, name: string, signal: AbortSignal): Promise<string> {
  const key = within(prefix, name);
  try {
    await deliverBytes({ storage, key, bytes: BYTES, stallTimeoutMs: STALL_LIMIT_MS }, signal);
    if ((await findWhole(storage, key, CONTENT, STALL_LIMIT_MS, signal)) === undefined)
      throw new SnapshotError('storage_mismatch', `${storage.name}: ${key}: reads back differently`);
    await checkListed(storage, prefix, key, signal);
  } catch (error) {
    // Also when we are told to stop. The first failure is the one to tell: a second one here is left unsaid.
    await storage.delete(key, AbortSignal.timeout(REMOVE_LIMIT_MS)).catch(() => undefined);
    throw error;
  }
  await storage.delete(key, signal);
  return storage.locate(key);
}

async function checkListed(storage: Storage, prefix: KeyPrefix, key: ObjectKey, signal: AbortSignal): Promise<void> {
  for await (const listed of storage.list(prefix, signal)) if (listed.key === key) return;
  throw new SnapshotError('storage_failed', `${storage.name}: ${key}: written, but not listed`);
}
