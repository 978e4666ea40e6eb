import { describe, expect, it } from 'vitest';
import { TarMembers } from '../../../src/snapshot/tar-members.ts';

interface Header {
  readonly name?: string;
  readonly size: string;
  readonly type?: string;
  readonly prefix?: string;
  readonly magic?: string;
  readonly owner?: string;
}

function header({ name = 'a', size, type = '0', prefix = '', magic = 'ustar\u000000', owner = '' }: Header): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000600', 100);
  block.write(size, 124);
  block.write('15000000000', 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(magic, 257);
  block.write(owner, 265);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(body: string): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

const pax = (records: string) => Buffer.concat([header({ name: 'pax', type: 'x', size: octal(Buffer.byteLength(records)) }), padded(records)]);
const octal = (size: number) => size.toString(8).padStart(11, '0');
const END = Buffer.alloc(1024);

function reader() {
  const seen: string[] = [];
  const tar = new TarMembers({
    begin: (name, size) => void seen.push(`${name}:${size}`),
    body: (bytes) => void seen.push(bytes.toString()),
    end: () => void seen.push('end'),
  });
  return { seen, tar };
}

/** What a reader of it sees. */
function read(...parts: readonly Buffer[]): readonly string[] {
  const { seen, tar } = reader();
  tar.push(Buffer.concat(parts));
  tar.finish();
  return seen;
}

describe('a tar', () => {
  it('hands its members on, one after the other, with their bytes', () => {
    const second = 'b'.repeat(512);
    expect(
      read(header({ size: octal(5) }), padded('hello'), header({ name: 'b', size: octal(512) }), padded(second), header({ name: 'c', size: octal(0) }), END),
    ).toEqual(['a:5', 'hello', 'end', 'b:512', second, 'end', 'c:0', 'end']);
  });

  it.each([
    { what: 'a name that fills its field', parts: [header({ name: 'n'.repeat(100), size: octal(0) })], seen: `${'n'.repeat(100)}:0` },
    { what: 'a name in two parts', parts: [header({ name: 'b', prefix: 'a', size: octal(0) })], seen: 'a/b:0' },
    { what: 'a second part that fills its field', parts: [header({ name: 'b', prefix: 'p'.repeat(155), size: octal(0) })], seen: `${'p'.repeat(155)}/b:0` },
    { what: 'a long name of a record in front', parts: [pax(`207 ${'k'.repeat(200)}=1\n`), header({ size: octal(0) })], seen: 'a:0' },
    { what: 'a size that fills its field', parts: [header({ size: '000000000003' }), padded('xyz')], seen: 'a:3' },
    {
      what: 'a size that fills its field in front',
      parts: [header({ name: 'pax', type: 'x', size: '000000000012' }), padded('10 size=3\n'), header({ size: octal(0) }), padded('xyz')],
      seen: 'a:3',
    },
    { what: 'a size between blanks', parts: [header({ size: '        10 ' }), padded('12345678')], seen: 'a:8' },
    { what: 'a path in front', parts: [pax('12 path=bé\n'), header({ size: octal(0) })], seen: 'bé:0' },
    { what: 'a size in front', parts: [pax('10 size=3\n'), header({ size: octal(0) }), padded('xyz')], seen: 'a:3' },
    { what: 'both in front', parts: [pax('10 size=3\n9 path=b\n'), header({ size: octal(0) }), padded('xyz')], seen: 'b:3' },
    { what: 'other records in front', parts: [pax('11 mtime=1\n10 size=3\n'), header({ size: octal(0) }), padded('xyz')], seen: 'a:3' },
    { what: 'a record that holds the sign itself', parts: [pax('12 path=b=c\n'), header({ size: octal(0) })], seen: 'b=c:0' },
    {
      what: 'as much in front as may be',
      parts: [pax(`8192 path=${'p'.repeat(8181)}\n`), header({ size: octal(0) })],
      seen: `${'p'.repeat(8181)}:0`,
    },
  ])('is read with $what', ({ parts, seen }) => {
    expect(read(...parts, END)[0]).toBe(seen);
  });

  it('takes what stands in front for the next member only', () => {
    expect(read(pax('10 size=3\n'), header({ size: octal(0) }), padded('xyz'), header({ name: 'b', size: octal(0) }), END)).toEqual([
      'a:3',
      'xyz',
      'end',
      'b:0',
      'end',
    ]);
  });

  it('takes what stands in front of each member', () => {
    expect(read(pax('10 size=3\n'), header({ size: octal(0) }), padded('xyz'), pax('9 path=b\n'), header({ size: octal(0) }), END)).toEqual([
      'a:3',
      'xyz',
      'end',
      'b:0',
      'end',
    ]);
  });

  it('may have a checksum that fills its field', () => {
    const block = header({ size: octal(0) });
    block.write(block.toString('latin1', 148, 154).padStart(8, '0'), 148);
    expect(read(block, END)).toEqual(['a:0', 'end']);
  });

  it('is refused without the last byte of a member', () => {
    const { tar } = reader();
    tar.push(Buffer.concat([header({ size: octal(8) }), Buffer.from('1234567')]));
    expect(() => tar.finish()).toThrow('archive: tar end: expected the whole member, found an end 1 bytes before');
  });

  it('may have members of any size', () => {
    const { seen, tar } = reader();
    tar.push(Buffer.concat([pax('25 size=9007199254740991\n'), header({ size: octal(0) })]));
    expect(seen).toEqual(['a:9007199254740991']);
    expect(() => tar.finish()).toThrow('archive: tar end: expected the whole member, found an end 9007199254740991 bytes before');
  });

  const unreadable = 'tar header: expected readable PAX records, found others';
  it.each([
    { what: 'a size that is none', parts: [header({ size: '0000000008' })], says: 'tar header: expected octal numbers, found "0000000008"' },
    { what: 'no size', parts: [header({ size: '' })], says: 'tar header: expected octal numbers, found ""' },
    { what: 'letters before a size', parts: [header({ size: 'x10' })], says: 'tar header: expected octal numbers, found "x10"' },
    { what: 'another magic', parts: [header({ size: octal(0), magic: 'ustar  \0' })], says: 'tar header: expected "ustar" version 00, found "ustar  \\u0000"' },
    { what: 'nothing in front', parts: [pax('')], says: 'tar header: expected a PAX header of 1 to 8192 bytes, found 0' },
    { what: 'too much in front', parts: [pax(`8193 path=${'p'.repeat(8182)}\n`)], says: 'tar header: expected a PAX header of 1 to 8192 bytes, found 8193' },
    { what: 'a size in front of letters', parts: [pax('11 size=3x\n'), header({ size: octal(0) })], says: 'tar header: expected a size in digits, found "3x"' },
    {
      what: 'a size in front after letters',
      parts: [pax('11 size=x3\n'), header({ size: octal(0) })],
      says: 'tar header: expected a size in digits, found "x3"',
    },
    { what: 'no size in front', parts: [pax('8 size=\n'), header({ size: octal(0) })], says: 'tar header: expected a size in digits, found ""' },
    {
      what: 'a size in front beyond all counting',
      parts: [pax('25 size=9007199254740993\n'), header({ size: octal(0) })],
      says: 'tar header: expected a size in digits, found "9007199254740993"',
    },
    { what: 'a record that is longer than all', parts: [pax('11 size=3\n')], says: unreadable },
    { what: 'a record that ends before its value', parts: [pax('8 size=3\n\n')], says: unreadable },
    { what: 'a record that ends in its name', parts: [pax('7 size=3\n')], says: unreadable },
    { what: 'a record without a name', parts: [pax('7 =3xx\n')], says: unreadable },
    { what: 'a record whose name goes on after its end', parts: [pax('4 a\n9 path=b\n')], says: unreadable },
    { what: 'a record whose name never ends', parts: [pax(`307 ${'k'.repeat(300)}=1\n`)], says: unreadable },
    { what: 'something before a length that counts it', parts: [pax('x11 size=3\n')], says: unreadable },
    {
      what: 'a size in front with an exponent',
      parts: [pax('12 size=3e1\n'), header({ size: octal(0) })],
      says: 'tar header: expected a size in digits, found "3e1"',
    },
    { what: 'a record without its end', parts: [pax('9 path=bc')], says: unreadable },
    { what: 'a record without a length', parts: [pax(' size=3\n')], says: unreadable },
    { what: 'something before a length', parts: [pax('x10 size=3\n')], says: unreadable },
    { what: 'a record without a sign', parts: [pax('10 size 3\n')], says: unreadable },
    { what: 'something after the last record', parts: [pax('10 size=3\nx')], says: unreadable },
    {
      what: 'bytes behind a member',
      parts: [header({ size: octal(1) }), Buffer.from('ab'), Buffer.alloc(510)],
      says: 'tar padding: expected zeros, found other bytes',
    },
  ])('is refused with $what', ({ parts, says }) => {
    expect(() => read(...parts, END)).toThrow(`archive: ${says}`);
  });

  it.each(
    Array.from({ length: 512 }, (_, at) => at).filter((at) => at % 37 === 0 || (at > 145 && at < 158)),
  )('is refused when byte %i of a header is another', (at) => {
    const spoiled = header({ size: octal(0), owner: 'o'.repeat(60), prefix: 'p'.repeat(155) });
    spoiled[at]! ^= 1;
    // The byte after the checksum and its end belongs to neither.
    if (at === 155) expect(() => read(spoiled, END)).not.toThrow();
    else expect(() => read(spoiled, END)).toThrow('archive: tar header: ');
  });
});
