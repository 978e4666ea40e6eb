import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { builtServer, SERVERS } from '../test/servers/binaries.ts';
import { canBootSystemd } from '../test/servers/systemd-root.ts';
import { importsOf, ROOT, readSources, resolveImport } from '../test/unit/source-tree.ts';

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults?: readonly { readonly name: string; readonly assertionResults: readonly TestResult[] }[];
}

interface TestResult {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages?: readonly string[];
}

/** Test files that lead to a built server over their imports, whatever folder they lie in. */
function suitesWithServers(): string[] {
  const tree = readSources('test');
  const isLeading = (path: string, seen: Set<string>): boolean => {
    if (seen.has(path)) return false;
    seen.add(path);
    return importsOf(tree.get(path) ?? '').some(({ specifier, names }) => {
      const target = resolveImport(path, specifier);
      if (target === 'test/servers/binaries.ts') return names.includes('serverBinary');
      return target !== undefined && isLeading(target, seen);
    });
  };
  return [...tree.keys()].filter((path) => path.endsWith('.test.ts') && isLeading(path, new Set())).sort();
}

async function areServersReady(): Promise<boolean> {
  const built = await Promise.all(SERVERS.map((source) => builtServer(source)));
  if (built.every((path) => path !== undefined)) return true;
  if (spawnSync('go', ['version']).status !== 0) return false;
  return (await run(process.execPath, ['scripts/servers.ts'])) === 0;
}

async function run(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child as well; it ends first, then we do.
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  const [code] = await once(child, 'close');
  process.off('SIGINT', pass).off('SIGTERM', pass);
  return code ?? 1;
}

async function runVitest(excluded: readonly string[]): Promise<{ readonly code: number; readonly report: VitestReport }> {
  const directory = await mkdtemp(join(tmpdir(), 'vitest-'));
  try {
    const outputFile = join(directory, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
    const exclusions = excluded.map((path) => `--exclude=${path}`);
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
    const code = await run(process.execPath, [vitest, 'run', ...reporters, ...exclusions, ...process.argv.slice(2)]);
    const report = await readFile(outputFile, 'utf8').catch(() => '{"numPassedTests":0,"numFailedTests":0}');
    return { code, report: JSON.parse(report) as VitestReport };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** One line for each, so that a log that was cut still tells all of them. */
function listFailures({ testResults = [] }: VitestReport): void {
  for (const { name, assertionResults } of testResults) {
    for (const { status, fullName, failureMessages = [] } of assertionResults)
      if (status === 'failed') console.log(`FAILED ${relative(ROOT, name)} > ${fullName}: ${failureMessages[0]?.split('\n')[0] ?? ''}`);
  }
}

async function main(): Promise<number> {
  const buildCode = await run(process.execPath, ['scripts/build.ts']);
  if (buildCode !== 0) {
    console.log('the build failed, so no test ran\n0 passed, 1 failed');
    return buildCode;
  }
  const left = (await areServersReady()) ? [] : suitesWithServers();
  const booting = (await canBootSystemd())
    ? []
    : ['test/real/systemd.test.ts', 'test/packaging/packages.test.ts', 'test/system/docs.test.ts'].filter((path) => !left.includes(path));
  const { code, report } = await runVitest([...left, ...booting]);
  if (left.length > 0) {
    console.log('not every server is built, and Go to build it is missing or failed. These suites did not run:');
    for (const path of left) console.log(`  ${path}`);
  }
  if (booting.length > 0) console.log(`booting a systemd needs root, debootstrap, unshare and nsenter. These suites did not run:\n  ${booting.join('\n  ')}`);
  const isIncomplete = left.length + booting.length > 0 && process.env.CI === 'true';
  if (isIncomplete) console.log('CI=true: suites that did not run count as a failure');
  const exitCode = isIncomplete ? code || 1 : code;
  // A file that could not even be loaded, or an error outside of any test, fails the run without a failed test.
  const failed = Math.max(report.numFailedTests, exitCode === 0 ? 0 : 1);
  listFailures(report);
  console.log(`${report.numPassedTests} passed, ${failed} failed`);
  return exitCode;
}

process.exitCode = await main();
