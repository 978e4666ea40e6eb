import { type ErrorCode, SnapshotError, toSnapshotError } from '../../errors.ts';
import { describe, isFileSystemError } from '../file-system.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'storage_no_space',
  EDQUOT: 'storage_no_space',
  EACCES: 'storage_denied',
  EPERM: 'storage_denied',
  EROFS: 'storage_denied',
  ENOTDIR: 'storage_misconfigured',
  ELOOP: 'storage_misconfigured',
  ENAMETOOLONG: 'storage_misconfigured',
};

export function toLocalError(error: unknown, path: string): SnapshotError {
  if (!isFileSystemError(error)) return toSnapshotError(error);
  return new SnapshotError(CODES[error.code] ?? 'storage_failed', `local: ${path}: ${describe(error)}`, { cause: error });
}

/** Why `link` could not give a snapshot its name. */
export function toPublishError(error: unknown, path: string): SnapshotError {
  if (isFileSystemError(error, 'EEXIST')) return new SnapshotError('storage_exists', `local: ${path}: exists already`, { cause: error });
  // Without hard links nothing is left that both shows the whole object at once and never replaces one: rename replaces,
  // and an empty file to hold the name would be seen.
  if (isFileSystemError(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) {
    const advice = 'move "path" to a file system with hard links, such as ext4, xfs, btrfs, zfs or NFS';
    return new SnapshotError('storage_unsupported', `local: ${path}: no hard links here: ${describe(error)}`, { cause: error, advice });
  }
  return toLocalError(error, path);
}
