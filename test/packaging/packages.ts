import { execFile, spawnSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../unit/source-tree.ts';

const FOLDER = join(ROOT, 'dist/packages');
const SOURCES = '{src,packaging,scripts,docs}/**/*.*';

export const runHere = promisify(execFile);

/** The packages of what stands in the checkout, made anew if they are older than that. */
export function makePackages(): void {
  const madeAt = statSync(join(FOLDER, 'SHA256SUMS'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const changedAt = Math.max(...globSync(SOURCES, { cwd: ROOT }).map((path) => statSync(join(ROOT, path)).mtimeMs));
  if (changedAt < madeAt) return;
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/package.ts')], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the packages could not be made');
}

/** The one file among them with a name like this. */
export function packageLike(pattern: string): string {
  const [path, ...more] = globSync(join(FOLDER, pattern));
  if (path === undefined || more.length > 0) throw new Error(`not one package is like ${pattern}`);
  return path;
}
