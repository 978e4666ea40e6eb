import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build, transform } from 'esbuild';
import { inject } from './inject.ts';

const run = promisify(execFile);

/** As in bin/vault-snapshotd, which says why. */
const NODE_FLAGS = ['--max-semi-space-size=1'];

/** The bundle and the Node that runs this in one file, which needs no Node on its host. */
export async function makeExecutable(bundle: string, scratch: string, executable: string): Promise<void> {
  const assets: Record<string, string> = {};
  for (const name of globSync('**/*.js', { cwd: bundle }).sort()) {
    assets[name] = join('assets', name);
    const path = join(scratch, assets[name]);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await toFunction(await readFile(join(bundle, name), 'utf8')), 'latin1');
  }
  const loader = join(import.meta.dirname, 'loader.ts');
  await build({ entryPoints: [loader], outfile: join(scratch, 'loader.cjs'), bundle: true, format: 'cjs', platform: 'node', target: 'node24' });
  const config = { main: 'loader.cjs', output: 'blob', assets, execArgv: NODE_FLAGS, disableExperimentalSEAWarning: true };
  await writeFile(join(scratch, 'sea.json'), JSON.stringify(config));
  // From there, as the blob has the path of its main script inside.
  await run(process.execPath, ['--experimental-sea-config', 'sea.json'], { cwd: scratch });
  await run('strip', ['--strip-all', '-o', join(scratch, 'node'), process.execPath]);
  await writeFile(executable, inject(await readFile(join(scratch, 'node')), await readFile(join(scratch, 'blob'))));
  await chmod(executable, 0o755);
}

/** A chunk as CommonJS. All of it is ASCII, so that it can be compiled without being decoded. */
async function toFunction(chunk: string): Promise<string> {
  const { code } = await transform(chunk, {
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '"file:///"' },
  });
  return `(function (exports, require, module) {${code}\n})`;
}
