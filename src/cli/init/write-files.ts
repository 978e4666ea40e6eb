import { link, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SnapshotError, toSnapshotError } from '../../errors.ts';
import type { NewFile } from './plan.ts';

/** Each whole or not at all, and none where one is there already that must not be replaced. */
export async function writeFiles(directory: string, files: readonly NewFile[], { force }: { readonly force: boolean }): Promise<void> {
  if (!force) for (const { name } of files) await refuseExisting(join(directory, name));
  await told(directory, () => mkdir(directory, { recursive: true, mode: 0o755 }));
  for (const file of files) {
    const path = join(directory, file.name);
    await told(path, () => writeWhole(path, file, force));
  }
}

async function refuseExisting(path: string): Promise<void> {
  const isThere = await lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' || error.code === 'ENOTDIR' ? false : Promise.reject(toFileError(path, error))),
  );
  if (isThere) throw existing(path);
}

async function writeWhole(path: string, { mode, text, name }: NewFile, force: boolean): Promise<void> {
  const partial = join(dirname(path), `.${name}.partial`);
  await rm(partial, { force: true });
  try {
    const file = await open(partial, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    // link, not rename: rename would replace what somebody else has put there meanwhile.
    await (force ? rename(partial, path) : link(partial, path));
  } finally {
    await rm(partial, { force: true });
  }
}

async function told<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    throw toFileError(path, thrown);
  }
}

function toFileError(path: string, thrown: unknown): SnapshotError {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === 'EEXIST') return existing(path);
  if (code === undefined) return toSnapshotError(thrown);
  return new SnapshotError('storage_failed', `${path}: ${code}`, { cause: thrown, advice: 'run it as a user who may write there, or name another --out' });
}

function existing(path: string): SnapshotError {
  return new SnapshotError('refused', `${path}: is there already`, { advice: '--force replaces it; --out names another directory' });
}
