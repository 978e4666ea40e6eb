import { createHash } from 'node:crypto';
import { SnapshotError } from '../errors.ts';
import type { Spool } from '../spool/contract.ts';
import type { Pending, Storage, StoredObject } from '../storage/contract.ts';
import type { ObjectKey } from '../storage/key.ts';
import { Watchdog } from './watchdog.ts';

// Cleaning up is worth waiting for, but not for ever: a dead NFS server must not keep the round from ending.
const ABORT_LIMIT_MS = 15_000;

export interface Upload {
  readonly storage: Storage;
  readonly key: ObjectKey;
  readonly sizeGuess: number;
  readonly spool: Spool;
  /** Resolves when the archive is proved and may be seen; nothing is committed before. */
  readonly ready: Promise<unknown>;
  readonly stallTimeoutMs: number;
}

/** One try, from the spool's first byte to the read-back. Whatever fails, no half object can be seen afterwards. */
export async function deliver(upload: Upload, signal: AbortSignal): Promise<StoredObject> {
  const { storage, key, spool } = upload;
  const watchdog = new Watchdog(
    signal,
    upload.stallTimeoutMs,
    () => new SnapshotError('storage_unavailable', `${storage.name}: ${key}: nothing moved for ${upload.stallTimeoutMs / 1000}s`),
  );
  const pending = await watchdog.watch(() => storage.open(key, { size: upload.sizeGuess }, watchdog.signal));
  try {
    for await (const chunk of spool.tail(watchdog.signal)) await watchdog.watch(() => pending.write(chunk));
    await upload.ready;
    const written = await watchdog.watch(() => pending.commit());
    return await watchdog.watch(() => readBack(storage, written, watchdog.signal));
  } catch (error) {
    await discard(pending);
    throw error;
  }
}

/** Small objects, manifests and probes, go the same two-phase road. */
export async function deliverBytes(storage: Storage, key: ObjectKey, bytes: Uint8Array, signal: AbortSignal): Promise<StoredObject> {
  const pending = await storage.open(key, { size: bytes.length }, signal);
  try {
    await pending.write(bytes);
    return await readBack(storage, await pending.commit(), signal);
  } catch (error) {
    await discard(pending);
    throw error;
  }
}

/** The object as it stands there, if its content is exactly this: read in full, because a name proves nothing. */
export async function findWhole(storage: Storage, key: ObjectKey, sha256: string, signal: AbortSignal): Promise<StoredObject | undefined> {
  const found = await storage.stat(key, signal);
  if (found === undefined) return undefined;
  const hash = createHash('sha256');
  for await (const chunk of storage.read(key, signal)) hash.update(chunk);
  return hash.digest('hex') === sha256 ? found : undefined;
}

/** What the destination says of the object must be what we sent; an object that is not is removed, for it can be seen. */
async function readBack(storage: Storage, written: StoredObject, signal: AbortSignal): Promise<StoredObject> {
  const found = await storage.stat(written.key, signal);
  if (found !== undefined && found.size === written.size && found.checksum === written.checksum) return found;
  const seen = found === undefined ? 'nothing' : `${found.size} bytes ${found.checksum}`;
  if (found !== undefined) await storage.delete(written.key, signal);
  throw new SnapshotError('storage_mismatch', `${storage.name}: ${written.key}: read back ${seen}, wrote ${written.size} bytes ${written.checksum}`);
}

/** Never rejects, hears no signal: the first failure is the one that counts, and it is told already. */
async function discard(pending: Pending): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ABORT_LIMIT_MS);
  });
  await Promise.race([pending.abort().catch(() => undefined), limit]);
  clearTimeout(timer);
}
