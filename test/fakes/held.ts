import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A real process in the middle of its work. */
export interface Holder {
  readonly pid: number;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a process that opens a spool or an upload in that directory, writes to it, and then only lives. */
export async function startHolder(what: 'spool' | 'upload', directory: string): Promise<Holder> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('holder.ts', import.meta.url)), what, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  const [said] = await Promise.race([once(child.stdout, 'data'), ended]);
  if (String(said).trim() !== 'holding') throw new Error(`the holder ended: ${said}`);
  return { pid: numberOf(child), kill: () => killed(child, ended) };
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

function numberOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the holder did not start');
  return pid;
}

async function killed(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}
