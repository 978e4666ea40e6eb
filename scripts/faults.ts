import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { POSSIBLE_CELLS, type Verdict } from '../test/faults/declaration.ts';
import { type Facts, renderPage } from '../test/faults/page.ts';
import { FAKE_GCS, MINIO, type ServerSource, sourceDirectory, VAULT } from '../test/servers/binaries.ts';

const ROOT = join(import.meta.dirname, '..');
const PROGRESS_MS = 15_000;

/** The version a server is pinned to. */
async function pinned(source: ServerSource): Promise<string> {
  const text = await readFile(join(sourceDirectory(source), 'go.mod'), 'utf8');
  return new RegExp(`\\s${source.goPackage} v(\\S+)`).exec(text)?.[1] ?? 'of unknown version';
}

async function facts(): Promise<Facts> {
  const { version, devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    readonly version: string;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const versions = {
    'vault-snapshotd': version,
    Node: process.versions.node,
    Vault: await pinned(VAULT),
    MinIO: await pinned(MINIO),
    'fake-gcs-server': await pinned(FAKE_GCS),
    Azurite: devDependencies.azurite ?? '',
  };
  return { date: new Date().toISOString().slice(0, 10), versions };
}

async function verdictsIn(file: string): Promise<readonly Verdict[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  // The last line may be on its way.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Verdict);
}

async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', env });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  const [code] = await once(child, 'close');
  process.off('SIGINT', pass).off('SIGTERM', pass);
  return code ?? 1;
}

/** All cells, or those whose names match; only all of them make the page. */
async function main(pattern: string | undefined): Promise<number> {
  for (const script of ['scripts/build.ts', 'scripts/servers.ts']) {
    const code = await run(process.execPath, [script]);
    if (code !== 0) return code;
  }
  const directory = await mkdtemp(join(tmpdir(), 'faults-'));
  const file = join(directory, 'verdicts');
  await writeFile(file, '');
  const progress = setInterval(() => void verdictsIn(file).then((done) => console.log(`${done.length} cells`)), PROGRESS_MS);
  try {
    const env = { ...process.env, VAULT_SNAPSHOTD_FAULTS: pattern ?? 'all', VAULT_SNAPSHOTD_VERDICTS: file };
    const code = await run(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=dot', 'test/faults/sample.test.ts'], env);
    const verdicts = new Map((await verdictsIn(file)).map((verdict) => [verdict.id, verdict]));
    if (pattern === undefined) await writeFile(join(ROOT, 'docs/reliability.md'), renderPage(verdicts, await facts()));
    const bad = [...verdicts.values()].filter(({ failures }) => failures.length > 0);
    console.log(`${verdicts.size - bad.length} of ${pattern === undefined ? POSSIBLE_CELLS.length : verdicts.size} cells hold`);
    return code;
  } finally {
    clearInterval(progress);
    await rm(directory, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv[2]);
