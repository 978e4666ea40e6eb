import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SnapshotError, toSnapshotError } from '../errors.ts';
import { type Manifest, parseManifest } from '../snapshot/manifest.ts';
import { manifestName } from '../snapshot/name.ts';

const CHUNK_BYTES = 256 * 1024;

/** A snapshot in a file of this host, wherever it lies. */
export interface ArchiveFile {
  readonly path: string;
  readonly size: number;
  /** Of a local destination, whose manifests lie beside. */
  readonly manifest: Manifest | undefined;
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export async function openArchiveFile(path: string): Promise<ArchiveFile> {
  const found = await stat(path).catch((error: unknown) => Promise.reject(toFileError(path, error)));
  if (!found.isFile())
    throw new SnapshotError('usage', `${path}: is not a file`, { advice: 'name one snapshot; a directory of them is a destination of the configuration' });
  return { path, size: found.size, manifest: await manifestBeside(path), read: (signal) => read(path, signal) };
}

export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function* read(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES, signal })) yield chunk as Uint8Array;
  } catch (error) {
    signal.throwIfAborted();
    throw toFileError(path, error);
  }
}

async function manifestBeside(path: string): Promise<Manifest | undefined> {
  const beside = join(dirname(path), 'manifests', manifestName(basename(path)));
  if (!(await isFile(beside))) return undefined;
  const text = await readFile(beside, 'utf8').catch((error: unknown) => Promise.reject(toFileError(beside, error)));
  return parseManifest(text);
}

function toFileError(path: string, thrown: unknown): SnapshotError {
  const error = toSnapshotError(thrown);
  if (error.code !== 'internal') return error;
  const reason = (thrown as NodeJS.ErrnoException).code ?? error.message;
  const advice = 'check that the file is there, that you may read it, and that its disk is sound';
  if (reason === 'ENOENT') return new SnapshotError('not_found', `${path}: is not there`, { cause: thrown, advice });
  return new SnapshotError('storage_failed', `${path}: ${reason}`, { cause: thrown, advice });
}
