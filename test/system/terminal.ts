import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { onTestFinished } from 'vitest';
import { dyingWithParent } from '../servers/child.ts';

const LIMIT_MS = 45_000;

/** A program on a real terminal, as a person sees it: `script` makes the terminal. */
export class Terminal {
  /** All of it, with its control characters. */
  raw = '';
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #wake: (() => void) | undefined;
  #seen = 0;

  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const line = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const [program, args] = dyingWithParent('/usr/bin/script', ['-qefc', `stty cols 100 rows 40; exec ${line}`, '/dev/null']);
    this.#child = spawn(program, [...args], { env: { PATH: '/usr/bin:/bin', TERM: 'xterm', SHELL: '/bin/sh', ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void this.#child.kill('SIGKILL'));
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.raw += text;
      this.#wake?.();
    });
    this.ended = once(this.#child, 'close').then(([code]: unknown[]) => {
      this.#wake?.();
      return code as number | null;
    });
  }

  /** As it can be read. */
  get screen(): string {
    return stripVTControlCharacters(this.raw).replaceAll('\r\n', '\n');
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Until this stands there, after what was waited for before. */
  async until(text: string): Promise<void> {
    const late = AbortSignal.timeout(LIMIT_MS);
    late.addEventListener('abort', () => this.#wake?.());
    for (;;) {
      const at = this.screen.indexOf(text, this.#seen);
      if (at >= 0) {
        this.#seen = at + text.length;
        return;
      }
      if (late.aborted || this.#child.exitCode !== null) throw new Error(`no ${JSON.stringify(text)} in\n${this.screen}`);
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }
}
