import { describe, expect, it } from 'vitest';
import { parseMeta, parseSealConfig, parseSums } from '../../../src/snapshot/archive-texts.ts';

const META = '{"Version":1,"Index":5,"Term":2,"Size":437}';
const SUM = 'a1'.repeat(32);

describe('meta.json', () => {
  it.each([
    { text: META, meta: { index: 5n, term: 2n, stateBytes: 437, servers: [] } },
    { text: META.replace('"Term":2', '"Term":0'), meta: { term: 0n } },
    { text: META.replace('5', String(2n ** 64n - 1n)), meta: { index: 18_446_744_073_709_551_615n } },
    { text: META.replace('437', '9007199254740991'), meta: { stateBytes: 9_007_199_254_740_991 } },
    { text: META.replace('{', '{"Later":[1.5,1e9,-1,"7",null,{"a":1}],'), meta: { index: 5n } },
  ])('is read: $text', ({ text, meta }) => {
    expect(parseMeta(text)).toMatchObject(meta);
  });

  it('tells the servers that can be read, and who may vote', () => {
    const servers = '[{"ID":"a","Suffrage":0},{"ID":"b","Suffrage":1},null,"c",{"ID":4,"Suffrage":0},[]]';
    expect(parseMeta(META.replace('{', `{"Configuration":{"Servers":${servers}},`)).servers).toEqual([
      { id: 'a', voter: true },
      { id: 'b', voter: false },
    ]);
  });

  it.each(['null', '[]', '{}', '{"Servers":{}}'])('tells no servers when its configuration is %s', (configuration) => {
    expect(parseMeta(META.replace('{', `{"Configuration":${configuration},`)).servers).toEqual([]);
  });

  it.each([
    { text: '', says: 'expected a JSON object, found something else' },
    { text: 'null', says: 'expected a JSON object, found something else' },
    { text: '[]', says: 'expected a JSON object, found something else' },
    { text: META.replace('437', '9007199254740992'), says: 'expected a possible Size, found 9007199254740992' },
    { text: META.replace('437', '4.5'), says: 'expected Size of at least 0, found 4.5' },
    { text: META.replace('5', '18446744073709551616'), says: 'expected Index of at least 1, found 18446744073709551616' },
  ])('is refused: $text', ({ text, says }) => {
    expect(() => parseMeta(text)).toThrow(`archive: meta.json: ${says}`);
  });
});

describe('SHA256SUMS', () => {
  it.each([['meta.json', 'state.bin'] as const, ['state.bin', 'meta.json'] as const])('is read with %s before %s', (first, second) => {
    expect(parseSums(`${SUM}  ${first}\n${SUM}  ${second}\n`)).toEqual(
      new Map([
        [first, SUM],
        [second, SUM],
      ]),
    );
  });

  it.each([
    ['letters before a sum', `x${SUM}  meta.json\n${SUM}  state.bin\n`],
    ['letters after a name', `${SUM}  meta.json.old\n${SUM}  state.bin\n`],
    ['one blank', `${SUM} meta.json\n${SUM}  state.bin\n`],
    ['capital digits', `${SUM.toUpperCase()}  meta.json\n${SUM}  state.bin\n`],
    ['an empty line', `${SUM}  meta.json\n\n${SUM}  state.bin\n`],
    ['something after its last line', `${SUM}  meta.json\n${SUM}  state.bin\nx`],
  ])('is refused with %s', (_what, text) => {
    expect(() => parseSums(text)).toThrow('archive: SHA256SUMS: expected ');
  });
});

describe('core/seal-config', () => {
  it('tells type, shares and threshold', () => {
    expect(parseSealConfig('{"type":"shamir","secret_shares":5,"secret_threshold":3,"nonce":""}')).toEqual({ type: 'shamir', shares: 5, threshold: 3 });
  });

  it.each([
    '',
    'null',
    '[]',
    '{"secret_shares":5,"secret_threshold":3}',
    '{"type":"shamir","secret_threshold":3}',
    '{"type":"shamir","secret_shares":5}',
    '{"type":1,"secret_shares":"5","secret_threshold":3}',
  ])('tells nothing when it is %j', (json) => {
    expect(parseSealConfig(json)).toBeUndefined();
  });

  it('tells nothing when it is nested deeper than anybody can follow', () => {
    expect(parseSealConfig('['.repeat(32_768) + ']'.repeat(32_768))).toBeUndefined();
  });
});
