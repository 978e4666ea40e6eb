import { createHash } from 'node:crypto';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../errors.ts';
import type { Marked, Marker, Phase } from '../recovery/bootstrap-marker.ts';
import { ifThere, makeDirectory } from '../storage/file-system.ts';
import { toSpoolError } from './spool.ts';

const PHASES: readonly string[] = ['initialising', 'initialised', 'restore_sent', 'restored'] satisfies readonly Phase[];

/** One small file in the state directory for each server that is being filled. */
export function openMarker(directory: string, address: string): Marker {
  const path = join(directory, `bootstrap-${createHash('sha256').update(address).digest('hex').slice(0, 16)}.json`);
  const translated = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      throw toSpoolError(error, path);
    }
  };
  return {
    read: () =>
      translated(async () => {
        const text = await ifThere(readFile(path, 'utf8'));
        return text === undefined ? undefined : parse(text, path);
      }),
    write: (marked) =>
      translated(async () => {
        await makeDirectory(directory);
        await writeDurably(`${path}.partial`, `${JSON.stringify(marked, null, 2)}\n`);
        await rename(`${path}.partial`, path);
        await syncDirectory(directory);
      }),
    remove: () =>
      translated(async () => {
        await ifThere(unlink(path));
        await ifThere(syncDirectory(directory));
      }),
  };
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** It is written in one step: what cannot be read is not ours, and nothing may be decided by it. */
function parse(text: string, path: string): Marked {
  try {
    const marked = JSON.parse(text) as Partial<Marked> | null;
    if (marked?.phase !== undefined && PHASES.includes(marked.phase) && marked.cluster_id !== undefined) return marked as Marked;
    throw new TypeError('lacks its phase or its cluster');
  } catch (error) {
    throw new SnapshotError('spool_failed', `${path}: not readable as a marker`, {
      cause: error,
      advice: 'look at the server; if it needs no bootstrap, remove this file',
    });
  }
}
