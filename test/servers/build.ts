import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { builtServer, cachedBinary, type ServerSource, sourceDirectory } from './binaries.ts';

const BEAT_MS = 3_000;
const STALE_LOCK_MS = 30_000;

export type Say = (line: string) => void;

/** The path of the server, built now if nobody has built it before. Two runs at once: one builds, the other waits for it. */
export async function buildServer(source: ServerSource, say: Say, signal: AbortSignal): Promise<string> {
  const target = await cachedBinary(source);
  await mkdir(dirname(target), { recursive: true });
  const lock = `${target}.lock`;
  while ((await builtServer(source)) === undefined) {
    if (await take(lock)) {
      try {
        // Whoever held the lock before may have built it since we looked.
        if ((await builtServer(source)) === undefined) await compile(source, target, lock, say, signal);
      } finally {
        await rm(lock, { force: true });
      }
    } else {
      say(`${source.name}: another run is building it, waiting`);
      await delay(BEAT_MS, undefined, { signal });
    }
  }
  return target;
}

/** A holder that died, or that has not touched its lock for long, has lost it. At worst two runs build the same file. */
async function take(lock: string): Promise<boolean> {
  const own = `${lock}.${process.pid}`;
  await writeFile(own, String(process.pid));
  try {
    if (await isStale(lock)) await rm(lock, { force: true });
    // link, not open: a lock never lacks its holder's number.
    await link(own, lock);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function isStale(lock: string): Promise<boolean> {
  try {
    const pid = Number(await readFile(lock, 'utf8'));
    if ((await stat(lock)).mtimeMs < Date.now() - STALE_LOCK_MS) return true;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    if (hasCode(error, 'EPERM')) return false;
    if (hasCode(error, 'ESRCH')) return true;
    throw error;
  }
}

async function compile(source: ServerSource, target: string, lock: string, say: Say, signal: AbortSignal): Promise<void> {
  const partial = `${target}.${process.pid}.partial`;
  const progress = new Progress(source.name, say);
  const beat = setInterval(() => {
    progress.tell();
    const now = new Date();
    void utimes(lock, now, now).catch((error: unknown) => say(`${source.name}: lock: ${String(error)}`));
  }, BEAT_MS);
  try {
    say(`${source.name}: building ${source.goPackage} for the tests; once, some minutes on a cold machine`);
    const args = ['build', '-v', '-tags', source.tags, '-o', partial, source.goPackage];
    const go = spawn('go', args, { cwd: sourceDirectory(source), stdio: ['ignore', 'ignore', 'pipe'], signal });
    createInterface({ input: go.stderr }).on('line', (line) => progress.add(line));
    const [code] = await once(go, 'close');
    if (code !== 0) throw new Error(`${source.name}: go build ended with ${code}\n${progress.lastLines()}`);
    await rename(partial, target);
    progress.tell();
  } finally {
    clearInterval(beat);
    await rm(partial, { force: true });
  }
}

/** What `go build -v` says, as one line every few seconds. */
class Progress {
  readonly #name: string;
  readonly #say: Say;
  readonly #startedAt = performance.now();
  readonly #last: string[] = [];
  #downloaded = 0;
  #compiled = 0;

  constructor(name: string, say: Say) {
    this.#name = name;
    this.#say = say;
  }

  add(line: string): void {
    if (line.startsWith('go: downloading')) this.#downloaded++;
    else this.#compiled++;
    this.#last.push(line);
    if (this.#last.length > 20) this.#last.shift();
  }

  tell(): void {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000);
    this.#say(`${this.#name}: ${seconds} s, ${this.#downloaded} modules downloaded, ${this.#compiled} packages compiled, ${this.#last.at(-1) ?? 'starting'}`);
  }

  lastLines(): string {
    return this.#last.join('\n');
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
