import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importCycles, layerFaults } from './layers.ts';
import { importsOf, ROOT, readSources, type SourceTree, withoutComments } from './source-tree.ts';

const MAX_LINES = 250;
const GIVEN_DEPENDENCIES = ['node-vault', 'pino', 'croner', '@aws-sdk/client-s3', '@azure/storage-blob', '@azure/identity'];

function longFiles(tree: SourceTree): string[] {
  return [...tree].filter(([, text]) => text.trimEnd().split('\n').length > MAX_LINES).map(([path]) => path);
}

function filesWith(pattern: RegExp, tree: SourceTree): string[] {
  return [...tree].filter(([, text]) => pattern.test(withoutComments(text))).map(([path]) => path);
}

const touchesProcess = /\bprocess\.|'(node:)?process'|globalThis\.process/;
const hasDefaultExport = /^export\s+(default\b|\{[^}]*\bas\s+default\b)/m;
const reExports = /^export\s+(type\s+)?(\*|\{[^}]*\})\s+from\b/m;
const bendsTests = /\bvi\.(mock|doMock|stubGlobal)\(|\b(it|test|describe)(\.\w+)*\.(skip|only|todo|skipIf|runIf)\b/;

function one(path: string, text: string): SourceTree {
  return new Map([[path, text]]);
}

const src = readSources('src');
const tests = readSources('test');

describe('the architecture', () => {
  it('imports only from the own layer or one further in', () => {
    expect(layerFaults(src)).toEqual([]);
  });

  it('has no import cycle, types included', () => {
    expect(importCycles(src)).toEqual([]);
  });

  it('has no file over 250 lines', () => {
    const all = readSources(...['src', 'test', 'demo', 'scripts', 'bench'].filter((folder) => existsSync(join(ROOT, folder))));
    expect(longFiles(all)).toEqual([]);
  });

  it('touches process only in main.ts', () => {
    expect(filesWith(touchesProcess, src).filter((path) => path !== 'src/main.ts')).toEqual([]);
  });

  it('has named exports only, and none passed on', () => {
    expect([...filesWith(hasDefaultExport, src), ...filesWith(reExports, src)]).toEqual([]);
  });

  it('skips, focuses and mocks nothing in its tests', () => {
    const files = filesWith(bendsTests, tests).filter((path) => path !== 'test/unit/architecture.test.ts');
    expect(files).toEqual([]);
  });

  it('has test/unit folders that src has too', () => {
    const folders = readdirSync(join(ROOT, 'test/unit'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).filter((name) => !existsSync(join(ROOT, 'src', name)))).toEqual([]);
  });
});

describe('the packages', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;

  it('are given or have a decision file that names them', () => {
    const folder = join(ROOT, 'docs/decisions');
    const decisions = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    const added = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter((name) => !GIVEN_DEPENDENCIES.includes(name));
    expect(added.filter((name) => !decisions.some((text) => text.includes(`\`${name}\``)))).toEqual([]);
  });

  it('are pinned exactly', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('are all declared that src imports', () => {
    const used = [...src.values()].flatMap((text) => importsOf(text)).map(({ specifier }) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '');
    const packages = used.filter((name) => !name.startsWith('.') && !name.startsWith('node:'));
    expect(packages.filter((name) => !(name in (manifest.devDependencies ?? {})))).toEqual([]);
  });

  it('are all in the bundle: who installs the program installs nothing besides', () => {
    expect(manifest.dependencies).toBeUndefined();
  });

  it('have no download addresses in the lock file', () => {
    const lines = readFileSync(join(ROOT, 'package-lock.json'), 'utf8').split('\n');
    expect(lines.filter((line) => line.includes('"resolved": "http'))).toEqual([]);
  });
});

describe('the checks themselves', () => {
  it.each([
    { path: 'src/errors.ts', text: "import { join } from 'node:path';" },
    { path: 'src/storage/contract.ts', text: 'export const code = 1;' },
    { path: 'src/agent/round.ts', text: "import { open } from 'node:fs/promises';" },
    { path: 'src/agent/round.ts', text: "import type { LocalStorage } from '../storage/local/storage.ts';" },
    { path: 'src/retention/plan.ts', text: "import type { Storage } from '../storage/contract.ts';" },
    { path: 'src/vault/client.ts', text: "const { run } = await import('../cli/run.ts');" },
    { path: 'src/storage/s3/storage.ts', text: "import {\n  open,\n} from '../local/pending.ts';" },
    { path: 'src/cli/run.ts', text: "import { LocalStorage } from '../storage/local/storage.ts';" },
    { path: 'src/utils/text.ts', text: '' },
  ])('refuse in $path: $text', ({ path, text }) => {
    expect(layerFaults(one(path, text))).toHaveLength(1);
  });

  it('let pass what the layers allow', () => {
    const text =
      "import { SnapshotError } from '../errors.ts';\nimport type { Spool } from '../spool/contract.ts';\nimport { createHash } from 'node:crypto';\n";
    expect(layerFaults(one('src/snapshot/archive.ts', text))).toEqual([]);
  });

  it('find a cycle through a type import', () => {
    const tree = new Map([
      ['src/agent/a.ts', "import { b } from './b.ts';"],
      ['src/agent/b.ts', "import type { A } from './c.ts';"],
      ['src/agent/c.ts', "import type { a } from './a.ts';"],
    ]);
    expect(importCycles(tree)).toEqual(['src/agent/a.ts → src/agent/b.ts → src/agent/c.ts → src/agent/a.ts']);
  });

  it('find the 251st line', () => {
    expect(longFiles(one('src/a.ts', 'x\n'.repeat(251)))).toEqual(['src/a.ts']);
    expect(longFiles(one('src/a.ts', 'x\n'.repeat(250)))).toEqual([]);
  });

  it.each([
    { pattern: touchesProcess, text: 'const pid = process.pid;', isFound: true },
    { pattern: touchesProcess, text: "import { env } from 'node:process';", isFound: true },
    { pattern: touchesProcess, text: '// ends with the process. Really.', isFound: false },
    { pattern: hasDefaultExport, text: 'export default function run() {}', isFound: true },
    { pattern: reExports, text: "export { run } from './run.ts';", isFound: true },
    { pattern: bendsTests, text: "it.skip('x', () => {});", isFound: true },
    { pattern: bendsTests, text: "describe.only('x', () => {});", isFound: true },
    { pattern: bendsTests, text: "vi.mock('./x.ts');", isFound: true },
    { pattern: bendsTests, text: "it.each([1])('x', () => {});", isFound: false },
  ])('look through $text', ({ pattern, text, isFound }) => {
    expect(filesWith(pattern, one('x.ts', text))).toHaveLength(isFound ? 1 : 0);
  });
});
