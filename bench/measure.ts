import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dyingWithParent } from '../test/servers/child.ts';

/** One process of those that make up a way of taking a snapshot. */
export interface Step {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Counted {
  readonly wallSeconds: number;
  readonly peakMb: number;
  readonly cpuSeconds: number;
}

/** One step after the other, and what the kernel counted for them: the time of all, the memory of the largest process. */
export async function measure(steps: readonly Step[], scratch: string): Promise<Counted> {
  const file = join(scratch, 'counted');
  let [peakMb, cpuSeconds] = [0, 0];
  const began = performance.now();
  for (const { command, args, env } of steps) {
    const timed = ['--output', file, '--format', '%M %U %S', command, ...args];
    await finish(begin({ command: '/usr/bin/time', args: timed, env }), command);
    const [kib = 0, user = 0, system = 0] = (await readFile(file, 'utf8')).trim().split(' ').map(Number);
    peakMb = Math.max(peakMb, (kib * 1024) / 1_000_000);
    cpuSeconds += user + system;
  }
  return { wallSeconds: (performance.now() - began) / 1000, peakMb, cpuSeconds };
}

export async function runStep(step: Step): Promise<void> {
  await finish(begin(step), step.command);
}

/** In a group of its own, so that it can be ended with all it has started. */
export function begin({ command, args, env }: Step): ChildProcess {
  const [file, rest] = dyingWithParent(command, args);
  return spawn(file, [...rest], { env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
}

export async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await exited;
}

async function finish(child: ChildProcess, what: string): Promise<void> {
  const said: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${what} ended with ${code}\n${said.join('').slice(-2_000)}`);
}
