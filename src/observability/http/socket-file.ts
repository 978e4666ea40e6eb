import { once } from 'node:events';
import { chmod, lstat, rename, rm } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { SnapshotError } from '../../errors.ts';
import { ifThere } from '../../storage/file-system.ts';

/** A socket in the file system: there only as long as somebody listens, or was killed. */
export interface SocketFile {
  /** Resolves once it is gone; one that another process put in its place stays. */
  remove(): Promise<void>;
}

/** Listens there. What a killed process left is taken over, what a living one listens on is not. */
export async function listenOnSocketFile(server: Server, path: string, mode: number): Promise<SocketFile> {
  await refuseTaken(path);
  // Bound beside its place and moved there when its mode is right: nobody can get in earlier, and the move replaces what was left.
  const beside = `${path}.new`;
  await rm(beside, { force: true });
  server.listen(beside);
  await once(server, 'listening');
  await chmod(beside, mode);
  const { ino } = await lstat(beside);
  await rename(beside, path);
  return {
    async remove() {
      if ((await ifThere(lstat(path)))?.ino === ino) await rm(path, { force: true });
    },
  };
}

async function refuseTaken(path: string): Promise<void> {
  const found = await ifThere(lstat(path));
  if (found === undefined) return;
  if (!found.isSocket())
    throw new SnapshotError('listen_failed', `${path}: is there and is no socket`, { advice: 'choose another path, or remove what is there' });
  if (await isListenedOn(path)) {
    throw new SnapshotError('listen_failed', `${path}: another process listens on it`, {
      advice: 'stop the other daemon, or give this one a "spool_path" of its own',
    });
  }
}

async function isListenedOn(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    // Refused means that nobody is there any more; everything else, a full queue for one, that somebody may be.
    return !(error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT'));
  } finally {
    socket.destroy();
  }
}
