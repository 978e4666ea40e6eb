import { createHash, type Hash } from 'node:crypto';
import { corrupt } from './archive-checks.ts';
import { parseMeta, parseSums } from './archive-texts.ts';
import type { ArchiveMeta, Proof } from './proof.ts';
import { StateReader } from './state-reader.ts';
import type { MemberSink } from './tar-members.ts';

const MEMBERS = ['meta.json', 'state.bin', 'SHA256SUMS', 'SHA256SUMS.sealed'] as const;
/** What the server's own restore refuses from. */
const SMALL_MEMBER_LIMIT = 8192;

/** The four members, as they pass: what they are must fit together. */
export class ArchiveMembers implements MemberSink {
  readonly #onMeta: (meta: ArchiveMeta) => void;
  #count = 0;
  #text = Buffer.alloc(0);
  #meta: ArchiveMeta | undefined;
  #metaSha256 = '';
  #stateHash: Hash | undefined;
  #state: StateReader | undefined;
  #sums: ReadonlyMap<string, string> = new Map();

  constructor(onMeta: (meta: ArchiveMeta) => void) {
    this.#onMeta = onMeta;
  }

  begin(name: string, size: number): void {
    const expected = MEMBERS[this.#count];
    if (name !== expected) throw corrupt('tar members', expected ?? 'no fifth member', JSON.stringify(name));
    this.#count += 1;
    this.#text = Buffer.alloc(0);
    if (name === 'state.bin') {
      if (size !== this.#meta?.stateBytes) throw corrupt('state.bin size', `${this.#meta?.stateBytes} bytes`, `${size}`);
      this.#stateHash = createHash('sha256');
      this.#state = new StateReader(size);
    } else if (size === 0 || size >= SMALL_MEMBER_LIMIT) {
      throw corrupt('member size', `${name} of 1 to ${SMALL_MEMBER_LIMIT - 1} bytes`, `${size}`);
    }
  }

  body(bytes: Buffer): void {
    if (this.#isInState()) {
      this.#stateHash?.update(bytes);
      this.#state?.push(bytes);
    } else {
      this.#text = Buffer.concat([this.#text, bytes]);
    }
  }

  end(): void {
    if (MEMBERS[this.#count - 1] === 'meta.json') {
      this.#meta = parseMeta(this.#text.toString());
      this.#metaSha256 = createHash('sha256').update(this.#text).digest('hex');
      this.#onMeta(this.#meta);
    } else if (MEMBERS[this.#count - 1] === 'SHA256SUMS') {
      this.#sums = parseSums(this.#text.toString());
    }
  }

  /** Throws unless all four were there and every sum was right. */
  proved(): Pick<Proof, 'meta' | 'stateBytes' | 'entries' | 'seal' | 'sealFingerprint' | 'suspicious'> {
    const [meta, state, hash] = [this.#meta, this.#state, this.#stateHash];
    if (this.#count < MEMBERS.length || !meta || !state || !hash) throw corrupt('tar members', `${MEMBERS[this.#count]}`, 'the end');
    this.#checkSum('meta.json', this.#metaSha256);
    this.#checkSum('state.bin', hash.digest('hex'));
    return { meta, stateBytes: meta.stateBytes, ...state.finish() };
  }

  #isInState(): boolean {
    return MEMBERS[this.#count - 1] === 'state.bin';
  }

  #checkSum(name: 'meta.json' | 'state.bin', found: string): void {
    const expected = this.#sums.get(name);
    if (expected !== found) throw corrupt(`sha256 of ${name}`, `${expected}`, found);
  }
}
