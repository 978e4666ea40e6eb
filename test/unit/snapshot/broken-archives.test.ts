import { describe, expect, it } from 'vitest';
import { ArchiveVerifier } from '../../../src/snapshot/archive.ts';
import { ARCHIVE_CHECKS } from '../../../src/snapshot/archive-checks.ts';
import { archiveMembers, buildArchive, initialisedVault, type TarMember } from '../../fakes/archive.ts';
import { verifyArchive } from './verify-archive.ts';

const whole = buildArchive();
const [meta, state, sums, sealed] = archiveMembers() as [TarMember, TarMember, TarMember, TarMember];
const withMembers = (...members: readonly TarMember[]) => buildArchive({ members: () => members });
const flipped = (body: Buffer) => Buffer.concat([Buffer.from([body[0]! ^ 1]), body.subarray(1)]);

const BROKEN: readonly (readonly [what: string, archive: Buffer, check: keyof typeof ARCHIVE_CHECKS, expected: string, found: string])[] = [
  ['nothing at all', Buffer.alloc(0), 'gzip header', '10 bytes', '0'],
  ['a JSON error in its place', Buffer.from('{"errors":["Vault is sealed"]}'), 'gzip header', '1f8b0800', '7b226572'],
  ['another compression than deflate', Buffer.concat([Buffer.from([0x1f, 0x8b, 9]), whole.subarray(3)]), 'gzip header', '1f8b0800', '1f8b0900'],
  ['a gzip header with optional fields', Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 1]), whole.subarray(4)]), 'gzip header', '1f8b0800', '1f8b0801'],
  ['rubbish after a right header', Buffer.concat([whole.subarray(0, 10), Buffer.alloc(600, 0xee)]), 'gzip data', 'data that unpacks', 'invalid block type'],
  ['a cut in the compressed data', whole.subarray(0, 300), 'gzip end', 'the whole archive', 'an end in the middle of the data'],
  ['no trailer', whole.subarray(0, -8), 'gzip end', 'the whole archive', 'an end in the middle of the data'],
  ['half a trailer', whole.subarray(0, -4), 'gzip end', 'the whole archive', 'an end within the trailer'],
  ['a wrong CRC', buildArchive({ after: (gzip) => Buffer.concat([gzip.subarray(0, -8), flipped(gzip.subarray(-8))]) }), 'gzip crc', '82864752', '82864753'],
  ['a wrong length', buildArchive({ after: (gzip) => Buffer.concat([gzip.subarray(0, -4), flipped(gzip.subarray(-4))]) }), 'gzip size', '5121', '5120'],
  ['one byte after the trailer', Buffer.concat([whole, Buffer.from('x')]), 'gzip end', 'nothing after the gzip trailer', 'more bytes'],
  ['zeros after the trailer', Buffer.concat([whole, Buffer.alloc(4096)]), 'gzip end', 'nothing after the gzip trailer', 'more bytes'],
  ['the same archive once more', Buffer.concat([whole, whole]), 'gzip end', 'nothing after the gzip trailer', 'more bytes'],
  [
    'an empty second member',
    Buffer.concat([whole, Buffer.from('1f8b08000000000000ff030000000000000000', 'hex'), Buffer.alloc(1)]),
    'gzip end',
    'nothing after the gzip trailer',
    'more bytes',
  ],
  ['an empty tar', buildArchive({ members: () => [] }), 'tar members', 'meta.json', 'the end'],
  ['a tar of nothing', buildArchive({ members: () => [], tarEnd: Buffer.alloc(0) }), 'tar end', 'two zero blocks', '0 and 0 bytes'],
  ['no zero blocks', buildArchive({ tarEnd: Buffer.alloc(0) }), 'tar end', 'two zero blocks', '0 and 0 bytes'],
  ['one zero block', buildArchive({ tarEnd: Buffer.alloc(512) }), 'tar end', 'two zero blocks', '1 and 0 bytes'],
  ['one and a half zero blocks', buildArchive({ tarEnd: Buffer.alloc(768) }), 'tar end', 'two zero blocks', '1 and 256 bytes'],
  ['three zero blocks', buildArchive({ tarEnd: Buffer.alloc(1536) }), 'tar end', 'two zero blocks', '3 and 0 bytes'],
  ['a byte after the zero blocks', buildArchive({ tarEnd: Buffer.alloc(1025) }), 'tar end', 'two zero blocks', '2 and 1 bytes'],
  [
    'rubbish between the zero blocks',
    buildArchive({ tarEnd: Buffer.concat([Buffer.alloc(512), Buffer.alloc(512, 1)]) }),
    'tar end',
    'two zero blocks and nothing more',
    'other bytes',
  ],
  ['a wrong header checksum', withMembers(meta, { ...state, hasWrongChecksum: true }, sums, sealed), 'tar header', 'checksum 3957', '3956'],
  ['a member that is a link', withMembers(meta, { ...state, type: '2' }, sums, sealed), 'tar members', 'regular files', '"state.bin" of type "2"'],
  ['a global PAX header', withMembers({ ...meta, name: 'g', type: 'g' }, meta, state, sums, sealed), 'tar members', 'regular files', '"g" of type "g"'],
  [
    'two PAX headers on end',
    withMembers({ ...meta, type: 'x', body: Buffer.from('12 size=183\n') }, { ...meta, isPax: true }, state, sums, sealed),
    'tar members',
    'regular files',
    '"PaxHeaders.0/meta.json" of type "x"',
  ],
  [
    'an unreadable PAX header',
    withMembers({ ...meta, type: 'x', body: Buffer.from('99 size=1\n') }, meta, state, sums, sealed),
    'tar header',
    'readable PAX records',
    'others',
  ],
  [
    'a PAX size that is none',
    withMembers({ ...meta, type: 'x', body: Buffer.from('11 size=-1\n') }, meta, state, sums, sealed),
    'tar header',
    'a size in digits',
    '"-1"',
  ],
  [
    'a huge PAX header',
    withMembers({ ...meta, type: 'x', body: Buffer.alloc(10_000, 0x31) }, meta, state, sums, sealed),
    'tar header',
    'a PAX header of 1 to 8192 bytes',
    '10000',
  ],
  [
    'bytes in the padding',
    buildArchive({ members: (all) => all.map((each, at) => (at === 0 ? { ...each, size: each.body.length - 1 } : each)) }),
    'tar padding',
    'zeros',
    'other bytes',
  ],
  ['members in another order', withMembers(state, meta, sums, sealed), 'tar members', 'meta.json', '"state.bin"'],
  ['a member twice', withMembers(meta, meta, state, sums, sealed), 'tar members', 'state.bin', '"meta.json"'],
  ['a member too many', withMembers(meta, state, sums, sealed, { name: 'extra', body: Buffer.from('x') }), 'tar members', 'no fifth member', '"extra"'],
  ['no meta.json', withMembers(state, sums, sealed), 'tar members', 'meta.json', '"state.bin"'],
  ['no state.bin', withMembers(meta, sums, sealed), 'tar members', 'state.bin', '"SHA256SUMS"'],
  ['no SHA256SUMS', withMembers(meta, state, sealed), 'tar members', 'SHA256SUMS', '"SHA256SUMS.sealed"'],
  ['no SHA256SUMS.sealed, as after a failing seal', withMembers(meta, state, sums), 'tar members', 'SHA256SUMS.sealed', 'the end'],
  ['an empty SHA256SUMS.sealed', buildArchive({ sealed: Buffer.alloc(0) }), 'member size', 'SHA256SUMS.sealed of 1 to 8191 bytes', '0'],
  ['a SHA256SUMS.sealed of 8192 bytes', buildArchive({ sealed: Buffer.alloc(8192) }), 'member size', 'SHA256SUMS.sealed of 1 to 8191 bytes', '8192'],
  [
    'a meta.json of 8192 bytes',
    buildArchive({ metaText: `{"Version":1,"Index":1,"Size":437}\n`.padEnd(8192) }),
    'member size',
    'meta.json of 1 to 8191 bytes',
    '8192',
  ],
  ['a bomb of a meta.json', withMembers({ ...meta, size: 2 ** 33 - 1 }), 'member size', 'meta.json of 1 to 8191 bytes', '8589934591'],
  ['a meta.json that is no JSON', buildArchive({ metaText: '{"Version":1,' }), 'meta.json', 'a JSON object', 'something else'],
  ['a meta.json that is a list', buildArchive({ metaText: '[]' }), 'meta.json', 'a JSON object', 'something else'],
  ['another version of meta.json', buildArchive({ metaText: '{"Version":2,"Index":1,"Term":1,"Size":437}' }), 'meta.json', 'Version 1', '2'],
  ['index 0', buildArchive({ index: 0n }), 'meta.json', 'Index of at least 1', '0'],
  ['a negative index', buildArchive({ index: -1n }), 'meta.json', 'Index of at least 1', '-1'],
  ['an index beyond 64 bits', buildArchive({ index: 2n ** 64n }), 'meta.json', 'Index of at least 1', '18446744073709551616'],
  ['no term', buildArchive({ metaText: '{"Version":1,"Index":1,"Size":437}' }), 'meta.json', 'Term of at least 0', 'undefined'],
  ['a size that is a text', buildArchive({ metaText: '{"Version":1,"Index":1,"Term":1,"Size":"437"}' }), 'meta.json', 'Size of at least 0', '437'],
  ['another size in meta.json', buildArchive({ metaSize: 436 }), 'state.bin size', '436 bytes', '437'],
  [
    'a state shorter than its header says',
    withMembers(meta, { ...state, body: state.body.subarray(0, 400), size: 437 }, sums, sealed),
    'state.bin records',
    'a field',
    'tag 0',
  ],
  [
    'another state',
    withMembers(meta, { ...state, body: Buffer.concat([state.body.subarray(0, -1), Buffer.from([9])]) }, sums, sealed),
    'sha256 of state.bin',
    '0cb77c1c8ea5cb9c3ecbe76511a1fa6c365d6fbb8b4da664148e4b9f7b492c0b',
    'a1805ca5ec88137448200966a6a055e4dff44d88ba56ff21118df6290b07d793',
  ],
  [
    'another meta.json',
    withMembers({ ...meta, body: Buffer.from(meta.body.toString().replace('"Term":3', '"Term":4')) }, state, sums, sealed),
    'sha256 of meta.json',
    '884d63ff24d840823f4dcd3368e8c79473185fae3b4e0b452460e34ad43bd166',
    'f300b59b23b5d6f81c750cb5f6ed4641b481119f40cc7b3b4e904b72ff1b609c',
  ],
  ['sums of one file', buildArchive({ sumsText: `${'a'.repeat(64)}  state.bin\n` }), 'SHA256SUMS', 'two whole lines', '1'],
  [
    'sums of one file twice',
    buildArchive({ sumsText: `${'a'.repeat(64)}  state.bin\n`.repeat(2) }),
    'SHA256SUMS',
    'one line for each of meta.json and state.bin',
    'another line',
  ],
  [
    'sums with one line too many',
    buildArchive({ sumsText: `${sums.body}${sums.body.toString().split('\n')[0]}\n` }),
    'SHA256SUMS',
    'one line for each of meta.json and state.bin',
    'another line',
  ],
  [
    'sums of another file',
    buildArchive({ sumsText: `${sums.body}${'a'.repeat(64)}  other\n` }),
    'SHA256SUMS',
    'one line for each of meta.json and state.bin',
    'another line',
  ],
  [
    'sums that are too short',
    buildArchive({ sumsText: sums.body.toString().replace(/^./, '') }),
    'SHA256SUMS',
    'one line for each of meta.json and state.bin',
    'another line',
  ],
  ['sums without a last newline', buildArchive({ sumsText: sums.body.toString().trimEnd() }), 'SHA256SUMS', 'two whole lines', '1'],
  ['a state that ends inside a record', buildArchive({ state: state.body.subarray(0, -1) }), 'state.bin records', 'at most 68 bytes of record', '69'],
];

describe('a broken archive', () => {
  it.each(BROKEN)('is refused: %s', async (_what, archive, check, expected, found) => {
    const message = `archive: ${check}: expected ${expected}, found ${found}`;
    await expect(verifyArchive(archive)).rejects.toMatchObject({ code: 'archive_corrupt', check, message });
    await expect(verifyArchive(archive, 13)).rejects.toThrow(`archive: ${check}: `);
  });

  it('is refused by every check there is', () => {
    expect([...new Set(BROKEN.map(([, , check]) => check))].toSorted()).toEqual(Object.keys(ARCHIVE_CHECKS).toSorted());
  });

  it('names the file, the sum expected and the sum found', async () => {
    const archive = buildArchive({ sumsText: `${'0'.repeat(64)}  meta.json\n${'1'.repeat(64)}  state.bin\n` });
    await expect(verifyArchive(archive)).rejects.toThrow(/^archive: sha256 of meta.json: expected 0{64}, found [0-9a-f]{64}$/);
  });

  it('carries what zlib said, and nothing where nobody said anything', async () => {
    const rubbish = Buffer.concat([whole.subarray(0, 10), Buffer.alloc(600, 0xee)]);
    await expect(verifyArchive(rubbish)).rejects.toHaveProperty('cause.code', 'Z_DATA_ERROR');
    await expect(verifyArchive(whole.subarray(0, 300))).rejects.not.toHaveProperty('cause');
  });

  it('stays refused, whatever comes after', async () => {
    const verifier = new ArchiveVerifier();
    await expect(verifier.update(Buffer.from('not a gzip'))).rejects.toThrow('gzip header');
    await expect(verifier.update(whole)).rejects.toThrow('gzip header');
    await expect(verifier.finish()).rejects.toThrow('gzip header');
    await expect(verifier.meta).rejects.toThrow('gzip header');
  });

  it('that is suspicious only is proved, and says why', async () => {
    const entries = initialisedVault()
      .filter(({ key }) => key !== 'core/keyring')
      .toReversed();
    expect(await verifyArchive(buildArchive({ entries }))).toMatchObject({ entries: 8, suspicious: ['keys out of order', 'missing core/keyring'] });
  });
});
