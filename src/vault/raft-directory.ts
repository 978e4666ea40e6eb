import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../errors.ts';
import { describe, ifThere, isFileSystemError } from '../storage/file-system.ts';

/** What raft storage keeps of a cluster; a node id of the server's own making stays. The file that shows the sign goes last: cut off, we find it again. */
const OF_A_CLUSTER = ['raft', 'vault.db'];

/** Takes the cluster that bears that sign out of the data directory of a server that does not run; tells what was there. No other one is touched. */
export async function emptyRaftDirectory(directory: string, sign: string): Promise<readonly string[]> {
  const removed: string[] = [];
  try {
    const database = join(directory, 'vault.db');
    await stat(directory);
    if ((await ifThere(stat(database))) === undefined) return [];
    if (!(await holds(database, sign))) throw notOurs(database);
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

/** The values in it are sealed, the names are not. */
async function holds(file: string, sign: string): Promise<boolean> {
  let rest = Buffer.of();
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    const seen = Buffer.concat([rest, chunk]);
    if (seen.includes(sign)) return true;
    rest = seen.subarray(-sign.length);
  }
  return false;
}

function notOurs(database: string): SnapshotError {
  return new SnapshotError(
    'refused',
    `${database}: does not show the sign of the bootstrap that was cut off: that one ended too early to leave it, or this is a cluster of other people`,
    { advice: 'nothing was removed; if you know that nobody needs it, empty the directory by hand; else remove "bootstrap-….json" from the state directory' },
  );
}
