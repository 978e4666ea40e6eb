import { createHash } from 'node:crypto';
import { SnapshotError } from '../errors.ts';
import { deliverBytes, findWhole, unlessDenied } from '../snapshot/deliver.ts';
import type { Storage } from '../storage/contract.ts';
import { type KeyPrefix, type ObjectKey, within } from '../storage/key.ts';
import type { Destination } from './destination.ts';

const BYTES = Buffer.from('vault-snapshotd was here and is about to remove this.\n');
const CONTENT = { bytes: BYTES.length, sha256: createHash('sha256').update(BYTES).digest('hex') };
const STALL_LIMIT_MS = 30_000;
const REMOVE_LIMIT_MS = 5_000;

type Place = Pick<Destination, 'storage' | 'prefix'>;

export interface Probed {
  readonly location: string;
  /** The credentials may write and nothing else, so the object is still there. Some of the other rights alone are a failure. */
  readonly isWriteOnly: boolean;
}

/** Writes, lists, reads and deletes an object of its own: what a round will need is found missing before the first night. */
export async function probe({ storage, prefix }: Place, name: string, signal: AbortSignal): Promise<Probed> {
  const key = within(prefix, name);
  const location = storage.locate(key);
  try {
    const { unread } = await deliverBytes({ storage, key, bytes: BYTES, stallTimeoutMs: STALL_LIMIT_MS }, signal);
    if (unread !== undefined) {
      if (await isAllElseDenied({ storage, prefix }, key, signal)) return { location, isWriteOnly: true };
      throw unread;
    }
    if ((await findWhole(storage, key, CONTENT, STALL_LIMIT_MS, signal)) === undefined)
      throw new SnapshotError('storage_mismatch', `${storage.name}: ${key}: reads back differently`);
    await checkListed(storage, prefix, key, signal);
  } catch (error) {
    // Also when we are told to stop. The first failure is the one to tell: a second one here is left unsaid.
    await storage.delete(key, AbortSignal.timeout(REMOVE_LIMIT_MS)).catch(() => undefined);
    throw error;
  }
  await storage.delete(key, signal);
  return { location, isWriteOnly: false };
}

async function isAllElseDenied({ storage, prefix }: Place, key: ObjectKey, signal: AbortSignal): Promise<boolean> {
  const answers = await Promise.all([unlessDenied(checkListed(storage, prefix, key, signal)), unlessDenied(storage.delete(key, signal))]);
  return answers.every((answer) => answer instanceof SnapshotError);
}

async function checkListed(storage: Storage, prefix: KeyPrefix, key: ObjectKey, signal: AbortSignal): Promise<void> {
  for await (const listed of storage.list(prefix, signal)) if (listed.key === key) return;
  throw new SnapshotError('storage_failed', `${storage.name}: ${key}: written, but not listed`);
}
