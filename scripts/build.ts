import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from './bundle.ts';

const root = join(import.meta.dirname, '..');

async function main(): Promise<void> {
  const next = join(root, `dist.${process.pid}`);
  await bundle(next);
  await publish(next, join(root, 'dist'));
}

/** Two quick moves: whoever runs the program meanwhile meets the old build or the new one, not half of each. */
async function publish(next: string, dist: string): Promise<void> {
  const old = `${next}.old`;
  try {
    await rename(join(dist, 'packages'), join(next, 'packages')).catch(unless('ENOENT'));
    await rename(dist, old).catch(unless('ENOENT'));
    await rename(next, dist).catch(unless('ENOTEMPTY'));
  } finally {
    // Still there if another build came in between: then that one is as new as ours.
    await rm(next, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}

function unless(code: string): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (error.code !== code) throw error;
  };
}

await main();
