import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../unit/source-tree.ts';
import { blocksOf } from './docs-blocks.ts';

const PAGES = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith('.md'))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

interface Link {
  readonly file: string;
  readonly anchor: string | undefined;
}

function linksOf(path: string, text: string): readonly Link[] {
  return [...text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^https?:/.test(target))
    .map((target) => {
      const [file = '', anchor] = target.split('#');
      return { file: file === '' ? path : normalize(join(dirname(path), file)), anchor };
    });
}

/** As the hosts of repositories make them of headings. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documentation', () => {
  it.each(PAGES)('links to pages and headings that are there: $path', ({ path, text }) => {
    const dead = linksOf(path, text).filter(({ file, anchor }) => {
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(join(ROOT, file), 'utf8')).includes(anchor);
    });
    expect(dead).toEqual([]);
  });

  it('can be reached from the README, page by page', () => {
    const readme = PAGES.find(({ path }) => path === 'README.md')!;
    const linked = new Set(linksOf(readme.path, readme.text).map(({ file }) => file));
    const unlinked = readdirSync(join(ROOT, 'docs'))
      .map((name) => `docs/${name}`)
      .filter((path) => /\.(md|hcl)$/.test(path) && !linked.has(path));
    expect(unlinked).toEqual([]);
  });

  it('says why of every command that is not run', () => {
    const silent = PAGES.flatMap(({ path, text }) => blocksOf(text).map(({ line, notRun }) => ({ at: `${path}:${line}`, notRun })));
    expect(silent.filter(({ notRun }) => notRun !== undefined && notRun.trim().length < 10)).toEqual([]);
  });
});
