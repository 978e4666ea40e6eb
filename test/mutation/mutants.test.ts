import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutantsOf } from '../../scripts/mutants.ts';
import { ROOT } from '../unit/source-tree.ts';
import { SURVIVORS } from './survivors.ts';

const broken = (text: string) => mutantsOf(text).map(({ is }) => is);

describe('the mutants', () => {
  it.each([
    { code: 'a < b;', ways: [';', 'a <= b;', 'a >= b;'] },
    { code: 'f(a === b);', ways: [';', 'f(a !== b);'] },
    { code: 'f(a && !b);', ways: [';', 'f(a || !b);', 'f((a));', 'f((!b));', 'f(a && (b));'] },
    { code: 'f(a ?? b);', ways: [';', 'f((a));', 'f((b));'] },
    { code: 'if (a) b();', ways: ['if (true) b();', 'if (false) b();'] },
    {
      code: 'if (a) throw b; else f();',
      ways: ['if (true) throw b; else f();', 'if (false) throw b; else f();', 'if (a) ; else f();', 'if (a) throw b; else ;'],
    },
    { code: 'while (a) f();', ways: ['while (false) f();', 'while (a) ;'] },
    { code: 'n -= 2;', ways: [';', 'n += 2;', 'n -= 3;', 'n -= 1;'] },
    { code: 'n = 8192;', ways: [';', 'n = 16384;', 'n = 4096;'] },
    { code: 'n = 1n;', ways: [';', 'n = 2n;', 'n = 0n;'] },
    { code: "s = 'x' as const;", ways: [';', "s = '' as const;"] },
    { code: 's = `x`;', ways: [';', 's = ``;'] },
    { code: 'await f();', ways: [';', '(f());'] },
    { code: 'a?.b?.(c)?.[0];', ways: [';', 'a.b?.(c)?.[0];', 'a?.b(c)?.[0];', 'a?.b?.(c)[0];', 'a?.b?.(c)?.[1];'] },
    { code: 'a.some(f).trim();', ways: [';', 'a.some(f);', 'a.every(f).trim();'] },
    { code: 'f(() => a);', ways: [';', 'f(() => undefined);'] },
    { code: 'f([a], {}, { b: c });', ways: [';', 'f([], {}, { b: c });', 'f([a], {}, {});'] },
    {
      code: String.raw`f(/^[a-z]\d+$/);`,
      ways: [
        ';',
        String.raw`f(/[a-z]\d+$/);`,
        String.raw`f(/^[a-z]\d+/);`,
        String.raw`f(/^[^a-z]\d+$/);`,
        String.raw`f(/^[a-z]\D+$/);`,
        String.raw`f(/^[a-z]\d$/);`,
      ],
    },
    { code: "import { a } from 'b';\ntype T = 'x' | 1;\ninterface I { readonly a: 'b' }", ways: [] },
  ])('of $code', ({ code, ways }) => {
    expect(broken(code).toSorted()).toEqual(ways.toSorted());
  });

  it('that survive stand in docs/mutation.md, each with its reason', () => {
    const page = readFileSync(join(ROOT, 'docs/mutation.md'), 'utf8').toLowerCase();
    const texts = SURVIVORS.flatMap(({ reason, changes }) => [reason, ...changes.map(([was]) => was)]).map((text) => text.replaceAll(/\s+/g, ' '));
    expect(texts.filter((text) => !page.includes(text.toLowerCase()))).toEqual([]);
  });
});
