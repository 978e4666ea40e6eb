import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const PATIENCE_MS = 20_000;
/** Worth stopping a change for. What is lower, or only fixed by going back, is told. */
const GRAVE: readonly string[] = ['high', 'critical'];

interface Lock {
  readonly packages: Readonly<Record<string, { readonly resolved?: string; readonly integrity?: string }>>;
}

interface Finding {
  readonly severity: string;
  readonly range: string;
}

/** Packages that could be swapped on their way here: without a strong sum, or from another place than the rest. */
function loose({ packages }: Lock): readonly string[] {
  const fetched = Object.entries(packages).filter(([path]) => path !== '');
  const origins = new Set(fetched.flatMap(([, { resolved }]) => (resolved === undefined ? [] : [new URL(resolved).origin])));
  const unsummed = fetched.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => `${path}: the lock file has no SHA-512 of it`);
  return origins.size > 1 ? [...unsummed, `the lock file fetches from ${origins.size} places: ${[...origins].join(', ')}`] : unsummed;
}

/** What is known to be wrong with these versions; undefined where nobody answers. */
function advisories(): Readonly<Record<string, Finding>> | undefined {
  const { stdout } = spawnSync('npm', ['audit', '--json'], { cwd: root, encoding: 'utf8', timeout: PATIENCE_MS });
  try {
    const answer = JSON.parse(stdout) as { readonly vulnerabilities?: Readonly<Record<string, Finding>> };
    return answer.vulnerabilities;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function main(): number {
  const faults = loose(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock);
  for (const fault of faults) console.error(`audit: ${fault}`);
  const found = advisories();
  if (found === undefined) console.error('audit: the service that knows of weak versions gives no answer here, so nobody was asked');
  const entries = Object.entries(found ?? {});
  for (const [name, { severity, range }] of entries) console.error(`audit: ${name} ${range}: ${severity}; "npm audit" tells more`);
  return faults.length > 0 || entries.some(([, { severity }]) => GRAVE.includes(severity)) ? 1 : 0;
}

process.exitCode = main();
