import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../src/cli/arguments.ts';
import type { Asked } from '../../../src/cli/grammar/verbs.ts';
import { questionOf } from '../../../src/cli/verify-question.ts';

function ask(...argv: readonly string[]) {
  const { flags, args } = parseCommand(['verify', ...argv]) as Asked<'verify'>;
  return questionOf(flags, args[0]);
}

describe('what is asked of verify', () => {
  it.each([
    { argv: [], question: { selection: { kind: 'latest' }, maxAgeMs: undefined, isRecording: true } },
    { argv: ['--snapshot', 'latest'], question: { selection: { kind: 'latest' } } },
    { argv: ['--snapshot', 'a.snap'], question: { selection: { kind: 'name', name: 'a.snap' } } },
    { argv: ['--all', '--no-record'], question: { selection: { kind: 'all' }, isRecording: false } },
    { argv: ['--newest', '0'], question: { selection: { kind: 'newest', count: 0 } } },
    { argv: ['--sample', '10%', '--max-age', '1h'], question: { selection: { kind: 'sample', percent: 10 }, maxAgeMs: 3_600_000 } },
  ])('$argv', ({ argv, question }) => {
    expect(ask(...argv)).toMatchObject(question);
  });

  it.each([
    { argv: ['/x.snap', '--config', '/a.json'], message: '--config does not go with a file: "/x.snap"' },
    { argv: ['/x.snap', '--newest', '0'], message: '--newest does not go with a file: "/x.snap"' },
    { argv: ['/x.snap', '--all'], message: '--all does not go with a file: "/x.snap"' },
  ])('is refused: $argv', ({ argv, message }) => {
    expect(() => ask(...argv)).toThrow(expect.objectContaining({ code: 'usage', message }));
  });
});
