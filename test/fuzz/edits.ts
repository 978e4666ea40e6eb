import fc from 'fast-check';

/** One harm done to bytes; places are shares of the length, so that an edit fits whatever it is done to. */
export type Edit =
  | { readonly do: 'flip'; readonly at: number; readonly bit: number }
  | { readonly do: 'cut'; readonly at: number }
  | { readonly do: 'remove' | 'repeat'; readonly at: number; readonly length: number }
  | { readonly do: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly do: 'overwrite'; readonly at: number; readonly bytes: Uint8Array };

// No fc.double: most of those are next to nothing, and all harm would be at the first byte.
const place = fc.nat(1_000_000).map((millionths) => millionths / 1_000_000);
// Where the parsers count: ends of varints, of octal and decimal fields, magic words of gzip and of other compressions.
const TELLING = [
  'ffffffffffffffffff01',
  '8000',
  '00',
  '0a00',
  '3737373737373737373737',
  '80000000000000000fffffff',
  '1f8b0800',
  '28b52ffd',
  '0000000000000000',
];
const someBytes = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.constantFrom(...TELLING.map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))));

export const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('flip' as const), at: place, bit: fc.nat(7) }) },
  fc.record({ do: fc.constant('cut' as const), at: place }),
  fc.record({
    do: fc.constantFrom('remove' as const, 'repeat' as const),
    at: place,
    length: fc.oneof(fc.integer({ min: 1, max: 16 }), fc.constant(512), fc.nat(2000)),
  }),
  fc.record({ do: fc.constant('insert' as const), at: place, bytes: someBytes }),
  fc.record({ do: fc.constant('overwrite' as const), at: place, bytes: someBytes }),
);

export const edits = fc.array(edit, { minLength: 1, maxLength: 4 });

export function harm(bytes: Buffer, all: readonly Edit[]): Buffer {
  let harmed = bytes;
  for (const one of all) harmed = apply(harmed, one);
  return harmed;
}

function apply(bytes: Buffer, one: Edit): Buffer {
  const at = Math.min(Math.floor(one.at * bytes.length), Math.max(0, bytes.length - 1));
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (one.do === 'cut') return head;
  if (one.do === 'flip') return bytes.length === 0 ? bytes : Buffer.concat([head, Buffer.of(tail[0]! ^ (1 << one.bit)), tail.subarray(1)]);
  if (one.do === 'insert') return Buffer.concat([head, one.bytes, tail]);
  if (one.do === 'overwrite') return Buffer.concat([head, one.bytes.subarray(0, tail.length), tail.subarray(one.bytes.length)]);
  return Buffer.concat([head, one.do === 'remove' ? tail.subarray(one.length) : Buffer.concat([tail.subarray(0, one.length), tail])]);
}
