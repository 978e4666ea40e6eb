import type { Destination } from '../agent/destination.ts';
import { SnapshotError } from '../errors.ts';
import { proveAgain } from '../inventory/verification.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import type { Proof } from '../snapshot/proof.ts';
import { Watchdog } from '../snapshot/watchdog.ts';
import type { Spool, SpoolDirectory } from '../spool/contract.ts';
import type { Candidate } from './choose.ts';

/** Where the bytes of a snapshot come from. */
export interface Source {
  /** `destination: key`, or the path of a file. */
  readonly name: string;
  readonly size: number;
  readonly takenAt: Date | undefined;
  readonly manifest: Manifest | undefined;
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A snapshot that was read back and proved, in the spool until it is given back. */
export interface Fetched {
  readonly source: Source;
  readonly proof: Proof;
  /** Every byte that was proved, from the first, as often as wanted. */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
  remove(): Promise<void>;
}

export interface FetchDeps {
  readonly spools: SpoolDirectory;
  readonly stallTimeoutMs: number;
  onProgress(bytes: number, total: number): void;
}

/** Of one that was found sound. */
export function sourceOf({ key, takenAt, size, manifest }: Candidate, { storage }: Destination): Source {
  const told = manifest instanceof SnapshotError ? undefined : manifest;
  return { name: `${storage.name}: ${key}`, size: size ?? 0, takenAt, manifest: told, read: (signal) => storage.read(key, signal) };
}

/** Brings a snapshot here and proves it with every check of `verify`; nobody gets a byte of one that fails. */
export async function fetchSnapshot(source: Source, deps: FetchDeps, signal: AbortSignal): Promise<Fetched> {
  const { spools, stallTimeoutMs } = deps;
  const room = await spools.room();
  if (room < source.size) throw new SnapshotError('spool_no_space', `spool: ${room} bytes free, ${source.name} needs ${source.size}`);
  const stalled = () => new SnapshotError('storage_unavailable', `${source.name}: nothing moved for ${stallTimeoutMs / 1000}s`);
  const watchdog = new Watchdog(signal, stallTimeoutMs, stalled);
  const spool = await spools.open();
  try {
    const archive = kept(watchdog.each(source.read(watchdog.signal)), spool);
    const proof = await proveAgain(archive, (bytes) => deps.onProgress(bytes, source.size), source.manifest);
    spool.end();
    return { source, proof, read: (reading) => spool.tail(reading), remove: () => spool.remove() };
  } catch (error) {
    await spool.remove();
    signal.throwIfAborted();
    throw named(error, source);
  }
}

async function* kept(archive: AsyncIterable<Uint8Array>, spool: Spool): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of archive) {
    await spool.append(chunk);
    yield chunk;
  }
}

/** The checks speak of an archive; people want to know which. */
function named(error: unknown, { name }: Source): unknown {
  if (!(error instanceof SnapshotError) || error.code !== 'archive_corrupt') return error;
  const advice = 'nothing was sent anywhere; take another copy or an older one, and find out what became of this one';
  return new SnapshotError('archive_corrupt', `${name}: ${error.message}`, { cause: error, advice });
}
