import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

export interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
  /** What is taken by name; `*` for a namespace or a dynamic import. */
  readonly names: readonly string[];
}

/** Path below the checkout → text. */
export type SourceTree = ReadonlyMap<string, string>;

export const ROOT = join(import.meta.dirname, '..', '..');

/** The TypeScript files of some folders of this checkout. */
export function readSources(...folders: readonly string[]): SourceTree {
  const tree = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
      const path = join(entry.parentPath, entry.name);
      tree.set(path.slice(ROOT.length + 1), readFileSync(path, 'utf8'));
    }
  }
  return tree;
}

/** Comments blanked, so that words in them break no rule. A `//` inside a string stays: only one after a blank counts. */
export function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
}

export function importsOf(text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const [, type, clause = '', specifier = ''] of code.matchAll(/^(?:import|export)\s+(type\s+)?([\w*{][^;'"]*?)\s+from\s+'([^']+)'/gm)) {
    found.push({ specifier, isTypeOnly: type !== undefined, names: namesIn(clause) });
  }
  for (const [, specifier = ''] of code.matchAll(/^import\s+'([^']+)'/gm)) found.push({ specifier, isTypeOnly: false, names: [] });
  for (const [, specifier = ''] of code.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) found.push({ specifier, isTypeOnly: false, names: ['*'] });
  return found;
}

function namesIn(clause: string): string[] {
  const braces = /\{([^}]*)\}/.exec(clause)?.[1];
  if (braces === undefined) return clause.includes('*') ? ['*'] : [];
  return braces
    .split(',')
    .map((part) =>
      part
        .trim()
        .replace(/^type\s+/, '')
        .replace(/\s+as\s+.*$/, ''),
    )
    .filter((name) => name !== '');
}

/** The file a relative import means, as a path of the tree; undefined for packages and `node:`. */
export function resolveImport(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined;
}

export interface Export {
  readonly name: string;
  readonly isType: boolean;
}

export function exportsOf(text: string): Export[] {
  const pattern = /^export\s+(?:abstract\s+)?(?:async\s+)?(const|let|function\*?|class|interface|type)\s+(\w+)/gm;
  return [...withoutComments(text).matchAll(pattern)].map(([, kind = '', name = '']) => ({ name, isType: kind === 'interface' || kind === 'type' }));
}
