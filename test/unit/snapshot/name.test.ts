import { describe, expect, it } from 'vitest';
import {
  DEFAULT_NAME_TEMPLATE,
  manifestFolder,
  manifestKey,
  manifestName,
  nameSnapshot,
  parseNameTemplate,
  subjectOf,
  takenAt,
} from '../../../src/snapshot/name.ts';
import { keyPrefix, objectKey } from '../../../src/storage/key.ts';

const at = new Date('2026-01-02T03:04:05.678Z');
const values = { takenAt: at, cluster: 'prod', host: 'vault-1', index: 4711n };
const name = (template: string, overrides = {}) => nameSnapshot(parseNameTemplate(template), { ...values, ...overrides });
const read = (template: string, text: string, cluster = 'prod') => takenAt(parseNameTemplate(template), cluster, text)?.toISOString();

describe('the name of a snapshot', () => {
  it.each([
    [DEFAULT_NAME_TEMPLATE, 'raft_snapshot-1767323045678000000.snap'],
    ['{time}.snap', '20260102T030405Z.snap'],
    ['{cluster}-{host}-{time}-{index}.snap', 'prod-vault-1-20260102T030405Z-4711.snap'],
  ])('is for %s %s', (template, expected) => {
    expect(name(template)).toBe(expected);
  });

  it('tells apart two of one millisecond, and both are read back as of it', () => {
    const names = [1, 999_999].map((subMs) => name(DEFAULT_NAME_TEMPLATE, { subMs }));
    expect(names).toEqual(['raft_snapshot-1767323045678000001.snap', 'raft_snapshot-1767323045678999999.snap']);
    expect(names.map((text) => read(DEFAULT_NAME_TEMPLATE, text))).toEqual(['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z']);
  });

  it.each([
    ['Prod Cluster/1', 'Prod-Cluster-1'],
    ['..', 'unknown'],
    ['', 'unknown'],
    ['.hidden', 'hidden'],
    ['größe', 'gr-e'],
    ['x'.repeat(300), 'x'.repeat(63)],
  ])('holds a cluster called %j in safe characters, and is read back', (cluster, safe) => {
    const text = name('{cluster}-{time}.snap', { cluster });
    expect(text).toBe(`${safe}-20260102T030405Z.snap`);
    expect(objectKey(text)).toBe(text);
    expect(read('{cluster}-{time}.snap', text, cluster)).toBe('2026-01-02T03:04:05.000Z');
  });
});

describe('a name at a destination', () => {
  it.each([
    [DEFAULT_NAME_TEMPLATE, 'raft_snapshot-1767323045678000000.snap', '2026-01-02T03:04:05.678Z'],
    [DEFAULT_NAME_TEMPLATE, 'raft_snapshot-1767323045678999999.snap', '2026-01-02T03:04:05.678Z'],
    ['{time}.snap', '20240229T000000Z.snap', '2024-02-29T00:00:00.000Z'],
    ['{time}.snap', 'raft_snapshot-1767323045678000000.snap', '2026-01-02T03:04:05.678Z'],
    ['{cluster}-{host}-{time}-{index}.snap', 'prod-any.host_2-20260102T030405Z-1.snap', '2026-01-02T03:04:05.000Z'],
    ['{host}-{time}-{index}.snap', 'x-20250101T000000Z-5-20260102T030405Z-7.snap', '2026-01-02T03:04:05.000Z'],
    ['{index}{unix_ns}.snap', '121767323045678000000.snap', '2026-01-02T03:04:05.678Z'],
    ['{time}+{unix_ns}.snap', '20260102T030405Z+1767323045678000000.snap', '2026-01-02T03:04:05.678Z'],
  ])('is understood by %s: %s', (template, text, time) => {
    expect(read(template, text)).toBe(time);
  });

  it.each([
    [DEFAULT_NAME_TEMPLATE, 'raft_snapshot-.snap'],
    [DEFAULT_NAME_TEMPLATE, 'raft_snapshot-1767323045.snap'],
    [DEFAULT_NAME_TEMPLATE, 'raft_snapshot-1399999999000000000.snap'],
    [DEFAULT_NAME_TEMPLATE, 'raft_snapshot-9999999999999999999.snap'],
    [DEFAULT_NAME_TEMPLATE, 'raft_snapshot-1767323045678000000.snap.bak'],
    [DEFAULT_NAME_TEMPLATE, 'raft_snapshot-1767323045678000000.snap\n'],
    [DEFAULT_NAME_TEMPLATE, 'my-raft_snapshot-1767323045678000000.snap'],
    [DEFAULT_NAME_TEMPLATE, 'raft_snapshot-176732304567800000O.snap'],
    [DEFAULT_NAME_TEMPLATE, 'raft_snapshot-1767323045678000000xsnap'],
    [DEFAULT_NAME_TEMPLATE, '20260102T030405Z.snap'],
    ['{time}.snap', '20260230T000000Z.snap'],
    ['{time}.snap', '20260102T250405Z.snap'],
    ['{cluster}-{time}.snap', 'prod2-20260102T030405Z.snap'],
    ['{cluster}-{time}.snap', 'production-20260102T030405Z.snap'],
    ['a.b-{time}.snap', 'axb-20260102T030405Z.snap'],
    ['a+b-{time}.snap', 'aab-20260102T030405Z.snap'],
    ['{time}+{unix_ns}.snap', '20260102T030406Z+1767323045678000000.snap'],
  ])('is left alone by %s: %s', (template, text) => {
    expect(read(template, text)).toBeUndefined();
  });
});

describe('a name template', () => {
  it.each([
    ['snapshot.snap', 'has no time in it'],
    ['{time}-{time}.snap', 'has a field twice'],
    ['{time}', 'does not end in .snap'],
    ['{time}.{date}.snap', 'has an unknown field {date}'],
    ['{toString}{time}.snap', 'has an unknown field {toString}'],
    ['a/{time}.snap', 'not safe in every store'],
    ['a b{time}.snap', 'not safe in every store'],
    ['{time{}.snap', 'not safe in every store'],
    ['.{time}.snap', 'begins with a character'],
    ['-{time}.snap', 'begins with a character'],
    [`${'a'.repeat(120)}{time}.snap`, 'is longer than 120 characters'],
    ['', 'has no time in it'],
  ])('%j is refused: it %s', (text, rule) => {
    expect(() => parseNameTemplate(text)).toThrow(expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(rule) }));
  });
});

describe('what is written about a snapshot', () => {
  it('lies in a folder beside it', () => {
    expect(manifestKey(objectKey('a/b/x.snap'))).toBe('a/b/manifests/x.snap.json');
    expect(manifestKey(objectKey('x.snap'))).toBe('manifests/x.snap.json');
    expect(manifestFolder(keyPrefix('a/b'))).toBe('a/b/manifests/');
    expect(manifestFolder(keyPrefix(''))).toBe('manifests/');
  });

  it.each([
    [manifestName('x.snap'), { name: 'x.snap', isRecord: false }],
    ['x.snap.verified-20260102T030405Z.json', { name: 'x.snap', isRecord: true }],
    ['x.snap.failed-20260102T030405Z.json', { name: 'x.snap', isRecord: true }],
    ['x.snap.verified-by-me.json', undefined],
    ['x.snap.json.bak', undefined],
    ['x.json', undefined],
    ['readme.txt', undefined],
  ])('is known by its name: %s', (file, subject) => {
    expect(subjectOf(file)).toEqual(subject);
  });
});
