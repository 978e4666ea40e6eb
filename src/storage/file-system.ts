import type { StatsFs } from 'node:fs';
import { mkdir, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { getSystemErrorMessage } from 'node:util';

export interface FileSystemError extends Error {
  readonly code: string;
  readonly errno: number;
}

export function isFileSystemError(error: unknown, ...codes: readonly string[]): error is FileSystemError {
  if (!(error instanceof Error && 'errno' in error && typeof error.errno === 'number' && 'code' in error && typeof error.code === 'string')) return false;
  return codes.length === 0 || codes.includes(error.code);
}

/** What the kernel said, in its words: `no space left on device (ENOSPC)`. */
export function describe(error: FileSystemError): string {
  return `${getSystemErrorMessage(error.errno)} (${error.code})`;
}

/** Undefined where nothing of that name is there. */
export async function ifThere<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isFileSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * A directory and the parents it lacks, for its own user only. Resolves with the topmost one made, if any.
 * Not mkdir's own `recursive`: where an automounter or /proc makes nothing and says ENOENT, Node asks again for ever.
 */
export async function makeDirectory(path: string): Promise<string | undefined> {
  try {
    return await makeOne(path);
  } catch (error) {
    if (!isFileSystemError(error, 'ENOENT') || dirname(path) === path) throw error;
  }
  const first = await makeDirectory(dirname(path));
  const made = await makeOne(path);
  return first ?? made;
}

async function makeOne(path: string): Promise<string | undefined> {
  try {
    await mkdir(path, { mode: 0o700 });
    return path;
  } catch (error) {
    if (!isFileSystemError(error, 'EEXIST')) throw error;
    // Something is there: a directory, or the kernel says here why it is none.
    await stat(`${path}/.`);
    return undefined;
  }
}

/** Bytes an ordinary user can still write there. */
export async function roomAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfsNear(path);
  return bavail * bsize;
}

const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;

/** Whether what is written there takes memory instead of disk. */
export async function isTmpfs(path: string): Promise<boolean> {
  const { type } = await statfsNear(path);
  return type === TMPFS || type === RAMFS;
}

/** A directory that is yet to be made will lie on the file system of its nearest parent. */
async function statfsNear(path: string): Promise<StatsFs> {
  try {
    return await statfs(path);
  } catch (error) {
    const parent = dirname(path);
    if (isFileSystemError(error, 'ENOENT') && parent !== path) return await statfsNear(parent);
    throw error;
  }
}
