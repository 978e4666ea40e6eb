import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../../src/cli/arguments.ts';
import { VERB_NAMES, verbOf } from '../../../../src/cli/grammar/verbs.ts';

const EVERY_FLAG = VERB_NAMES.flatMap((name) => Object.entries(verbOf(name).flags).map(([flag, declared]) => ({ name, flag, declared })));

describe('the declaration of the command line', () => {
  it.each(VERB_NAMES)('has an example of %s that is understood as such', (name) => {
    const [program, ...argv] = verbOf(name).example.asked.split(' ');
    expect(program).toBe('vault-snapshotd');
    expect(parseCommand(argv).verb).toBe(name);
  });

  // Flags may stand before the verb, so a flag has to be read before anybody knows whose it is.
  it('lets no flag have a value with one verb and none with another', () => {
    for (const { flag, declared, name } of EVERY_FLAG) {
      const others = EVERY_FLAG.filter((other) => other.flag === flag).map((other) => 'read' in other.declared);
      expect(new Set([...others, 'read' in declared]), `--${flag} of ${name}`).toHaveLength(1);
    }
  });

  it('gives no letter to two flags, nor those of help and version', () => {
    const letters = new Map(EVERY_FLAG.flatMap(({ flag, declared }) => (declared.short === undefined ? [] : [[flag, declared.short] as const])));
    expect(new Set(['h', 'v', ...letters.values()])).toHaveLength(letters.size + 2);
  });

  it.each(VERB_NAMES)('names only flags of %s in its rules', (name) => {
    const { flags, apart = [], needs = {} } = verbOf(name);
    for (const flag of [...apart, ...Object.entries(needs).flat()]) expect(Object.keys(flags)).toContain(flag);
  });
});
