import { createHash } from 'node:crypto';
import { lstat, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../errors.ts';
import { makeDirectory } from '../storage/file-system.ts';
import { isAbandoned, isOwn, leftoverName, type Witness } from '../storage/leftover.ts';
import type { Intent, Intents } from './contract.ts';

/** One small file per snapshot and destination, in the state directory. Those of another process that lives are its own business. */
export function openIntents(directory: string, witness: Witness): Intents {
  return {
    async record(intent) {
      try {
        await makeDirectory(directory);
        const file = await open(join(directory, leftoverName('intent', witness.owner, idOf(intent))), 'w', 0o600);
        try {
          await file.writeFile(JSON.stringify(intent));
          await file.sync();
        } finally {
          await file.close();
        }
      } catch (error) {
        throw new SnapshotError('spool_failed', `${directory}: ${(error as Error).message}`, { cause: error });
      }
    },
    async clear(intent) {
      const names = await readdir(directory).catch(ignoreMissing);
      // It may bear the name of the process that recorded it and is gone.
      for (const name of names ?? []) if (name.endsWith(`-${idOf(intent)}`)) await unlink(join(directory, name)).catch(ignoreMissing);
    },
    async list() {
      const names = await readdir(directory).catch(ignoreMissing);
      const intents: Intent[] = [];
      for (const name of names ?? []) {
        const file = join(directory, name);
        const found = await lstat(file).catch(ignoreMissing);
        if (found === undefined || !(isOwn(name, witness) || isAbandoned(name, found.mtime, witness))) continue;
        const intent = parseIntent(await readFile(file, 'utf8'));
        // Cut off while it was written: the commit it announced never began.
        if (intent === undefined) await unlink(file);
        else intents.push(intent);
      }
      return intents;
    },
  };
}

function idOf({ destination, key }: Intent): string {
  return createHash('sha256').update(`${destination} ${key}`).digest('hex').slice(0, 16);
}

function parseIntent(text: string): Intent | undefined {
  try {
    return JSON.parse(text) as Intent;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
