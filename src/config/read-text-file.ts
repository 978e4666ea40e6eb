import { type FileHandle, open } from 'node:fs/promises';
import { SnapshotError } from '../errors.ts';

const READABLE_BY_ALL = 0o004;
const MOST_BYTES = 16 * 1024 * 1024;

/** A UTF-8 file, its byte order mark skipped. Rejects with `config_unreadable`, or `config_invalid` if it is not UTF-8. */
export async function readTextFile(path: string): Promise<{ readonly text: string; readonly isWorldReadable: boolean }> {
  const { bytes, mode } = await readBytes(path);
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), isWorldReadable: (mode & READABLE_BY_ALL) !== 0 };
  } catch (cause) {
    throw new SnapshotError('config_invalid', `${path}: not UTF-8 text: save it as UTF-8`, { cause });
  }
}

async function readBytes(path: string): Promise<{ readonly bytes: Uint8Array; readonly mode: number }> {
  try {
    const file = await open(path, 'r');
    try {
      return { bytes: await readSome(file, path), mode: (await file.stat()).mode };
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof SnapshotError) throw cause;
    throw new SnapshotError('config_unreadable', `${path}: ${reason((cause as NodeJS.ErrnoException).code, cause)}`, { cause });
  }
}

/** Its size is not asked: a device and a pipe tell none, and have no end. */
async function readSome(file: FileHandle, path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new SnapshotError('config_unreadable', `${path}: more than 16 MiB: is this the right file?`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function reason(code: string | undefined, cause: unknown): string {
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'EISDIR') return 'is a directory';
  if (code === 'ENOTDIR') return 'a part of this path is no directory';
  if (code === 'ELOOP') return 'its symbolic links lead in a circle';
  return code ?? String(cause);
}
