import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type StateFacts, StateReader } from '../../../src/snapshot/state-reader.ts';
import { initialisedVault, type StateEntry, stateRecords, varint } from '../../fakes/archive.ts';

function read(state: Buffer, chunkBytes = 65_536, size = state.length): StateFacts {
  const reader = new StateReader(size);
  for (let at = 0; at < state.length; at += chunkBytes) reader.push(state.subarray(at, at + chunkBytes));
  return reader.finish();
}

const record = (...fields: readonly (readonly number[] | Buffer)[]) => {
  const body = Buffer.concat(fields.map((field) => Buffer.from(field)));
  return Buffer.concat([varint(body.length), body]);
};
const key = (text: string) => Buffer.concat([Buffer.from([0x0a]), varint(text.length), Buffer.from(text)]);
const replaced = (entry: StateEntry) => initialisedVault().map((each) => (each.key === entry.key ? entry : each));

describe('the records of a state', () => {
  it('tell the seal and its fingerprint only once their records have ended', () => {
    const state = stateRecords(initialisedVault());
    const at = (length: number) => {
      const reader = new StateReader(state.length);
      reader.push(state.subarray(0, length));
      return reader.soFar();
    };
    const [keys, config] = [state.indexOf('unseal keys, wrapped'), state.indexOf('{"type"') + '{}'.length];
    expect(at(keys)).toMatchObject({ entries: 3, seal: undefined, sealFingerprint: undefined });
    expect(at(config)).toMatchObject({ entries: 7, seal: undefined, sealFingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(at(state.length)).toMatchObject({ entries: 9, seal: { type: 'shamir' } });
  });

  it.each([1, 2, 3, 5, 64, 65_536])('are counted and looked at in chunks of %i bytes', (chunkBytes) => {
    expect(read(stateRecords(initialisedVault()), chunkBytes)).toEqual({
      entries: 9,
      seal: { type: 'shamir', shares: 1, threshold: 1 },
      sealFingerprint: createHash('sha256').update('the unseal keys, wrapped').digest('hex'),
      suspicious: [],
    });
  });

  it.each([
    [
      'values of megabytes',
      stateRecords([
        { key: 'a', value: Buffer.alloc(2_000_000) },
        { key: 'b', value: 'x', isSealWrapped: true },
      ]),
      2,
    ],
    [
      'values that are empty and left out',
      stateRecords([
        { key: 'a', value: '' },
        { key: 'b', value: '' },
      ]),
      2,
    ],
    ['values that are empty and there', record(key('a'), [0x12, 0]), 1],
    ['keys of 32768 bytes', stateRecords([{ key: 'k'.repeat(32_768), value: 'x' }]), 1],
    ['numbers as fields of a later server', record(key('a'), [0x20, 0x80, 0x80, 1]), 1],
    ['texts as fields of a later server', record(key('a'), [0x2a, 3, 1, 2, 3]), 1],
    ['fixed fields of a later server', record(key('a'), [0x31, 1, 2, 3, 4, 5, 6, 7, 8], [0x3d, 1, 2, 3, 4]), 1],
    ['a negative number, which takes ten bytes', record(key('a'), [0x18, ...Array<number>(9).fill(0xff), 1]), 1],
  ])('may have %s', (_what, state, entries) => {
    expect(read(state).entries).toBe(entries);
    expect(read(state, 1).entries).toBe(entries);
  });

  it.each([
    ['cut in a length', Buffer.from([0x80]), 'a whole last record', 'an end in the middle of it'],
    ['cut in a value', stateRecords(initialisedVault()).subarray(0, -2), 'a whole last record', 'an end in the middle of it'],
    ['longer than the state', Buffer.concat([varint(100), key('a')]), 'at most 43 bytes of record', '100'],
    ['of 2^60 bytes', Buffer.concat([varint(2n ** 60n), key('a')]), 'at most 43 bytes of record', '1152921504606847000'],
    ['with a length that never ends', Buffer.alloc(64, 0xff), 'numbers of at most ten bytes', 'a longer one'],
    ['with a number of more than ten bytes', record(key('a'), [0x18, ...Array<number>(11).fill(0x80), 0]), 'numbers of at most ten bytes', 'a longer one'],
    ['without a key', record([0x12, 1, 1]), 'a key in every record', 'none'],
    ['that are empty', record(), 'a key in every record', 'none'],
    ['with an empty key', record([0x0a, 0]), 'a key of 1 to 32768 bytes', '0'],
    ['with a key longer than the database takes', stateRecords([{ key: 'k'.repeat(32_769), value: 'x' }]), 'a key of 1 to 32768 bytes', '32769'],
    ['with two keys', record(key('a'), key('b')), 'one key in a record', 'two'],
    ['with a key that runs out of its record', record([0x0a, 20, 1]), 'fields inside their record', 'one beyond its end'],
    ['with a value that claims 2^60 bytes', record(key('a'), [0x12], varint(2n ** 60n)), 'fields inside their record', 'one beyond its end'],
    ['with a key that is a number', record([0x08, 1]), 'a field', 'tag 8'],
    ['with a value that is a number', record(key('a'), [0x10, 1]), 'a field', 'tag 16'],
    ['with a value of fixed length', record(key('a'), [0x15, 1, 2, 3, 4]), 'a field', 'tag 21'],
    ['with field 0', record(key('a'), [0x02, 0]), 'a field', 'tag 2'],
    ['with a group, which no server writes', record(key('a'), [0x1b]), 'a field', 'tag 27'],
    ['that end inside a field', record(key('a'), [0x18, 0x80]), 'a whole last record', 'an end in the middle of it'],
    ['that end before a number does', Buffer.concat([record(key('a'), [0x18]), record(key('b'))]), 'fields inside their record', 'one beyond its end'],
    ['that end before a fixed field does', record(key('a'), [0x31, 1, 2]), 'fields inside their record', 'one beyond its end'],
  ])('are refused when they are %s', (_what, state, expected, found) => {
    // Enough room behind, so that the fault is seen in the record itself.
    const size = state.length + 40;
    const message = `archive: state.bin records: expected ${expected}, found ${found}`;
    expect(() => read(state, 65_536, size)).toThrow(message);
    expect(() => read(state, 1, size)).toThrow(message);
  });

  it('are suspicious when a key comes twice', () => {
    expect(read(stateRecords([...initialisedVault(), initialisedVault().at(-1)!])).suspicious).toEqual(['keys out of order']);
  });

  it('are in the order of bytes, not of letters', () => {
    const keys = ['core/mounts', 'core/zoo', 'logical/\u007f', 'logical/é', 'logical/🔑'];
    expect(read(stateRecords(keys.map((each) => ({ key: each, value: '' })))).suspicious).not.toContain('keys out of order');
  });

  it('are suspicious without what every Vault has, by name', () => {
    expect(read(Buffer.alloc(0))).toEqual({
      entries: 0,
      seal: undefined,
      sealFingerprint: undefined,
      suspicious: ['missing core/keyring', 'missing core/mounts', 'missing core/seal-config', 'missing core/hsm/barrier-unseal-keys'],
    });
  });

  it.each(['', 'not json', 'null', '[]', '{"type":"shamir"}', ' '.repeat(70_000)])('tell no seal when its configuration is %j', (value) => {
    expect(read(stateRecords(replaced({ key: 'core/seal-config', value })))).toMatchObject({ seal: undefined, suspicious: [] });
  });

  it('tell the seal of a configuration of 65536 bytes, and of none that is longer', () => {
    const sealOf = (bytes: number) =>
      read(stateRecords(replaced({ key: 'core/seal-config', value: '{"type":"awskms","secret_shares":1,"secret_threshold":1}'.padEnd(bytes) }))).seal;
    expect(sealOf(65_536)).toEqual({ type: 'awskms', shares: 1, threshold: 1 });
    expect(sealOf(65_537)).toBeUndefined();
  });

  it('tell the seal by its value, not by fields of a later server', () => {
    const config = Buffer.from('{"type":"shamir","secret_shares":5,"secret_threshold":3}');
    const state = record(key('core/seal-config'), [0x12, config.length], config, [0x2a, 2], Buffer.from('{}'));
    expect(read(state)).toMatchObject({ entries: 1, seal: { type: 'shamir', shares: 5, threshold: 3 } });
  });

  it('tell another fingerprint after a rekey', () => {
    const before = read(stateRecords(initialisedVault())).sealFingerprint;
    expect(read(stateRecords(replaced({ key: 'core/hsm/barrier-unseal-keys', value: 'other keys' }))).sealFingerprint).not.toBe(before);
  });
});
