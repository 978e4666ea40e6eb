import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The oldest Node that is promised, that of the checkout, and the newest. */
export const NODES = ['22.18.0', '24.21.0', '26.10.0'] as const;

/** A Node of exactly this version, outside the checkout; fetched once. */
export async function nodeOf(version: (typeof NODES)[number]): Promise<string> {
  const binary = version === process.versions.node ? process.execPath : await fetched(version);
  const { stdout } = await run(binary, ['--version']);
  if (stdout !== `v${version}\n`) throw new Error(`${binary} is ${stdout}`);
  return binary;
}

async function fetched(version: string): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const place = join(cache, 'vault-snapshotd', `node-${version}-${process.arch}`);
  const platform = `node-linux-${process.arch}`;
  const binary = join(place, 'node_modules', platform, 'bin/node');
  if (await isThere(binary)) return binary;
  const partial = `${place}.${process.pid}.partial`;
  await mkdir(partial, { recursive: true });
  try {
    await run('npm', ['install', '--prefix', partial, '--ignore-scripts', '--no-save', '--no-audit', '--no-fund', `${platform}@${version}`], {
      cwd: dirname(partial),
    });
    await rename(partial, place).catch(async (error: unknown) => {
      // Another run was quicker.
      if (!(await isThere(binary))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return binary;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
