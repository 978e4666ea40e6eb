import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from '../fakes/test-end.ts';
import { dyingWithParent } from '../servers/child.ts';
import { ROOT } from '../unit/source-tree.ts';

const PROGRAM = join(ROOT, 'bin/vault-snapshotd');
/** For a line that never comes: the test fails with what there is, and not by its own limit with nothing. */
const LINE_LIMIT_MS = 45_000;

/** What runs here is what stands in src. `npm test` has built it; whoever runs one file after a change has not. */
function buildIfStale(): void {
  const builtAt = () => statSync(join(ROOT, 'dist/main.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const changedAt = Math.max(...globSync('src/**/*.ts', { cwd: ROOT }).map((path) => statSync(join(ROOT, path)).mtimeMs));
  if (changedAt < builtAt()) return;
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { stdio: 'inherit' });
  // Another test file may have been quicker and got in the way.
  if (status !== 0 && changedAt >= builtAt()) throw new Error('the program could not be built');
}

buildIfStale();

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type Environment = Readonly<Record<string, string>>;

/** The built program as an operator starts it. It hears nothing of the environment of the tests. */
export function start(args: readonly string[], env: Environment = {}): Running {
  const [command, all] = dyingWithParent(PROGRAM, args);
  const child = spawn(command, [...all], {
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Running(child);
}

/** Until its end. */
export async function run(args: readonly string[], env: Environment = {}): Promise<Ended> {
  return await start(args, env).ended;
}

export class Running {
  readonly ended: Promise<Ended>;
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #stdout: Uint8Array[] = [];
  readonly #watchers = new Set<() => void>();
  #seen = 0;
  #hasEnded = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk: Uint8Array) => this.#stdout.push(chunk));
    createInterface({ input: child.stderr! }).on('line', (line) => {
      this.lines.push(line);
      this.#tell();
    });
    this.ended = this.#untilEnded();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Nobody reads it any more: what is written from now on meets a broken pipe. */
  closeLog(): void {
    this.#child.stderr?.destroy();
  }

  /** The next line of the log like this, after the one that was waited for before. */
  async line(pattern: RegExp): Promise<string> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#tell();
    }, LINE_LIMIT_MS);
    try {
      for (;;) {
        const at = this.lines.findIndex((line, index) => index >= this.#seen && pattern.test(line));
        if (at >= 0) {
          this.#seen = at + 1;
          return this.lines[at]!;
        }
        if (this.#hasEnded || isLate) throw new Error(`${isLate ? 'in time' : 'before the end'} no line ${pattern} after\n${this.lines.join('\n')}`);
        await new Promise<void>((wake) => this.#watchers.add(wake));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #untilEnded(): Promise<Ended> {
    const [code, signal] = (await once(this.#child, 'close')) as [number | null, NodeJS.Signals | null];
    this.#hasEnded = true;
    this.#tell();
    return { code, signal, stdout: Buffer.concat(this.#stdout).toString(), stderr: this.lines.map((line) => `${line}\n`).join('') };
  }

  #tell(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}
