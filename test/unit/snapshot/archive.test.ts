import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { ArchiveVerifier } from '../../../src/snapshot/archive.ts';
import { ARCHIVE_CHECKS } from '../../../src/snapshot/archive-checks.ts';
import { archiveMembers, buildArchive, initialisedVault, stateRecords, type TarMember } from '../../fakes/archive.ts';
import { verifyArchive } from './verify-archive.ts';

const whole = buildArchive();

describe('a whole archive', () => {
  it('is proved with all there is to know of it', async () => {
    expect(
      await verifyArchive(
        buildArchive({
          index: 2n ** 53n + 1n,
          term: 7n,
          servers: [
            { id: 'a', suffrage: 0 },
            { id: 'b', suffrage: 1 },
          ],
        }),
      ),
    ).toEqual({
      bytes: expect.any(Number),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      meta: {
        index: 9007199254740993n,
        term: 7n,
        stateBytes: 437,
        servers: [
          { id: 'a', voter: true },
          { id: 'b', voter: false },
        ],
      },
      stateBytes: 437,
      entries: 9,
      seal: { type: 'shamir', shares: 1, threshold: 1 },
      sealFingerprint: '3c02dc2b83475d34857fbeaf6c4720907b69532d09e2780513375da77e1d73e2',
      suspicious: [],
    });
  });

  it.each([1, 2, 7, 511, 512, 513])('is proved the same in chunks of %i bytes', async (chunkBytes) => {
    expect(await verifyArchive(whole, chunkBytes)).toEqual(await verifyArchive(whole));
  });

  it.each([
    ['stored and not compressed, as OpenBao sends it', { level: 0 }],
    ['with its sizes in PAX headers, as Go writes 8 GiB and more', { members: (all: readonly TarMember[]) => all.map((each) => ({ ...each, isPax: true })) }],
    ['with spaces at the end of meta.json', { metaText: '{"Version":1,"Index":1,"Term":1,"Size":437}   \n' }],
    ['without any servers', { metaText: '{"Version":1,"Index":1,"Term":1,"Configuration":null,"Size":437}\n' }],
    ['with fields in meta.json that a later server adds', { metaText: '{"Version":1,"Index":1,"Term":1,"Later":{"Size":1},"Size":437}\n' }],
    ['with a state that fills its blocks', { state: stateRecords([{ key: 'core/keyring', value: Buffer.alloc(493) }]) }],
    ['with megabytes of state', { padStateTo: 3_000_000 }],
    ['with an empty state', { state: Buffer.alloc(0) }],
  ])('is proved %s', async (_what, options) => {
    const archive = buildArchive(options);
    expect(await verifyArchive(archive)).toMatchObject({ bytes: archive.length });
    expect(await verifyArchive(archive, 1001)).toMatchObject({ bytes: archive.length });
  });

  it('tells its meta as soon as meta.json has passed, long before the end', async () => {
    const verifier = new ArchiveVerifier();
    await verifier.update(buildArchive({ level: 0 }).subarray(0, 10 + 5 + 1024));
    await expect(verifier.meta).resolves.toMatchObject({ index: 42n, term: 3n });
    verifier.abort();
  });
});

const [meta, state, sums, sealed] = archiveMembers() as [TarMember, TarMember, TarMember, TarMember];
const withMembers = (...members: readonly TarMember[]) => buildArchive({ members: () => members });
const flipped = (body: Buffer) => Buffer.concat([Buffer.from([body[0]! ^ 1]), body.subarray(1)]);

const BROKEN: readonly (readonly [string, Buffer, keyof typeof ARCHIVE_CHECKS])[] = [
  ['nothing at all', Buffer.alloc(0), 'gzip header'],
  ['a JSON error in its place', Buffer.from('{"errors":["Vault is sealed"]}'), 'gzip header'],
  ['another compression than deflate', Buffer.concat([Buffer.from([0x1f, 0x8b, 9]), whole.subarray(3)]), 'gzip header'],
  ['a gzip header with optional fields', Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 1]), whole.subarray(4)]), 'gzip header'],
  ['rubbish after a right header', Buffer.concat([whole.subarray(0, 10), Buffer.alloc(600, 0xee)]), 'gzip data'],
  ['a cut in the compressed data', whole.subarray(0, 300), 'gzip end'],
  ['no trailer', whole.subarray(0, -8), 'gzip end'],
  ['half a trailer', whole.subarray(0, -4), 'gzip end'],
  ['a wrong CRC', buildArchive({ after: (gzip) => Buffer.concat([gzip.subarray(0, -8), flipped(gzip.subarray(-8))]) }), 'gzip crc'],
  ['a wrong length', buildArchive({ after: (gzip) => Buffer.concat([gzip.subarray(0, -4), flipped(gzip.subarray(-4))]) }), 'gzip size'],
  ['one byte after the trailer', Buffer.concat([whole, Buffer.from('x')]), 'gzip end'],
  ['zeros after the trailer', Buffer.concat([whole, Buffer.alloc(4096)]), 'gzip end'],
  ['the same archive once more', Buffer.concat([whole, whole]), 'gzip end'],
  ['an empty second member', Buffer.concat([whole, Buffer.from('1f8b08000000000000ff030000000000000000', 'hex'), Buffer.alloc(1)]), 'gzip end'],
  ['an empty tar', buildArchive({ members: () => [] }), 'tar members'],
  ['a tar of nothing', buildArchive({ members: () => [], tarEnd: Buffer.alloc(0) }), 'tar end'],
  ['no zero blocks', buildArchive({ tarEnd: Buffer.alloc(0) }), 'tar end'],
  ['one zero block', buildArchive({ tarEnd: Buffer.alloc(512) }), 'tar end'],
  ['one and a half zero blocks', buildArchive({ tarEnd: Buffer.alloc(768) }), 'tar end'],
  ['three zero blocks', buildArchive({ tarEnd: Buffer.alloc(1536) }), 'tar end'],
  ['a byte after the zero blocks', buildArchive({ tarEnd: Buffer.alloc(1025) }), 'tar end'],
  ['rubbish between the zero blocks', buildArchive({ tarEnd: Buffer.concat([Buffer.alloc(512), Buffer.alloc(512, 1)]) }), 'tar end'],
  ['a wrong header checksum', withMembers(meta, { ...state, hasWrongChecksum: true }, sums, sealed), 'tar header'],
  ['a member that is a link', withMembers(meta, { ...state, type: '2' }, sums, sealed), 'tar members'],
  ['a global PAX header', withMembers({ ...meta, name: 'g', type: 'g' }, meta, state, sums, sealed), 'tar members'],
  [
    'two PAX headers on end',
    withMembers({ ...meta, type: 'x', body: Buffer.from('12 size=183\n') }, { ...meta, isPax: true }, state, sums, sealed),
    'tar members',
  ],
  ['an unreadable PAX header', withMembers({ ...meta, type: 'x', body: Buffer.from('99 size=1\n') }, meta, state, sums, sealed), 'tar header'],
  ['a PAX size that is none', withMembers({ ...meta, type: 'x', body: Buffer.from('12 size=-1\n') }, meta, state, sums, sealed), 'tar header'],
  ['a huge PAX header', withMembers({ ...meta, type: 'x', body: Buffer.alloc(10_000, 0x31) }, meta, state, sums, sealed), 'tar header'],
  [
    'bytes in the padding',
    buildArchive({ members: (all) => all.map((each, at) => (at === 0 ? { ...each, size: each.body.length - 1 } : each)) }),
    'tar padding',
  ],
  ['members in another order', withMembers(state, meta, sums, sealed), 'tar members'],
  ['a member twice', withMembers(meta, meta, state, sums, sealed), 'tar members'],
  ['a member too many', withMembers(meta, state, sums, sealed, { name: 'extra', body: Buffer.from('x') }), 'tar members'],
  ['no meta.json', withMembers(state, sums, sealed), 'tar members'],
  ['no state.bin', withMembers(meta, sums, sealed), 'tar members'],
  ['no SHA256SUMS', withMembers(meta, state, sealed), 'tar members'],
  ['no SHA256SUMS.sealed, as after a failing seal', withMembers(meta, state, sums), 'tar members'],
  ['an empty SHA256SUMS.sealed', buildArchive({ sealed: Buffer.alloc(0) }), 'member size'],
  ['a SHA256SUMS.sealed of 8192 bytes', buildArchive({ sealed: Buffer.alloc(8192) }), 'member size'],
  ['a meta.json of 8192 bytes', buildArchive({ metaText: `{"Version":1,"Index":1,"Size":437}\n`.padEnd(8192) }), 'member size'],
  ['a bomb of a meta.json', withMembers({ ...meta, size: 2 ** 33 - 1 }), 'member size'],
  ['a meta.json that is no JSON', buildArchive({ metaText: '{"Version":1,' }), 'meta.json'],
  ['a meta.json that is a list', buildArchive({ metaText: '[]' }), 'meta.json'],
  ['another version of meta.json', buildArchive({ metaText: '{"Version":2,"Index":1,"Term":1,"Size":437}' }), 'meta.json'],
  ['index 0', buildArchive({ index: 0n }), 'meta.json'],
  ['a negative index', buildArchive({ index: -1n }), 'meta.json'],
  ['an index beyond 64 bits', buildArchive({ index: 2n ** 64n }), 'meta.json'],
  ['no term', buildArchive({ metaText: '{"Version":1,"Index":1,"Size":437}' }), 'meta.json'],
  ['a size that is a text', buildArchive({ metaText: '{"Version":1,"Index":1,"Term":1,"Size":"437"}' }), 'meta.json'],
  ['another size in meta.json', buildArchive({ metaSize: 436 }), 'state.bin size'],
  ['a state shorter than its header says', withMembers(meta, { ...state, body: state.body.subarray(0, 400), size: 437 }, sums, sealed), 'state.bin records'],
  ['another state', withMembers(meta, { ...state, body: Buffer.concat([state.body.subarray(0, -1), Buffer.from([9])]) }, sums, sealed), 'sha256 of state.bin'],
  [
    'another meta.json',
    withMembers({ ...meta, body: Buffer.from(meta.body.toString().replace('"Term":3', '"Term":4')) }, state, sums, sealed),
    'sha256 of meta.json',
  ],
  ['sums of one file', buildArchive({ sumsText: `${'a'.repeat(64)}  state.bin\n` }), 'SHA256SUMS'],
  ['sums of one file twice', buildArchive({ sumsText: `${'a'.repeat(64)}  state.bin\n`.repeat(2) }), 'SHA256SUMS'],
  ['sums with one line too many', buildArchive({ sumsText: `${sums.body}${sums.body.toString().split('\n')[0]}\n` }), 'SHA256SUMS'],
  ['sums of another file', buildArchive({ sumsText: `${sums.body}${'a'.repeat(64)}  other\n` }), 'SHA256SUMS'],
  ['sums that are too short', buildArchive({ sumsText: sums.body.toString().replace(/^./, '') }), 'SHA256SUMS'],
  ['sums without a last newline', buildArchive({ sumsText: sums.body.toString().trimEnd() }), 'SHA256SUMS'],
  ['a state that ends inside a record', buildArchive({ state: state.body.subarray(0, -1) }), 'state.bin records'],
];

describe('a broken archive', () => {
  it.each(BROKEN)('is refused: %s', async (_what, archive, check) => {
    await expect(verifyArchive(archive)).rejects.toMatchObject({ code: 'archive_corrupt' });
    await expect(verifyArchive(archive)).rejects.toThrow(/^archive: .+: expected .+, found .+$/);
    await expect(verifyArchive(archive, 13)).rejects.toThrow(`archive: ${check}: `);
  });

  it('is refused by every check there is', () => {
    expect([...new Set(BROKEN.map(([, , check]) => check))].toSorted()).toEqual(Object.keys(ARCHIVE_CHECKS).toSorted());
  });

  it('names the file, the sum expected and the sum found', async () => {
    const archive = buildArchive({ sumsText: `${'0'.repeat(64)}  meta.json\n${'1'.repeat(64)}  state.bin\n` });
    await expect(verifyArchive(archive)).rejects.toThrow(/^archive: sha256 of meta.json: expected 0{64}, found [0-9a-f]{64}$/);
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

describe('giving an archive up', () => {
  it('wakes whoever waits for the meta, with the reason', async () => {
    const verifier = new ArchiveVerifier();
    const reason = new SnapshotError('vault_cut', 'vault: gone');
    verifier.abort(reason);
    await expect(verifier.meta).rejects.toBe(reason);
    await expect(verifier.update(whole)).rejects.toBe(reason);
    await expect(verifier.finish()).rejects.toBe(reason);
  });

  it('wakes an update under way', async () => {
    const verifier = new ArchiveVerifier();
    const update = verifier.update(buildArchive({ padStateTo: 3_000_000 }));
    verifier.abort();
    await expect(update).rejects.toMatchObject({ code: 'stopped' });
  });

  it('does nothing after the verdict, however often', async () => {
    const verifier = new ArchiveVerifier();
    await verifier.update(whole);
    const proof = await verifier.finish();
    verifier.abort();
    verifier.abort();
    expect(proof.entries).toBe(9);
    await expect(verifier.meta).resolves.toMatchObject({ index: 42n });
  });
});
