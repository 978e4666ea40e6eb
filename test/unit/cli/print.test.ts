import { describe, expect, it } from 'vitest';
import { printReport } from '../../../src/cli/print.ts';
import { FakeHost } from '../../fakes/fake-host.ts';

const REPORT =
  'TAKEN  NAME\nok    verify: a.snap\nFAIL  verify: b.snap\n      hint: look\naws: FAIL  away\n  warning: late\n  ^ gap of 3h at aws\nproblem: cut\n';

function printed(host: FakeHost, text = REPORT): string {
  printReport(host, text);
  return host.stdout;
}

describe('a report', () => {
  it('has colour on a terminal, in the words that begin its lines', () => {
    expect(printed(new FakeHost({ isStdoutTerminal: true }))).toBe(
      '\u001b[1mTAKEN  NAME\u001b[0m\n\u001b[32mok\u001b[0m    verify: a.snap\n\u001b[31mFAIL\u001b[0m  verify: b.snap\n\u001b[2m      hint:\u001b[0m look\n' +
        'aws: \u001b[31mFAIL\u001b[0m  away\n\u001b[33m  warning:\u001b[0m late\n\u001b[33m  ^ gap of 3h at aws\u001b[0m\n\u001b[31mproblem:\u001b[0m cut\n',
    );
  });

  it.each([
    { isStdoutTerminal: false, isStderrTerminal: true },
    { isStdoutTerminal: true, env: { NO_COLOR: '1' } },
    { isStdoutTerminal: true, env: { TERM: 'dumb' } },
  ])('has none with %j', (host) => {
    expect(printed(new FakeHost(host))).toBe(REPORT);
  });

  it('has colour when NO_COLOR is set to nothing', () => {
    expect(printed(new FakeHost({ isStdoutTerminal: true, env: { NO_COLOR: '' } }))).toContain('\u001b[32mok');
  });

  it('moves no cursor, whatever a name contains', () => {
    expect(printed(new FakeHost({ isStdoutTerminal: true }), 'a\u001b[2Jb\r\u009bc\td\n')).toBe('a?[2Jb??c?d\n');
  });
});
