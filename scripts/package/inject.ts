/**
 * Makes a Node and a blob one program. Node finds the blob as a note among what the kernel has mapped, so the file gets one more segment at
 * its end, with a longer table of segments, the note and the blob in it; every other byte stays where it is.
 */
export function inject(node: Buffer, blob: Buffer): Buffer {
  const tableAt = Number(node.readBigUInt64LE(ELF.tableAt));
  const count = node.readUInt16LE(ELF.count);
  const table = Array.from({ length: count }, (_, i) => Buffer.from(node.subarray(tableAt + i * SEGMENT_BYTES, tableAt + (i + 1) * SEGMENT_BYTES)));
  const loads = table.filter((segment) => typeOf(segment) === PT.load);
  const first = loads[0]!;
  const last = loads.at(-1)!;

  const tableBytes = (count + 2) * SEGMENT_BYTES;
  const note = noteOf(blob);
  // As far from its place in the file as the first segment is: older kernels tell the program where its table lies by that distance.
  const distance = first.readBigUInt64LE(SEGMENT.address) - first.readBigUInt64LE(SEGMENT.offset);
  const endInMemory = Number(last.readBigUInt64LE(SEGMENT.address) + last.readBigUInt64LE(SEGMENT.memoryBytes) - distance);
  const at = roundUp(Math.max(node.length, endInMemory), PAGE_BYTES);

  const place = (type: number, offset: number, length: number, align: number) => segmentOf({ type, offset, address: BigInt(offset) + distance, length, align });
  const moved = table.map((segment) => (typeOf(segment) === PT.table ? place(PT.table, at, tableBytes, 8) : segment));
  // The kernel wants the loaded ones in the order of their addresses.
  moved.splice(table.indexOf(last) + 1, 0, place(PT.load, at, tableBytes + note.length, PAGE_BYTES));
  moved.push(place(PT.note, at + tableBytes, note.length, 4));

  const program = Buffer.alloc(at + tableBytes + note.length);
  node.copy(program);
  Buffer.concat([...moved, note]).copy(program, at);
  program.writeBigUInt64LE(BigInt(at), ELF.tableAt);
  program.writeUInt16LE(moved.length, ELF.count);
  lightFuse(program);
  return program;
}

const PAGE_BYTES = 4096;
const ELF = { tableAt: 0x20, count: 0x38 } as const;
const SEGMENT_BYTES = 56;
const SEGMENT = { offset: 8, address: 16, memoryBytes: 40 } as const;
const PT = { load: 1, note: 4, table: 6 } as const;
const READABLE = 4;

function typeOf(segment: Buffer): number {
  return segment.readUInt32LE(0);
}

interface Place {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly length: number;
  readonly align: number;
}

function segmentOf({ type, offset, address, length, align }: Place): Buffer {
  const segment = Buffer.alloc(SEGMENT_BYTES);
  segment.writeUInt32LE(type, 0);
  segment.writeUInt32LE(READABLE, 4);
  const words = [BigInt(offset), address, address, BigInt(length), BigInt(length), BigInt(align)];
  for (const [i, word] of words.entries()) segment.writeBigUInt64LE(word, 8 + i * 8);
  return segment;
}

function noteOf(blob: Buffer): Buffer {
  const name = Buffer.from('NODE_SEA_BLOB\0\0\0');
  const head = Buffer.alloc(12);
  head.writeUInt32LE('NODE_SEA_BLOB\0'.length, 0);
  head.writeUInt32LE(blob.length, 4);
  return Buffer.concat([head, name, blob, Buffer.alloc(roundUp(blob.length, 4) - blob.length)]);
}

/** By this one character Node knows, without a look at its notes, whether there is a blob. */
function lightFuse(program: Buffer): void {
  const fuse = Buffer.from('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:0');
  const at = program.indexOf(fuse);
  if (at < 0 || program.indexOf(fuse, at + 1) >= 0) throw new Error('this Node cannot hold a program');
  program.write('1', at + fuse.length - 1, 'latin1');
}

function roundUp(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}
