// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are lines of code.
import type { Survivors } from './survivor.ts';

/** Of the files that read an archive around its state. */
export const ARCHIVE_SURVIVORS: readonly Survivors[] = [
  {
    file: 'src/snapshot/archive.ts',
    reason: 'a promise that is returned is waited for as well',
    changes: [
      [
        'return await this.#orFail(async () => {',
        "return (this.#orFail(async () => {\n      this.#gzip.finish();\n      this.#tar.finish();\n      return { bytes: this.#bytes, sha256: this.#hash.digest('hex'), ...this.#members.proved() };\n    }));",
      ],
    ],
  },
  {
    file: 'src/snapshot/archive-members.ts',
    reason: 'set anew before it is read',
    changes: [
      ['#text = Buffer.alloc(0);', '#text = Buffer.alloc(1);'],
      ['#size = 0;', '#size = 1;'],
    ],
  },
  {
    file: 'src/snapshot/archive-members.ts',
    reason: 'the guard is for the type checker: the order of the members and records has seen to it before',
    changes: [
      [
        "if (size !== this.#meta?.stateBytes) throw corrupt('state.bin size', `${this.#meta?.stateBytes} bytes`, `${size}`);",
        "if (size !== this.#meta.stateBytes) throw corrupt('state.bin size', `${this.#meta?.stateBytes} bytes`, `${size}`);",
      ],
      [
        "if (size !== this.#meta?.stateBytes) throw corrupt('state.bin size', `${this.#meta?.stateBytes} bytes`, `${size}`);",
        "if (size !== this.#meta?.stateBytes) throw corrupt('state.bin size', `${this.#meta.stateBytes} bytes`, `${size}`);",
      ],
      ["if (MEMBERS[this.#count - 1] === 'state.bin') this.#state?.push(bytes);", "if (MEMBERS[this.#count - 1] === 'state.bin') this.#state.push(bytes);"],
      [
        "if (this.#passed.length < MEMBERS.length || !meta || !state) throw corrupt('tar members', `${MEMBERS[this.#passed.length]}`, 'the end');",
        "if (this.#passed.length < MEMBERS.length || !meta && !state) throw corrupt('tar members', `${MEMBERS[this.#passed.length]}`, 'the end');",
      ],
      [
        "if (this.#passed.length < MEMBERS.length || !meta || !state) throw corrupt('tar members', `${MEMBERS[this.#passed.length]}`, 'the end');",
        "if ((this.#passed.length < MEMBERS.length || !meta)) throw corrupt('tar members', `${MEMBERS[this.#passed.length]}`, 'the end');",
      ],
      [
        "if (this.#passed.length < MEMBERS.length || !meta || !state) throw corrupt('tar members', `${MEMBERS[this.#passed.length]}`, 'the end');",
        "if ((this.#passed.length < MEMBERS.length) || !state) throw corrupt('tar members', `${MEMBERS[this.#passed.length]}`, 'the end');",
      ],
      [
        "const found = this.#passed.find((member) => member.name === name)?.sha256 ?? '';",
        'const found = (this.#passed.find((member) => member.name === name)?.sha256);',
      ],
      [
        "const found = this.#passed.find((member) => member.name === name)?.sha256 ?? '';",
        "const found = this.#passed.find((member) => member.name === name).sha256 ?? '';",
      ],
      [
        "const found = this.#passed.find((member) => member.name === name)?.sha256 ?? '';",
        "const found = this.#passed.findLast((member) => member.name === name)?.sha256 ?? '';",
      ],
      [
        "const found = this.#passed.find((member) => member.name === name)?.sha256 ?? '';",
        "const found = this.#passed.find((member) => member.name === name)?.sha256 ?? 'mutant';",
      ],
    ],
  },
  {
    file: 'src/snapshot/archive-texts.ts',
    reason: 'the pattern finds both or none',
    changes: [
      [
        "if (!sum || !name || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
        "if (!sum && !name || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
      ],
      [
        "if (!sum || !name || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
        "if ((!sum) || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
      ],
      [
        "if (!sum || !name || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
        "if ((!name) || sums.has(name)) throw corrupt('SHA256SUMS', 'one line for each of meta.json and state.bin', 'another line');",
      ],
    ],
  },
  {
    file: 'src/snapshot/archive-texts.ts',
    reason: 'only a number is written in digits alone',
    changes: [
      [
        "typeof parsed === 'number' && /^\\d+$/.test(context!.source!) ? BigInt(context!.source!) : parsed,",
        '(/^\\d+$/.test(context!.source!)) ? BigInt(context!.source!) : parsed,',
      ],
    ],
  },
  {
    file: 'src/snapshot/archive-texts.ts',
    reason: 'reading JSON throws nothing else',
    changes: [
      ['if (error instanceof SyntaxError || error instanceof RangeError) return undefined;', 'if (true) return undefined;'],
      ['throw error;', ';'],
    ],
  },
  {
    file: 'src/snapshot/gzip-member.ts',
    reason: 'only how much is unpacked at a time, and how soon its memory is free',
    changes: [
      ['const OUTPUT_BYTES = 262_144;', 'const OUTPUT_BYTES = 524288;'],
      ['const OUTPUT_BYTES = 262_144;', 'const OUTPUT_BYTES = 131072;'],
      ['readonly #inflate: InflateRaw = createInflateRaw({ chunkSize: OUTPUT_BYTES });', 'readonly #inflate: InflateRaw = createInflateRaw({});'],
      ['if (bytes.byteOffset + bytes.length === OUTPUT_BYTES) release(new Uint8Array(bytes.buffer));', 'if (false) release(new Uint8Array(bytes.buffer));'],
      [
        'if (bytes.byteOffset + bytes.length === OUTPUT_BYTES) release(new Uint8Array(bytes.buffer));',
        'if (bytes.byteOffset - bytes.length === OUTPUT_BYTES) release(new Uint8Array(bytes.buffer));',
      ],
    ],
  },
  {
    file: 'src/snapshot/gzip-member.ts',
    reason: 'zlib that was given up hands on nothing more',
    changes: [['if (this.#failure !== undefined) return;', 'if (false) return;']],
  },
  {
    file: 'src/snapshot/gzip-member.ts',
    reason: 'zlib calls back as well, though nothing promises it',
    changes: [['this.#wake();', ';']],
  },
  {
    file: 'src/snapshot/gzip-member.ts',
    reason: 'zlib takes no bytes once its data is over, so the rest is the trailer either way',
    changes: [['if (!this.#isDataOver) await this.#unpack(data);', 'if (true) await this.#unpack(data);']],
  },
  {
    file: 'src/snapshot/gzip-member.ts',
    reason: 'shows only once gigabytes are unpacked',
    changes: [['const found = this.#unpackedBytes >>> 0;', 'const found = this.#unpackedBytes >> 0;']],
  },
  {
    file: 'src/snapshot/gzip-member.ts',
    reason: 'frees memory at once; nothing else shows it',
    changes: [['this.#inflate.destroy();', ';']],
  },
  {
    file: 'src/snapshot/gzip-member.ts',
    reason: 'zlib that was given up calls back with an error, and the reason is told all the same',
    changes: [['if (this.#failure === undefined) this.#inflate.write(data, () => resolve());', 'if (true) this.#inflate.write(data, () => resolve());']],
  },
  {
    file: 'src/snapshot/gzip-member.ts',
    reason: 'only saves work: the outcome is the same',
    changes: [
      ['this.#trailer = Buffer.concat([this.#trailer, bytes.subarray(0, TRAILER_BYTES + 1)]);', 'this.#trailer = Buffer.concat([this.#trailer, bytes]);'],
      [
        'this.#trailer = Buffer.concat([this.#trailer, bytes.subarray(0, TRAILER_BYTES + 1)]);',
        'this.#trailer = Buffer.concat([this.#trailer, bytes.subarray(0, TRAILER_BYTES + 2)]);',
      ],
    ],
  },
  {
    file: 'src/snapshot/tar-members.ts',
    reason: 'set anew before it is read',
    changes: [['#paxBody = Buffer.alloc(0);', '#paxBody = Buffer.alloc(1);']],
  },
  {
    file: 'src/snapshot/tar-members.ts',
    reason: 'a header that is not yet whole is the last thing in its chunk',
    changes: [['if (this.#blockFilled < BLOCK) return bytes.length;', 'if (this.#blockFilled < BLOCK) return;']],
  },
  {
    file: 'src/snapshot/tar-members.ts',
    reason: 'behind this field the block holds nothing but zeros',
    changes: [
      [
        "const name = this.#pax.get('path') ?? [text(header, 345, 155), text(header, 0, 100)].filter((part) => part !== '').join('/');",
        "const name = this.#pax.get('path') ?? [text(header, 345, 310), text(header, 0, 100)].filter((part) => part !== '').join('/');",
      ],
    ],
  },
  {
    file: 'src/snapshot/tar-members.ts',
    reason: 'a record without a value ends in its sign, not in a new line',
    changes: [
      [
        "if (!record || length <= record[0].length || body[end - 1] !== 0x0a) throw corrupt('tar header', 'readable PAX records', 'others');",
        "if (!record || length < record[0].length || body[end - 1] !== 0x0a) throw corrupt('tar header', 'readable PAX records', 'others');",
      ],
    ],
  },
];
