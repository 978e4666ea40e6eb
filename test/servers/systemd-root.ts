import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const SUITE = 'bookworm';
const PACKAGES = 'systemd,systemd-sysv,dbus';

/** Whether a system of its own can be booted here. */
export async function canBootSystemd(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const path = { PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  return Promise.all(['debootstrap', 'unshare', 'nsenter'].map((tool) => run('sh', ['-c', `command -v ${tool}`], { env: path }))).then(
    () => true,
    () => false,
  );
}

/** A small Debian with systemd, outside the checkout; made once, in about a minute. Nobody ever writes into it. */
export async function systemdRoot(): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const root = join(cache, 'vault-snapshotd', `systemd-${SUITE}-${process.arch}`);
  if (await isThere(root)) return root;
  const partial = `${root}.${process.pid}.partial`;
  await mkdir(dirname(partial), { recursive: true });
  try {
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
    await run('debootstrap', ['--variant=minbase', `--include=${PACKAGES}`, SUITE, partial], { env, maxBuffer: 16 * 1024 * 1024 });
    await rename(partial, root).catch(async (error: unknown) => {
      // Another run was quicker.
      if (!(await isThere(root))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return root;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
