import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/config/json.ts';

describe('parseJson', () => {
  it('keeps members in order, doubles and the text of numbers', () => {
    expect(parseJson('{"a": 1, "A": -0.5e+3, "a": [true, null, "\\u00e9\\n"], "o": {}}')).toEqual({
      kind: 'object',
      members: [
        { key: 'a', value: { kind: 'number', text: '1' } },
        { key: 'A', value: { kind: 'number', text: '-0.5e+3' } },
        { key: 'a', value: { kind: 'list', items: [{ kind: 'boolean', value: true }, { kind: 'null' }, { kind: 'string', value: 'é\n' }] } },
        { key: 'o', value: { kind: 'object', members: [] } },
      ],
    });
  });

  it('takes "__proto__" for a key like any other', () => {
    expect(parseJson('{"__proto__": 1}')).toEqual({ kind: 'object', members: [{ key: '__proto__', value: { kind: 'number', text: '1' } }] });
  });

  it.each([
    ['', 'line 1, column 1: not valid JSON: expected a value, found the end of the file'],
    ['{', 'line 1, column 2: not valid JSON: expected a key in double quotes, found the end of the file'],
    ['{"a": 1,}', 'line 1, column 9: not valid JSON: expected a key in double quotes, found "}" (JSON has no comma after the last one)'],
    ['{"a": 1\n "b": 2}', 'line 2, column 2: not valid JSON: expected "," or "}", found a string'],
    ['{"a" 1}', 'line 1, column 6: not valid JSON: expected ":", found bare text'],
    ["{'a': 1}", 'line 1, column 2: not valid JSON: expected a key in double quotes, found a single quote (JSON has only double ones)'],
    ['{ // why\n}', 'line 1, column 3: not valid JSON: expected a key in double quotes, found a comment (JSON has none)'],
    ['{"a": 1} x', 'line 1, column 10: not valid JSON: expected the end of the file, found bare text'],
    ['{"a": 1}{"a": 2}', 'line 1, column 9: not valid JSON: expected the end of the file, found "{"'],
    ['[1 2]', 'line 1, column 4: not valid JSON: expected "," or "]", found bare text'],
    ['{"a": True}', 'line 1, column 7: not valid JSON: expected a value, found bare text'],
    ['{"a": 01}', 'line 1, column 8: not valid JSON: expected "," or "}", found bare text'],
    ['{"a": NaN}', 'line 1, column 7: not valid JSON: expected a value, found bare text'],
    ['{"a": "x\ny"}', 'line 1, column 7: not valid JSON: expected a closed string on one line, with valid escapes, found a string'],
    ['{"a": "\\x"}', 'line 1, column 7: not valid JSON: expected a closed string on one line, with valid escapes, found a string'],
  ])('says where %j goes wrong', (text, message) => {
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: 'config_invalid', message }));
  });

  it('never repeats what it stumbles over, which may be a secret', () => {
    expect(() => parseJson('{"secret_id": hunter2}')).toThrow(/^(?!.*hunter).*$/);
    expect(() => parseJson('{"secret_id": "hunter2\n"}')).toThrow(/^(?!.*hunter).*$/);
  });

  it('refuses endless nesting instead of running out of stack', () => {
    expect(() => parseJson('['.repeat(100_000))).toThrow(/no more than 50 levels/);
  });
});
