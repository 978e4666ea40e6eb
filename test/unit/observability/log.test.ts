import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import type { LogFields } from '../../../src/observability/contract.ts';
import { createLog, type LogTarget } from '../../../src/observability/log.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

function logged(target: Partial<LogTarget>, fields: LogFields, message: string, level: Level = 'info'): string {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', format: 'text', isJournal: false, write: (text) => lines.push(text), ...target });
  log[level](fields, message);
  return lines.join('');
}

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

describe('a text line', () => {
  it('has the time, the level, the message untouched, then the fields', () => {
    const line = logged({}, { event: 'standby', reason: 'another node leads' }, 'Not running on leader node, skipping.');
    expect(line).toMatch(STAMP);
    expect(line.replace(STAMP, '')).toBe('info  Not running on leader node, skipping. event=standby reason="another node leads"\n');
  });

  it('renders each kind of value so that it can be told apart', () => {
    const fields = {
      event: 'e',
      bytes: 12,
      ok: true,
      none: null,
      list: ['a', 'b'],
      empty: '',
      quoted: 'a"b',
      path: '/a/b',
      missing: undefined,
      big: 2n ** 60n,
    };
    expect(logged({ isJournal: true }, fields, 'm')).toBe(
      '<6>m event=e bytes=12 ok=true none=null list=["a","b"] empty="" quoted="a\\"b" path=/a/b big=1152921504606847000\n',
    );
  });

  it.each(['a\nb', 'a\r\nb', 'a\rb', 'a\u2028b'])('is one line, whatever is in it: %j', (text) => {
    expect(logged({ isJournal: true }, { event: 'e', error: text }, text)).toMatch(/^<6>a \| b event=e error=".*"\n$/);
  });

  it('moves no cursor and rings no bell', () => {
    const line = logged({ isJournal: true }, { event: 'e', error: '\u001b[2Jx\u0007', name: 'x' }, 'gone\u001b[2J');
    expect(line.trimEnd()).not.toMatch(/\p{Cc}/u);
  });
});

describe('a json line', () => {
  it('is one object with level, time, event, fields and message', () => {
    const line = logged({ format: 'json' }, { event: 'snapshot_delivered', bytes: 3, text: 'a\nb' }, 'a\nb', 'warn');
    expect(line.split('\n')).toHaveLength(2);
    expect(JSON.parse(line)).toEqual({
      level: 'warn',
      time: expect.stringMatching(STAMP.source.replace(' ', '$')),
      event: 'snapshot_delivered',
      bytes: 3,
      text: 'a\nb',
      message: 'a\nb',
    });
  });
});

describe('under journald', () => {
  it.each([
    { level: 'debug', priority: '<7>' },
    { level: 'info', priority: '<6>' },
    { level: 'warn', priority: '<4>' },
    { level: 'error', priority: '<3>' },
  ] as const)('a line begins with its priority, in both formats: $level', ({ level, priority }) => {
    expect(logged({ isJournal: true }, { event: 'e' }, 'm', level)).toBe(`${priority}m event=e\n`);
    expect(logged({ isJournal: true, format: 'json' }, { event: 'e' }, 'm', level)).toMatch(new RegExp(`^${priority}\\{"level":"${level}",`));
  });
});

describe('levels', () => {
  it('below the one asked for are silent', () => {
    expect(logged({ level: 'warn' }, { event: 'e' }, 'm', 'info')).toBe('');
    expect(logged({ level: 'warn' }, { event: 'e' }, 'm', 'warn')).not.toBe('');
  });
});

describe('secrets', () => {
  it.each(['text', 'json'] as const)('print as [secret], at any depth and as fields that bear their names: %s', (format) => {
    const fields = {
      event: 'e',
      held: new Secret('s3cr3t'),
      nested: { deep: [new Secret('s3cr3t')] },
      token: 's3cr3t',
      login: { secret_id: 's3cr3t', password: 's3cr3t' },
      cause: Object.assign(new Error('failed'), { token: new Secret('s3cr3t') }),
    };
    const line = logged({ format }, fields, 'm');
    expect(line).not.toContain('s3cr3t');
    expect(line.split('[secret]').length - 1).toBeGreaterThanOrEqual(5);
  });
});
