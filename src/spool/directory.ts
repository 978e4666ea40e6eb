import { randomBytes } from 'node:crypto';
import { lstat, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere, makeDirectory, roomAt } from '../storage/file-system.ts';
import { isAbandoned, isLeftover, leftoverName, type Witness } from '../storage/leftover.ts';
import type { Spool, SpoolDirectory } from './contract.ts';
import { TailingSpool, toSpoolError } from './spool.ts';

/** Spools on a local disk; the directory is made when the first one is. */
export class LocalSpoolDirectory implements SpoolDirectory {
  readonly #path: string;
  readonly #witness: Witness;

  constructor(path: string, witness: Witness) {
    this.#path = path;
    this.#witness = witness;
  }

  async open(): Promise<Spool> {
    const path = join(this.#path, leftoverName('spool', this.#witness.owner, randomBytes(8).toString('hex')));
    return await this.#translated(async () => {
      await makeDirectory(this.#path);
      const file = await open(path, 'wx+', 0o600);
      try {
        await unlink(path);
      } catch (error) {
        await file.close();
        throw error;
      }
      return new TailingSpool(file, this.#path);
    });
  }

  async room(): Promise<number> {
    return await this.#translated(() => roomAt(this.#path));
  }

  /** Only a process killed between the open and the unlink of its spool leaves one. */
  async sweep(): Promise<readonly string[]> {
    return await this.#translated(async () => {
      const removed: string[] = [];
      for (const name of (await ifThere(readdir(this.#path))) ?? []) {
        if (!isLeftover('spool', name)) continue;
        const path = join(this.#path, name);
        const found = await ifThere(lstat(path));
        if (found === undefined || !isAbandoned(name, found.mtime, this.#witness)) continue;
        await ifThere(unlink(path));
        removed.push(path);
      }
      return removed;
    });
  }

  async #translated<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw toSpoolError(error, this.#path);
    }
  }
}
