import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError, toSnapshotError } from '../errors.ts';
import { describe, ifThere, isFileSystemError, makeDirectory, roomAt } from '../storage/file-system.ts';
import { isAbandoned, isLeftover, leftoverName, type Witness } from '../storage/leftover.ts';

/** So much of the state at once: as it is stored, as it is sent, as it is applied. */
const ROOM_FACTOR = 3;
const PROCESS_FILE = 'server.pid';

export interface DirectoryDeps {
  /** Of this service; the directory lies in it. */
  readonly stateDirectory: string;
  readonly witness: Witness;
  /** SIGKILL to a process that is not our child. */
  end(pid: number): void;
}

/** The directory of one throw-away server, for its own user only. */
export async function makeDrillDirectory({ stateDirectory, witness }: DirectoryDeps, stateBytes: number): Promise<string> {
  return await translated(stateDirectory, async () => {
    await makeDirectory(stateDirectory);
    const room = await roomAt(stateDirectory);
    if (room < ROOM_FACTOR * stateBytes) {
      throw new SnapshotError('spool_no_space', `drill: ${stateDirectory}: ${room} bytes free, a drill of this snapshot needs ${ROOM_FACTOR * stateBytes}`);
    }
    const path = join(stateDirectory, leftoverName('drill', shortened(witness).owner, randomBytes(8).toString('hex')));
    await mkdir(path, { mode: 0o700 });
    await mkdir(join(path, 'data'), { mode: 0o700 });
    return path;
  });
}

/** So that the next drill finds the server again if we are killed; with its start, for numbers are given anew. */
export async function noteProcess(directory: string, pid: number): Promise<void> {
  const startedAt = await startTimeOf(pid);
  if (startedAt !== undefined) await writeFile(join(directory, PROCESS_FILE), `${pid} ${startedAt}\n`);
}

/** Ends and removes what killed drills left, and tells what it was. */
export async function sweepDrills({ stateDirectory, witness, end }: DirectoryDeps): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of (await ifThere(readdir(stateDirectory))) ?? []) {
    const path = join(stateDirectory, name);
    const found = isLeftover('drill', name) ? await ifThere(lstat(path)) : undefined;
    if (found === undefined || !isAbandoned(name, found.mtime, shortened(witness))) continue;
    const noted = await ifThere(readFile(join(path, PROCESS_FILE), 'utf8'));
    const [, pid, startedAt] = /^(\d+) (\d+)\n$/.exec(noted ?? '') ?? [];
    if (startedAt !== undefined && (await startTimeOf(Number(pid))) === startedAt) end(Number(pid));
    await removeDirectory(path);
    removed.push(path);
  }
  return removed;
}

/** A server that is ending may write one more file. */
export async function removeDirectory(path: string): Promise<void> {
  await translated(path, () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
}

/** In ticks since the start of the host; undefined: there is no such process. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name stands in brackets and may hold anything; the time is the 20th field after it.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** The name of the host would make the path of the socket too long. */
function shortened(witness: Witness): Witness {
  const host = createHash('sha256').update(witness.owner.host).digest('hex').slice(0, 8);
  return { ...witness, owner: { ...witness.owner, host } };
}

async function translated<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!isFileSystemError(error)) throw toSnapshotError(error);
    throw new SnapshotError(error.code === 'ENOSPC' ? 'spool_no_space' : 'spool_failed', `drill: ${path}: ${describe(error)}`, { cause: error });
  }
}
