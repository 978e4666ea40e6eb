import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './source-tree.ts';

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name}-${at + 1}`);
const KNOWN = [
  ...numbered('LUC', 17),
  ...numbered('ARG', 28),
  ...numbered('BOO', 2),
  ...numbered('WAS', 2),
  ...numbered('NOV', 1),
  ...numbered('OBA', 2),
  ...numbered('MEZ', 1),
  ...numbered('MSC', 1),
  ...numbered('CHA', 1),
  ...numbered('D4R', 1),
  ...numbered('DCT', 2),
  ...numbered('trappiz', 1),
];

interface Row {
  readonly id: string;
  readonly why: string;
  readonly tests: readonly { readonly file: string; readonly name: string }[];
}

const rows: readonly Row[] = readFileSync(join(ROOT, 'docs/faults.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| [A-Za-z0-9]+-\d+ \|/.test(line))
  .map((line) => {
    const [, id = '', why = '', shown = ''] = line.split('|').map((cell) => cell.trim());
    const tests = shown.split('<br>').flatMap((one) => {
      const [, file, name] = /^`([^`]+)`: (.+)$/.exec(one) ?? [];
      return file === undefined || name === undefined ? [] : [{ file, name }];
    });
    return { id, why, tests };
  });

/** Whether the file has a test of that name, as it is written there. */
function hasTest(file: string, name: string): boolean {
  const path = join(ROOT, file);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return [`'${name}'`, `"${name}"`, `\`${name}\``].some((quoted) => text.includes(`(${quoted}, `));
}

describe('the page of known faults', () => {
  it('has every one of them, once', () => {
    expect(rows.map(({ id }) => id)).toEqual(KNOWN);
  });

  it.each(rows)('says why it is not here, and shows it by tests that exist: $id', ({ why, tests }) => {
    expect(why).not.toBe('');
    if (tests.length === 0) expect(why).toMatch(/^with (the|metrics)/);
    expect(tests.filter(({ file, name }) => !hasTest(file, name))).toEqual([]);
  });

  it('does not take a test for another', () => {
    expect(hasTest('test/unit/faults.test.ts', 'has every one of them, once')).toBe(true);
    expect(hasTest('test/unit/faults.test.ts', 'has every one')).toBe(false);
    expect(hasTest('test/unit/nothing.test.ts', 'has every one of them, once')).toBe(false);
  });
});
