// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are lines of code.
import type { Survivors } from './survivor.ts';

/** Of the files that read an archive. */
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
    reason: 'a record without a value ends in its sign, not in a new line',
    changes: [
      [
        "if (!record || length <= record[0].length || end > body.length || body[end - 1] !== 0x0a) throw corrupt('tar header', 'readable PAX records', 'others');",
        "if (!record || length < record[0].length || end > body.length || body[end - 1] !== 0x0a) throw corrupt('tar header', 'readable PAX records', 'others');",
      ],
    ],
  },
  {
    file: 'src/snapshot/state-reader.ts',
    reason: 'set anew before it is read',
    changes: [
      ['#recordStart = 0;', '#recordStart = 1;'],
      ['#field = 0;', '#field = 1;'],
      ["#keyStart = '';", "#keyStart = 'mutant';"],
    ],
  },
  {
    file: 'src/snapshot/state-reader.ts',
    reason: 'the scale grows by seven bits at a time: no value lies between',
    changes: [
      [
        "} else if (this.#scale > 2 ** 63) throw unreadable('numbers of at most ten bytes', 'a longer one');",
        "} else if (this.#scale > 2 ** 64) throw unreadable('numbers of at most ten bytes', 'a longer one');",
      ],
      [
        "if (this.#expecting !== 'record' || this.#scale > 1) throw unreadable('a whole last record', 'an end in the middle of it');",
        "if (this.#expecting !== 'record' || this.#scale > 2) throw unreadable('a whole last record', 'an end in the middle of it');",
      ],
    ],
  },
  {
    file: 'src/snapshot/state-reader.ts',
    reason: 'the guard is for the type checker: the order of the members and records has seen to it before',
    changes: [
      [
        "sealFingerprint: this.#missing.has(UNSEAL_KEYS) ? undefined : this.#unsealKeys?.copy().digest('hex'),",
        "sealFingerprint: this.#missing.has(UNSEAL_KEYS) ? undefined : this.#unsealKeys.copy().digest('hex'),",
      ],
      ['if (this.#key === UNSEAL_KEYS) this.#unsealKeys?.update(part);', 'if (this.#key === UNSEAL_KEYS) this.#unsealKeys.update(part);'],
      [
        'else if (this.#sealConfig) this.#sealConfig = Buffer.concat([this.#sealConfig, part]);',
        'else if (true) this.#sealConfig = Buffer.concat([this.#sealConfig, part]);',
      ],
    ],
  },
  {
    file: 'src/snapshot/state-reader.ts',
    reason: 'while bytes are left only a key and a value are told apart: by any other word they are stepped over',
    changes: [
      ["if (wireType === 0) this.#expecting = 'varint';", "if (wireType === 0) this.#expecting = '';"],
      ["else this.#expecting = 'skip';", 'else ;'],
      ["else this.#expecting = 'skip';", "else this.#expecting = '';"],
      ["this.#expecting = 'skip';", ';'],
      ["this.#expecting = 'skip';", "this.#expecting = '';"],
    ],
  },
  {
    file: 'src/snapshot/state-reader.ts',
    reason: 'what comes after is seen to lie beyond the record just as well',
    changes: [['this.#checkWithin(0);', ';']],
  },
  {
    file: 'src/snapshot/state-reader.ts',
    reason: 'only saves work: the outcome is the same',
    changes: [
      ["if (key.startsWith('core/')) this.#missing.delete(key);", 'if (true) this.#missing.delete(key);'],
      ["if (key.startsWith('core/')) this.#missing.delete(key);", "if (key.startsWith('')) this.#missing.delete(key);"],
    ],
  },
];
