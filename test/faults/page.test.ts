import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../unit/source-tree.ts';
import { POSSIBLE_CELLS, type Verdict } from './declaration.ts';
import { renderPage } from './page.ts';

const ALL_GOOD = new Map<string, Verdict>(POSSIBLE_CELLS.map(({ id }) => [id, { id, checked: 9, failures: [] }]));
const FACTS = { date: '2026-01-01', versions: { Vault: '1.2.3' } };

/** Rows of the table; every cell that holds is a mere word, whatever was counted in it, and so is one that waits for the next whole run. */
function rowsOf(page: string): readonly string[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((row) => row.replace(/\b(\d+)\/\1\b|\bnot run\b/g, 'held'));
}

describe('docs/reliability.md', () => {
  it('has every cell that is declared, and none that does not hold', () => {
    expect(rowsOf(readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8'))).toEqual(rowsOf(renderPage(ALL_GOOD, FACTS)));
  });

  it('shows a cell that does not hold, and one that was not run', () => {
    const [first, second, ...rest] = POSSIBLE_CELLS.map(({ id }) => id);
    const verdicts = new Map(rest.map((id) => [id, { id, checked: 9, failures: [] as readonly string[] }]));
    verdicts.set(first!, { id: first!, checked: 9, failures: ['whole: 1 byte is missing'] });
    const page = renderPage(verdicts, FACTS);
    expect(page).toContain(`**${rest.length} of ${rest.length + 2} cells hold, ${9 * (rest.length + 1)} checks in all.**`);
    expect(page.match(/\*\*8\/9\*\*/g)).toHaveLength(1);
    expect(page.match(/not run/g)).toHaveLength(1);
    expect(second).not.toBe(first);
  });
});
