import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';

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

export async function packageVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly version: string };
  return version;
}

/** The program as `main.js` and the chunks it loads when it needs them; resolves with what went into each. */
export async function bundle(folder: string): Promise<Metafile> {
  // Whatever the folder, the names of chunks come from this one: two builds of one commit are equal.
  const outdir = join(root, 'dist');
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outdir,
    write: false,
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
    metafile: true,
    chunkNames: 'chunks/[name]-[hash]',
    define: { __VERSION__: JSON.stringify(await packageVersion()), __COMMIT__: JSON.stringify(commit()) },
    plugins: [withoutAxios],
    logLevel: 'warning',
  });
  for (const { path, contents } of outputFiles) {
    const file = join(folder, relative(outdir, path));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  return metafile;
}
