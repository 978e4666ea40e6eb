import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from './test-end.ts';

const run = promisify(execFile);

/** A directory for this test, gone when it ends. */
export async function scratchDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'snap-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A disk so small that a test can fill it. Needs root, as CI has. */
export async function smallDisk(bytes: number): Promise<string> {
  const path = await scratchDirectory();
  await mountSmallDisk(path, bytes);
  return path;
}

/** The same in place of a directory that is there. Until the end of the test it hides what was there before. */
export async function mountSmallDisk(path: string, bytes: number): Promise<void> {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'none', path]);
  onTestFinished(async () => void (await run('umount', ['--lazy', path])));
}

/** The same files, where nobody, not even root, may write. */
export async function readOnlyView(of: string): Promise<string> {
  const path = await scratchDirectory();
  await run('mount', ['--bind', of, path]);
  onTestFinished(async () => void (await run('umount', ['--lazy', path])));
  await run('mount', ['-o', 'remount,bind,ro', path]);
  return path;
}

/** Root passes every permission; this attribute stops it too: no write, no new name, no link. */
export async function makeImmutable(path: string): Promise<void> {
  await run('chattr', ['+i', path]);
  onTestFinished(async () => void (await run('chattr', ['-i', path]).catch(() => undefined)));
}
