import { createHash } from 'node:crypto';
import { SnapshotError } from '../errors.ts';
import { deliverBytes, findWhole } from '../snapshot/deliver.ts';
import { within } from '../storage/key.ts';
import type { Destination } from './destination.ts';

const CONTENT = Buffer.from('vault-snapshotd was here and is about to remove this.\n');
const STALL_LIMIT_MS = 30_000;

/** Writes, lists, reads and deletes an object of its own: what a round will need is found missing before the first night. */
export async function probe({ storage, prefix }: Destination, name: string, signal: AbortSignal): Promise<string> {
  const key = within(prefix, name);
  await deliverBytes({ storage, key, bytes: CONTENT, stallTimeoutMs: STALL_LIMIT_MS }, signal);
  try {
    if ((await findWhole(storage, key, createHash('sha256').update(CONTENT).digest('hex'), STALL_LIMIT_MS, signal)) === undefined)
      throw new SnapshotError('storage_mismatch', `${storage.name}: ${key}: reads back differently`);
    await checkListed();
  } finally {
    await storage.delete(key, signal);
  }
  return storage.locate(key);

  async function checkListed(): Promise<void> {
    for await (const listed of storage.list(prefix, signal)) if (listed.key === key) return;
    throw new SnapshotError('storage_failed', `${storage.name}: ${key}: written, but not listed`);
  }
}
