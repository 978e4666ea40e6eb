import { execFileSync } from 'node:child_process';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** node-vault loads axios, and our transport hook leaves it without a use: a stub spares 265 kB and 25 ms of start-up. */
const withoutAxios: Plugin = {
  name: 'without-axios',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^axios$/ }, () => ({ path: 'axios', namespace: 'stub' }));
    onLoad({ filter: /.*/, namespace: 'stub' }, () => ({
      contents: 'exports.create = () => () => { throw new Error("axios is not part of this build"); };',
    }));
  },
};

/** The commit of a checkout; a source archive has none. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}

async function main(): Promise<void> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  const next = join(root, `dist.${process.pid}`);
  await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outdir: next,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.18',
    // "module" first: from the CommonJS of some SDKs a dynamic import has no named exports.
    mainFields: ['module', 'main'],
    // Some packages are CommonJS inside and call require.
    banner: { js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);" },
    // No minifying: Node prints the source line of an uncaught error.
    sourcemap: true,
    chunkNames: 'chunks/[name]-[hash]',
    define: { __VERSION__: JSON.stringify(version), __COMMIT__: JSON.stringify(commit()) },
    plugins: [withoutAxios],
    logLevel: 'warning',
  });
  await publish(next, join(root, 'dist'));
}

/** Two quick moves: whoever runs the program meanwhile meets the old build or the new one, not half of each. */
async function publish(next: string, dist: string): Promise<void> {
  const old = `${next}.old`;
  try {
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
