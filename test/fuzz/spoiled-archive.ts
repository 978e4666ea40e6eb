import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { buildArchive, type TarMember } from '../fakes/archive.ts';
import { type Edit, edits, harm } from './edits.ts';
import { madeRight, takeApart } from './tar-walk.ts';

/** What is done to the list of members; `which` is taken modulo their number. */
export type MemberTrick =
  | { readonly do: 'drop' | 'double' | 'empty' | 'pax' | 'wrong-checksum'; readonly which: number }
  | { readonly do: 'swap'; readonly which: number; readonly other: number }
  | { readonly do: 'rename'; readonly which: number; readonly name: string }
  | { readonly do: 'retype'; readonly which: number; readonly type: string }
  | { readonly do: 'resize'; readonly which: number; readonly size: number }
  | { readonly do: 'add'; readonly which: number; readonly count: number; readonly name: string };

/** A whole archive spoiled at one layer, with everything outside that layer made whole again: random bytes never get past the gzip header. */
export type Spoil =
  | { readonly layer: 'gzip' | 'trailer' | 'sums'; readonly edits: readonly Edit[] }
  | { readonly layer: 'state' | 'meta'; readonly edits: readonly Edit[]; readonly mendsSums: boolean }
  | { readonly layer: 'padding'; readonly byte: number }
  | { readonly layer: 'tar'; readonly edits: readonly Edit[]; readonly mendsHeaders: boolean }
  | { readonly layer: 'members'; readonly tricks: readonly MemberTrick[]; readonly mendsSums: boolean }
  | { readonly layer: 'packing'; readonly level: number; readonly strategy: number; readonly memLevel: number }
  | { readonly layer: 'gzip-header'; readonly time: number; readonly system: number; readonly name: string };

const which = fc.nat(7);
const NAMES = [
  'meta.json',
  'state.bin',
  'SHA256SUMS',
  'SHA256SUMS.sealed',
  'META.JSON',
  './meta.json',
  '/etc/shadow',
  '../../state.bin',
  'x',
  '',
  'n'.repeat(100),
];
const name = fc.oneof(fc.constantFrom(...NAMES), fc.string({ maxLength: 99 }));
// 8 GiB and its neighbours, what no field can hold, and what is none.
const SIZES = [0, 1, 511, 512, 513, 8191, 8192, 2 ** 31, 2 ** 32, 2 ** 33 - 1, 2 ** 33, 2 ** 53, Number.MAX_SAFE_INTEGER, 1e21];
const trick: fc.Arbitrary<MemberTrick> = fc.oneof(
  fc.record({ do: fc.constantFrom('drop' as const, 'double' as const, 'empty' as const, 'pax' as const, 'wrong-checksum' as const), which }),
  fc.record({ do: fc.constant('swap' as const), which, other: which }),
  fc.record({ do: fc.constant('rename' as const), which, name }),
  fc.record({ do: fc.constant('retype' as const), which, type: fc.constantFrom(...'01234567xgLKSVMAZ', '\u0000', ' ') }),
  fc.record({ do: fc.constant('resize' as const), which, size: fc.oneof(fc.constantFrom(...SIZES), fc.nat(100_000)) }),
  fc.record({ do: fc.constant('add' as const), which, count: fc.constantFrom(1, 2, 300), name }),
);

export const spoil: fc.Arbitrary<Spoil> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ layer: fc.constantFrom('gzip' as const, 'trailer' as const, 'sums' as const), edits }) },
  { weight: 3, arbitrary: fc.record({ layer: fc.constantFrom('state' as const, 'meta' as const), edits, mendsSums: fc.boolean() }) },
  fc.record({ layer: fc.constant('padding' as const), byte: fc.nat(255) }),
  { weight: 2, arbitrary: fc.record({ layer: fc.constant('tar' as const), edits, mendsHeaders: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ layer: fc.constant('members' as const), tricks: fc.array(trick, { minLength: 1, maxLength: 3 }), mendsSums: fc.boolean() }),
  },
  fc.record({ layer: fc.constant('packing' as const), level: fc.nat(9), strategy: fc.nat(4), memLevel: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ layer: fc.constant('gzip-header' as const), time: fc.nat(2 ** 31), system: fc.nat(255), name: fc.constantFrom('', '', 'vault.snap') }),
);

export function spoilArchive(archive: Buffer, how: Spoil): Buffer {
  if (how.layer === 'gzip') return harm(archive, how.edits);
  if (how.layer === 'trailer') return Buffer.concat([archive.subarray(0, -8), harm(archive.subarray(-8), how.edits)]);
  if (how.layer === 'padding') return gzipSync(withLastByteOfFirstBody(gunzipSync(archive), how.byte), { level: 1 });
  if (how.layer === 'packing') return gzipSync(gunzipSync(archive), how);
  if (how.layer === 'gzip-header') return withHeader(archive, how);
  if (how.layer === 'tar') {
    const tar = harm(gunzipSync(archive), how.edits);
    return gzipSync(how.mendsHeaders ? withRightChecksums(tar) : tar, { level: 1 });
  }
  const members = takeApart(archive);
  if (how.layer === 'members') {
    const tricked = how.tricks.reduce<readonly TarMember[]>(play, members);
    return packed(how.mendsSums ? madeRight(tricked) : tricked);
  }
  const target = { state: 'state.bin', meta: 'meta.json', sums: 'SHA256SUMS' }[how.layer];
  const harmed = members.map((member) => (member.name === target ? { ...member, body: harm(member.body, how.edits) } : member));
  return packed('mendsSums' in how && how.mendsSums ? madeRight(harmed) : harmed);
}

function packed(members: readonly TarMember[]): Buffer {
  return buildArchive({ members: () => members, level: 1 });
}

function play(members: readonly TarMember[], one: MemberTrick): readonly TarMember[] {
  const at = one.which % Math.max(1, members.length);
  const member = members[at];
  if (member === undefined) return members;
  const put = (...instead: readonly TarMember[]) => [...members.slice(0, at), ...instead, ...members.slice(at + 1)];
  if (one.do === 'drop') return put();
  if (one.do === 'double') return put(member, member);
  if (one.do === 'empty') return put({ ...member, body: Buffer.alloc(0) });
  if (one.do === 'pax') return put({ ...member, isPax: true });
  if (one.do === 'swap') return swapped(members, at, one.other % members.length);
  if (one.do === 'rename') return put({ ...member, name: one.name });
  if (one.do === 'retype') return put({ ...member, type: one.type });
  if (one.do === 'resize') return put({ ...member, size: one.size });
  if (one.do === 'add') return put(...Array.from({ length: one.count }, () => ({ name: one.name, body: Buffer.from('x') })), member);
  return put({ ...member, hasWrongChecksum: true });
}

function swapped(members: readonly TarMember[], one: number, other: number): readonly TarMember[] {
  return members.map((member, at) => members[at === one ? other : at === other ? one : at] ?? member);
}

/** meta.json is shorter than its block, which is filled up with zeros. */
function withLastByteOfFirstBody(tar: Buffer, byte: number): Buffer {
  const filled = Buffer.from(tar);
  filled[1023] = byte;
  return filled;
}

/** Each header block where the bodies' sizes lead, given the checksum that fits it. */
function withRightChecksums(tar: Buffer): Buffer {
  const mended = Buffer.from(tar);
  for (let at = 0; at + 512 <= mended.length && mended[at] !== 0; ) {
    mended.write('        ', at + 148);
    const sum = mended.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    mended.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
    const size = Number.parseInt(mended.toString('latin1', at + 124, at + 135), 8);
    at += 512 + (Number.isNaN(size) ? 0 : Math.ceil(size / 512) * 512);
  }
  return mended;
}

function withHeader(archive: Buffer, { time, system, name: fileName }: Extract<Spoil, { layer: 'gzip-header' }>): Buffer {
  const header = Buffer.from(archive.subarray(0, 10));
  header.writeUInt32LE(time, 4);
  header[9] = system;
  if (fileName === '') return Buffer.concat([header, archive.subarray(10)]);
  header[3] = 0x08;
  return Buffer.concat([header, Buffer.from(`${fileName}\0`), archive.subarray(10)]);
}
