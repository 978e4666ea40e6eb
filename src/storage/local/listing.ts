import { lstat, opendir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../../errors.ts';
import type { ListedObject } from '../contract.ts';
import { ifThere, isFileSystemError } from '../file-system.ts';
import { type KeyPrefix, type ObjectKey, within } from '../key.ts';
import { isAbandoned, isLeftover, type Witness } from '../leftover.ts';
import { acquire, onDisk } from './calls.ts';

/** Entry by entry: a directory of a hundred thousand files takes no memory. */
export async function* listObjects(path: string, prefix: KeyPrefix, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
  const directory = await acquire(path, signal, ifThere(opendir(path, { bufferSize: 256 })), async (late) => late?.close());
  if (directory === undefined) return;
  try {
    for (;;) {
      const entry = await onDisk(path, signal, directory.read());
      if (entry === null) return;
      const key = keyOf(prefix, entry.name);
      if (key === undefined) continue;
      const file = join(path, entry.name);
      // Undefined: pruned by another daemon since we read the name.
      const found = await onDisk(file, signal, ifThere(lstat(file)));
      if (found?.isFile()) yield { key, size: found.size, modifiedAt: found.mtime };
    }
  } finally {
    await onDisk(path, signal, directory.close());
  }
}

/** Names that no key can have are somebody else's. */
function keyOf(prefix: KeyPrefix, name: string): ObjectKey | undefined {
  try {
    return within(prefix, name);
  } catch (error) {
    if (error instanceof SnapshotError) return undefined;
    throw error;
  }
}

/** Here and one directory down, where manifests lie; no deeper, for the rest of the tree is not ours to walk. */
export async function sweepPartials(path: string, witness: Witness): Promise<readonly string[]> {
  const removed: string[] = [];
  for await (const entry of (await ifThere(opendir(path))) ?? []) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) removed.push(...(await sweepBelow(child, witness)));
    else if (await isSwept(child, entry.name, witness)) removed.push(child);
  }
  return removed;
}

async function sweepBelow(path: string, witness: Witness): Promise<readonly string[]> {
  const removed: string[] = [];
  for await (const { name } of (await opendir(path).catch(nothingOfOurs)) ?? []) {
    const child = join(path, name);
    if (await isSwept(child, name, witness)) removed.push(child);
  }
  return removed;
}

/** A directory we may not read, such as lost+found, holds nothing of ours; nor does one that is gone. */
function nothingOfOurs(error: unknown): undefined {
  if (!isFileSystemError(error, 'EACCES', 'EPERM', 'ENOENT')) throw error;
}

async function isSwept(path: string, name: string, witness: Witness): Promise<boolean> {
  if (!isLeftover('partial', name)) return false;
  const found = await ifThere(lstat(path));
  if (found === undefined || !isAbandoned(name, found.mtime, witness)) return false;
  await ifThere(unlink(path));
  return true;
}
