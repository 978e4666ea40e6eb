import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, type FileHandle, open, readdir, readFile, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SnapshotError } from '../errors.ts';
import { ifThere, isFileSystemError, makeDirectory } from '../storage/file-system.ts';
import { toSpoolError } from './spool.ts';

/** Of the running kernel, the same in all its containers; another host has another. Some sandboxes have none. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const HOST_NAME = '/proc/sys/kernel/hostname';
/** Long enough for a busy process; one that is halted holds the lock and says nothing. */
const ANSWER_MS = 1_000;
const SILENT = 'another process, which does not answer';

/** Gives the lock up again. */
export type Release = () => Promise<void>;

export interface LockWish {
  readonly directory: string;
  /** What is locked, unlike anything else in that directory. */
  readonly name: string;
  /** What the others are told. */
  readonly holder: string;
  /** Why it cannot be had. */
  taken(holder: string): SnapshotError;
}

/**
 * One process of this state directory at a time. A socket somebody listens on, and no number of a process: it is over the moment the process is, and tells
 * so from one container to the other. From one host to the other it does not: there a living one looks dead, and is left alone.
 */
export async function lock({ directory, name, holder, taken }: LockWish): Promise<Release> {
  const prefix = `.${name}-`;
  const server = createServer((socket) => void socket.on('error', () => undefined).end(holder));
  let folder: FileHandle | undefined;
  let own: string | undefined;
  const release = async () => {
    if (own !== undefined) await ifThere(unlink(join(directory, own)));
    server.close();
    await folder?.close();
  };
  try {
    await makeDirectory(directory);
    folder = await open(directory, 'r');
    const ofThisHost = `${prefix}${await hostMark()}-`;
    own = `${ofThisHost}${randomBytes(8).toString('hex')}.lock`;
    // The name of a socket may have a hundred characters only, whatever the path is.
    const near = (file: string) => `/proc/self/fd/${folder?.fd}/${file}`;
    await listen(server, near(own));
    // Everybody listens before he looks around: of two at once none goes on unseen.
    const others = (await readdir(directory)).filter((file) => file.startsWith(prefix) && file !== own);
    for (const other of others) {
      const answer = await ask(near(other));
      if (answer !== undefined) throw taken(answer === '' ? SILENT : answer);
      if (other.startsWith(ofThisHost)) await ifThere(unlink(join(directory, other)));
    }
    // Seen between its making and its first ear, it was taken for what a dead one left.
    if (!(await readdir(directory)).includes(own)) throw taken(SILENT);
    return release;
  } catch (error) {
    await release();
    throw toSpoolError(error, directory);
  }
}

async function hostMark(): Promise<string> {
  const mark = (await ifThere(readFile(BOOT_ID, 'utf8'))) ?? (await readFile(HOST_NAME, 'utf8'));
  return createHash('sha256').update(mark).digest('hex').slice(0, 16);
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, 'listening');
  // A connection that cannot be taken costs the answer, not the lock.
  server.on('error', () => undefined);
  // Who may see the directory may ask: to another user, too, a dead one must look dead.
  await chmod(path, 0o666);
}

/** What the holder says of himself, perhaps nothing; undefined: there is none any more. */
async function ask(path: string): Promise<string | undefined> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    socket.setTimeout(ANSWER_MS, () => socket.end().destroy());
    return await text(socket);
  } catch (error) {
    return isFileSystemError(error, 'ECONNREFUSED', 'ENOENT') ? undefined : '';
  } finally {
    socket.destroy();
  }
}
