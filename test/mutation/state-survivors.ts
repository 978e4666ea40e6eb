// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are lines of code.
import type { Survivors } from './survivor.ts';

/** Of the reader of the state's records. */
export const STATE_SURVIVORS: readonly Survivors[] = [
  {
    file: 'src/snapshot/state-reader.ts',
    reason: 'set anew before it is read',
    changes: [
      ['#recordStart = 0;', '#recordStart = 1;'],
      ['#recordEnd = 0;', '#recordEnd = 1;'],
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
