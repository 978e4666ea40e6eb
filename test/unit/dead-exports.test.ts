import { describe, expect, it } from 'vitest';
import { exportsOf, importsOf, readSources, resolveImport, type SourceTree, withoutComments } from './source-tree.ts';

/** `<path> <name>` of everything the files of a tree take from src. */
function takenBy(tree: SourceTree): ReadonlySet<string> {
  const taken = new Set<string>();
  for (const [path, text] of tree) {
    for (const { specifier, names } of importsOf(text)) {
      const target = resolveImport(path, specifier);
      for (const name of names) taken.add(`${target} ${name}`);
    }
  }
  return taken;
}

/**
 * What neither the program nor a script ever uses, and what is exported for nobody. An export of a piece that its own file uses may be for a
 * test; a type may be for those who read the signature it stands in.
 */
function deadExports(src: SourceTree, tests: SourceTree, scripts: SourceTree = new Map()): string[] {
  const bySrc = takenBy(new Map([...src, ...scripts]));
  const byTests = takenBy(tests);
  const dead: string[] = [];
  for (const [path, text] of src) {
    for (const { name, isType } of exportsOf(text)) {
      const isTaken = (taken: ReadonlySet<string>) => taken.has(`${path} ${name}`) || taken.has(`${path} *`);
      if (isTaken(bySrc)) continue;
      const isUsedAtHome = [...withoutComments(text).matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length > 1;
      if (!isUsedAtHome || !(isType || isTaken(byTests))) dead.push(`${path} ${name}`);
    }
  }
  return dead;
}

describe('exports of src', () => {
  it('are used by the program, and by more than their own file', () => {
    expect(deadExports(readSources('src'), readSources('test', 'demo'), readSources('scripts'))).toEqual([]);
  });

  it.each([
    { code: 'export const unused = 1;', test: '', isDead: true },
    { code: 'export const onlyTested = 1;', test: "import { onlyTested } from '../src/a.ts';", isDead: true },
    { code: 'export const atHome = 1;\nconst b = atHome;', test: '', isDead: true },
    { code: 'export const atHome = 1;\nconst b = atHome;', test: "import { atHome } from '../src/a.ts';", isDead: false },
    { code: 'export async function lazy() {}', test: '', isDead: true },
    { code: 'export interface Unused {}', test: '', isDead: true },
    { code: 'interface Own {}\nexport type Told = 1;\nconst a: Told = 1;', test: '', isDead: false },
  ])('are dead or not: $code $test', ({ code, test, isDead }) => {
    const found = deadExports(new Map([['src/a.ts', code]]), new Map([['test/a.test.ts', test]]));
    expect(found).toHaveLength(isDead ? 1 : 0);
  });

  it('are alive when another file of src takes them, under whatever name', () => {
    const src = new Map([
      ['src/a.ts', 'export const used = 1;\nexport const dead = 2;'],
      ['src/b.ts', "import { type Other, used as mine } from './a.ts';"],
    ]);
    expect(deadExports(src, new Map())).toEqual(['src/a.ts dead']);
  });
});
