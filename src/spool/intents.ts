import { mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../errors.ts';
import type { Intent, Intents } from './contract.ts';

/** One small file per snapshot and destination, in the state directory. */
export function openIntents(directory: string): Intents {
  const fileOf = ({ destination, key }: Intent) => join(directory, `${destination}--${key.replaceAll('/', '--')}.json`);
  return {
    async record(intent) {
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        const file = await open(fileOf(intent), 'w', 0o600);
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
      await unlink(fileOf(intent)).catch(ignoreMissing);
    },
    async list() {
      const names = await readdir(directory).catch(ignoreMissing);
      const intents: Intent[] = [];
      for (const name of names ?? []) {
        const intent = parseIntent(await readFile(join(directory, name), 'utf8'));
        // Cut off while it was written: the commit it announced never began.
        if (intent === undefined) await unlink(join(directory, name));
        else intents.push(intent);
      }
      return intents;
    },
  };
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
