import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
const TERM_PATIENCE_MS = 10_000;

/** The command line that ends with its parent, also when that one is killed. Linux has the kernel do it; elsewhere it may stay behind. */
export function dyingWithParent(command: string, args: readonly string[]): readonly [string, readonly string[]] {
  return SETPRIV === undefined ? [command, args] : [SETPRIV, ['--pdeathsig', 'KILL', '--', command, ...args]];
}

/** A server process that ends with the process which started it, also when that one is killed. */
export class ServerChild {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
  }

  /** Both outputs are appended to the log file. */
  static async start(command: string, args: readonly string[], logFile: string, env: NodeJS.ProcessEnv = process.env): Promise<ServerChild> {
    const log = await open(logFile, 'a');
    try {
      const [file, rest] = dyingWithParent(command, args);
      const child = spawn(file, [...rest], { stdio: ['ignore', log.fd, log.fd], env });
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      return new ServerChild(child);
    } finally {
      await log.close();
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get exited(): Promise<number | null> {
    return this.#exited;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#exited;
  }

  /** Asks first; a server that does not end in time is killed. */
  async terminate(): Promise<void> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const patience = new AbortController();
    const ended = this.#exited.then(() => patience.abort());
    await delay(TERM_PATIENCE_MS, undefined, { signal: patience.signal }).catch((error: unknown) => {
      if (!patience.signal.aborted) throw error;
    });
    if (this.isRunning) this.signal('SIGKILL');
    await ended;
  }
}
