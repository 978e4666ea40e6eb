import { chmod, rename, writeFile } from 'node:fs/promises';
import { describe, isFileSystemError } from '../storage/file-system.ts';
import type { Log } from './contract.ts';

const EVERY_MS = 60_000;

export interface TextfileDeps {
  readonly path: string;
  render(): string;
  readonly log: Log;
}

/** The metrics as a file, for hosts without a port to scrape. Nothing depends on it: what cannot be written is told once. */
export class Textfile {
  readonly #deps: TextfileDeps;
  #isFailing = false;
  #last: Promise<void> = Promise.resolve();

  constructor(deps: TextfileDeps) {
    this.#deps = deps;
  }

  /** Now and once a minute, until the signal. */
  keepWritten(signal: AbortSignal): void {
    const timer = setInterval(() => void this.write(), EVERY_MS).unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    void this.write();
  }

  /** One after the other: two at once would share the file beside it. Never rejects on what a file system says. */
  async write(): Promise<void> {
    this.#last = this.#last.then(() => this.#tryToWrite());
    await this.#last;
  }

  async #tryToWrite(): Promise<void> {
    const { path, render, log } = this.#deps;
    try {
      await replaceFile(path, render());
      this.#isFailing = false;
    } catch (error) {
      if (!isFileSystemError(error)) throw error;
      if (!this.#isFailing) log.warn({ event: 'textfile_failed', path, error: describe(error) }, 'the textfile cannot be written');
      this.#isFailing = true;
    }
  }
}

/** Whoever reads it finds the old text or the new one, whole. The collector is another user, and does not read the name beside it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const beside = `${path}.new`;
  await writeFile(beside, text);
  await chmod(beside, 0o644);
  await rename(beside, path);
}
