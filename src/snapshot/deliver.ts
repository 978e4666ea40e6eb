import { createHash } from 'node:crypto';
import { SnapshotError, toSnapshotError } from '../errors.ts';
import type { Spool } from '../spool/contract.ts';
import type { Pending, Storage, StoredObject } from '../storage/contract.ts';
import type { ObjectKey } from '../storage/key.ts';
import type { Proof } from './proof.ts';
import { Watchdog } from './watchdog.ts';

// Cleaning up is worth waiting for, but not for ever: a dead NFS server must not keep the round from ending.
const ABORT_LIMIT_MS = 15_000;
// A sync, the joining of parts and a read-back go over a whole object without a sign of life: at this pace, they live.
const SLOWEST_BYTES_PER_MS = 10_000;

export type Step = 'upload' | 'commit' | 'readback';

/** Hears how far an upload is. */
export interface Steps {
  /** This step begins; the one before it has worked. */
  enter(step: Step): void;
  /** So many bytes since the step began. */
  sent(bytes: number): void;
}

export interface Stored extends StoredObject {
  /** Why nobody has compared it with what was sent: whoever may only write cannot look. */
  readonly unread?: SnapshotError;
}

export interface Upload {
  readonly storage: Storage;
  readonly key: ObjectKey;
  readonly sizeGuess: number;
  readonly spool: Spool;
  /** Asked once every byte is there; nothing is committed before it resolves: the archive is proved and may be seen. */
  ready(): Promise<unknown>;
  readonly stallTimeoutMs: number;
  /** Only for an alias. */
  readonly replaces?: true;
  readonly steps?: Steps;
}

/** One try, from the spool's first byte to the read-back. Whatever fails, no half object can be seen afterwards. */
export async function deliver(upload: Upload, signal: AbortSignal): Promise<Stored> {
  const { storage, key, spool, sizeGuess: size } = upload;
  const watchdog = watchOver(storage, key, upload.stallTimeoutMs, signal);
  return put(upload, size, watchdog, async (pending) => {
    let sent = 0;
    for await (const chunk of spool.tail(watchdog.signal)) {
      await watchdog.watch(() => pending.write(chunk));
      sent += chunk.length;
      upload.steps?.sent(sent);
    }
    await upload.ready();
    return spool.bytes;
  });
}

export type SmallObject = Pick<Upload, 'storage' | 'key' | 'stallTimeoutMs' | 'replaces'> & { readonly bytes: Uint8Array };

/** Small objects, manifests and probes, go the same two-phase road. */
export async function deliverBytes(object: SmallObject, signal: AbortSignal): Promise<Stored> {
  const watchdog = watchOver(object.storage, object.key, object.stallTimeoutMs, signal);
  return put(object, object.bytes.length, watchdog, async (pending) => {
    await watchdog.watch(() => pending.write(object.bytes));
    return object.bytes.length;
  });
}

export type Content = Pick<Proof, 'bytes' | 'sha256'>;

/** The object as it stands there, if its content is exactly this: read in full, because a name proves nothing. */
export async function findWhole(
  storage: Storage,
  key: ObjectKey,
  { bytes, sha256 }: Content,
  stallTimeoutMs: number,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const watchdog = watchOver(storage, key, stallTimeoutMs, signal);
  const found = await watchdog.watch(() => storage.stat(key, watchdog.signal), timeFor(bytes));
  if (found?.size !== bytes) return undefined;
  const hash = createHash('sha256');
  for await (const chunk of watchdog.each(storage.read(key, watchdog.signal))) hash.update(chunk);
  return hash.digest('hex') === sha256 ? found : undefined;
}

function watchOver(storage: Storage, key: ObjectKey, stallTimeoutMs: number, signal: AbortSignal): Watchdog {
  const stalled = () => new SnapshotError('storage_unavailable', `${storage.name}: ${key}: nothing moved for ${stallTimeoutMs / 1000}s`);
  return new Watchdog(signal, stallTimeoutMs, stalled);
}

type Target = Pick<Upload, 'storage' | 'key' | 'replaces' | 'steps'>;

/** Resolves with how many bytes it wrote. */
type Fill = (pending: Pending) => Promise<number>;

async function put({ storage, key, replaces, steps }: Target, size: number, watchdog: Watchdog, fill: Fill): Promise<Stored> {
  steps?.enter('upload');
  const opening = storage.open(key, { size, ...(replaces && { replaces }) }, watchdog.signal);
  const pending = await watchdog
    .watch(() => opening)
    .catch((error: unknown) => {
      // One that opens after we gave up has nobody else to end it.
      opening.then(discard, () => undefined);
      throw error;
    });
  try {
    const extraMs = timeFor(await fill(pending));
    steps?.enter('commit');
    const written = await watchdog.watch(() => pending.commit(), extraMs);
    steps?.enter('readback');
    return await watchdog.watch(() => readBack(storage, written, watchdog.signal), extraMs);
  } catch (error) {
    await discard(pending);
    throw error;
  }
}

function timeFor(bytes: number): number {
  return bytes / SLOWEST_BYTES_PER_MS;
}

/** What the destination says of the object must be what we sent; an object that is not is removed, for it can be seen. */
async function readBack(storage: Storage, written: StoredObject, signal: AbortSignal): Promise<Stored> {
  const found = await unlessDenied(storage.stat(written.key, signal));
  if (found instanceof SnapshotError) return { ...written, unread: found };
  if (found !== undefined && found.size === written.size && found.checksum === written.checksum) return found;
  const seen = found === undefined ? 'nothing' : `${found.size} bytes ${found.checksum}`;
  const says = `${storage.name}: ${written.key}: read back ${seen}, wrote ${written.size} bytes ${written.checksum}`;
  if (found !== undefined) await removeWrong(storage, written.key, says, signal);
  throw new SnapshotError('storage_mismatch', says);
}

/** A refusal as a value: credentials that may only write are the right ones where nobody else must read. */
export async function unlessDenied<Answer>(asked: Promise<Answer>): Promise<Answer | SnapshotError> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'storage_denied') return error;
    throw error;
  }
}

/** What we wrote is wrong, can be seen, and could not be deleted. */
export class WrongObjectLeft extends SnapshotError {}

/** Rejects with `WrongObjectLeft` where it stays. */
export async function removeWrong(storage: Storage, key: ObjectKey, says: string, signal: AbortSignal): Promise<void> {
  try {
    await storage.delete(key, signal);
  } catch (cause) {
    const advice = `delete ${key} by hand: it looks like a snapshot and is none`;
    throw new WrongObjectLeft('storage_mismatch', `${says}; it is still there: ${toSnapshotError(cause).message}`, { cause, advice });
  }
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
