import { type ChildProcess, spawn } from 'node:child_process';
import { SnapshotError } from '../errors.ts';
import type { CommandLine } from './isolation.ts';

const KEPT_LINES = 40;
const TOLD_LINES = 3;
const TOKEN = /\b(?:hv[sbr]|[sbr])\.[\w-]{20,}/g;

export interface RunSettings {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** One run of a server. */
export class ServerRun {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #lost = new AbortController();
  readonly #lines: string[] = [];
  #isWanted = true;

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    this.#ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        if (this.#isWanted) this.#lost.abort(new SnapshotError('server_exited', `server: ended with ${signal ?? `status ${code}`}: ${this.lastWords()}`));
        resolve();
      });
    });
  }

  static async start([command, args]: CommandLine, { directory, env }: RunSettings): Promise<ServerRun> {
    // A group of its own: what a terminal sends to us is not meant for it.
    const child = spawn(command, [...args], { cwd: directory, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const server = new ServerRun(child);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve).once('error', (error) => reject(new SnapshotError('server_exited', `server: ${error.message}`, { cause: error })));
    });
    return server;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Aborts when it ends without being told to. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  lastWords(): string {
    return this.#lines.slice(-TOLD_LINES).join(' | ') || 'it said nothing';
  }

  /** Nothing in it is worth a graceful end. */
  async end(): Promise<void> {
    this.#isWanted = false;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  #keep(text: string): void {
    for (const line of text.split('\n')) if (line.trim() !== '') this.#lines.push(line.trim().replaceAll(TOKEN, '[secret]').slice(0, 300));
    const failed = this.#lines.find((line) => line.includes('post-unseal setup failed'));
    // It would try again for ever.
    if (failed !== undefined) this.#lost.abort(new SnapshotError(failed.includes('audit') ? 'audit_blocked' : 'server_exited', `server: ${failed}`));
    this.#lines.splice(0, Math.max(0, this.#lines.length - KEPT_LINES));
  }
}
