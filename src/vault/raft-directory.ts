import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../errors.ts';
import { describe, ifThere, isFileSystemError } from '../storage/file-system.ts';

/** What raft storage keeps of a cluster; a node id of the server's own making stays. */
const OF_A_CLUSTER = ['vault.db', 'raft'];

/** Takes the cluster out of the data directory of a server that does not run; tells what was there. */
export async function emptyRaftDirectory(directory: string): Promise<readonly string[]> {
  const removed: string[] = [];
  try {
    for (const name of OF_A_CLUSTER) {
      const path = join(directory, name);
      if ((await ifThere(stat(path))) === undefined) continue;
      await rm(path, { recursive: true });
      removed.push(path);
    }
    return removed;
  } catch (error) {
    if (!isFileSystemError(error)) throw error;
    throw new SnapshotError('failed', `${directory}: ${describe(error)}`, {
      cause: error,
      advice: 'it must be the data directory of the server, and ours to write to',
    });
  }
}
