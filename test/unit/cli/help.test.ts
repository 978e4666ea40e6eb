import { describe, expect, it } from 'vitest';
import { VERB_NAMES } from '../../../src/cli/grammar/verbs.ts';
import { renderOverview, renderVerb } from '../../../src/cli/help.ts';

describe('the help', () => {
  it('fits a screen, and every line a terminal of 80 columns', () => {
    const lines = renderOverview().trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    for (const line of lines) expect(line.length).toBeLessThan(80);
  });

  it.each(VERB_NAMES)('has %s in its overview', (name) => {
    expect(renderOverview()).toContain(`\n  ${name} `);
  });

  it.each(VERB_NAMES)('explains %s in lines of 80 columns, but for what the example prints', (name) => {
    const [before = '', after = ''] = renderVerb(name).split(/^example$[\s\S]*?^exit codes$/m);
    for (const line of `${before}${after}`.split('\n')) expect(line.length).toBeLessThan(80);
  });

  it('tells usage, flags, an example and how it ends', () => {
    expect(renderVerb('version')).toBe(`vault-snapshotd version: tell the version

usage
  vault-snapshotd version

example
  $ vault-snapshotd version
  vault-snapshotd 1.0.0

exit codes
  0  told
  2  usage
`);
    expect(renderVerb('prune')).toContain(`
usage
  vault-snapshotd prune [FILE] [--config FILE] [--env-file FILE]
    [--destination NAME] [--dry-run] [--max-deletes N] [--json]

flags
  FILE                the configuration, as with --config
`);
  });

  it('shows flags that exclude each other as a choice', () => {
    expect(renderVerb('verify')).toContain('[--snapshot NAME | --all | --newest N | --sample PCT]');
  });
});
