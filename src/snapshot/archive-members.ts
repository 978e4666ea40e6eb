import { createHash, type Hash } from 'node:crypto';
import { corrupt } from './archive-checks.ts';
import { parseMeta, parseSums } from './archive-texts.ts';
import type { ArchiveMeta, Proof } from './proof.ts';
import { type OnEntry, type StateFacts, StateReader } from './state-reader.ts';
import type { MemberSink } from './tar-members.ts';

const MEMBERS = ['meta.json', 'state.bin', 'SHA256SUMS', 'SHA256SUMS.sealed'] as const;
/** What the server's own restore refuses from. */
const SMALL_MEMBER_LIMIT = 8192;

/** One member that has passed whole. */
export interface Member {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What is known of an archive that need not have come to its end. */
export interface ArchiveSoFar {
  readonly meta: ArchiveMeta | undefined;
  readonly members: readonly Member[];
  readonly state: StateFacts | undefined;
}

/** The four members, as they pass: what they are must fit together. */
export class ArchiveMembers implements MemberSink {
  readonly #onMeta: (meta: ArchiveMeta) => void;
  readonly #onEntry: OnEntry | undefined;
  readonly #passed: Member[] = [];
  #count = 0;
  #text = Buffer.alloc(0);
  #hash: Hash = createHash('sha256');
  #size = 0;
  #meta: ArchiveMeta | undefined;
  #state: StateReader | undefined;
  #sums: ReadonlyMap<string, string> = new Map();

  constructor(onMeta: (meta: ArchiveMeta) => void, onEntry?: OnEntry) {
    this.#onMeta = onMeta;
    this.#onEntry = onEntry;
  }

  begin(name: string, size: number): void {
    const expected = MEMBERS[this.#count];
    if (name !== expected) throw corrupt('tar members', expected ?? 'no fifth member', JSON.stringify(name));
    this.#count += 1;
    this.#text = Buffer.alloc(0);
    this.#hash = createHash('sha256');
    this.#size = size;
    if (name === 'state.bin') {
      if (size !== this.#meta?.stateBytes) throw corrupt('state.bin size', `${this.#meta?.stateBytes} bytes`, `${size}`);
      this.#state = new StateReader(size, this.#onEntry);
    } else if (size === 0 || size >= SMALL_MEMBER_LIMIT) {
      throw corrupt('member size', `${name} of 1 to ${SMALL_MEMBER_LIMIT - 1} bytes`, `${size}`);
    }
  }

  body(bytes: Buffer): void {
    this.#hash.update(bytes);
    if (MEMBERS[this.#count - 1] === 'state.bin') this.#state?.push(bytes);
    else this.#text = Buffer.concat([this.#text, bytes]);
  }

  end(): void {
    const name = MEMBERS[this.#count - 1]!;
    this.#passed.push({ name, bytes: this.#size, sha256: this.#hash.digest('hex') });
    if (name === 'meta.json') {
      this.#meta = parseMeta(this.#text.toString());
      this.#onMeta(this.#meta);
    } else if (name === 'SHA256SUMS') {
      this.#sums = parseSums(this.#text.toString());
    }
  }

  /** Throws unless all four were there and every sum was right. */
  proved(): Pick<Proof, 'meta' | 'stateBytes' | 'entries' | 'seal' | 'sealFingerprint' | 'suspicious'> {
    const [meta, state] = [this.#meta, this.#state];
    if (this.#passed.length < MEMBERS.length || !meta || !state) throw corrupt('tar members', `${MEMBERS[this.#passed.length]}`, 'the end');
    this.#checkSum('meta.json');
    this.#checkSum('state.bin');
    return { meta, stateBytes: meta.stateBytes, ...state.finish() };
  }

  soFar(): ArchiveSoFar {
    return { meta: this.#meta, members: this.#passed, state: this.#state?.soFar() };
  }

  #checkSum(name: 'meta.json' | 'state.bin'): void {
    const expected = this.#sums.get(name);
    const found = this.#passed.find((member) => member.name === name)?.sha256 ?? '';
    if (expected !== found) throw corrupt(`sha256 of ${name}`, `${expected}`, found);
  }
}
