import { createHash, type Hash } from 'node:crypto';
import { SnapshotError, toSnapshotError } from '../errors.ts';
import { corrupt } from './archive-checks.ts';
import { parseMeta, parseSums } from './archive-texts.ts';
import { GzipMember } from './gzip-member.ts';
import type { ArchiveMeta, Proof } from './proof.ts';
import { StateReader } from './state-reader.ts';
import { TarMembers } from './tar-members.ts';

const MEMBERS = ['meta.json', 'state.bin', 'SHA256SUMS', 'SHA256SUMS.sealed'] as const;
/** What the server's own restore refuses from. */
const SMALL_MEMBER_LIMIT = 8192;

/** Proves an archive whole in one pass, while its bytes go by: nothing is kept but a few kilobytes. */
export class ArchiveVerifier {
  /** Known as soon as meta.json has passed; rejects if the archive fails before. Need not be awaited. */
  readonly meta: Promise<ArchiveMeta>;
  readonly #members: ArchiveMembers;
  readonly #tar: TarMembers;
  readonly #gzip: GzipMember;
  readonly #hash: Hash = createHash('sha256');
  readonly #refuseMeta: (reason: unknown) => void;
  #bytes = 0;
  #failure: unknown;

  constructor() {
    let resolveMeta: (meta: ArchiveMeta) => void = () => {};
    let rejectMeta: (reason: unknown) => void = () => {};
    this.meta = new Promise((resolve, reject) => {
      resolveMeta = resolve;
      rejectMeta = reject;
    });
    // Whoever waits for it hears the failure all the same; nobody has to.
    this.meta.catch(() => undefined);
    this.#refuseMeta = rejectMeta;
    this.#members = new ArchiveMembers(resolveMeta);
    this.#tar = new TarMembers(this.#members);
    this.#gzip = new GzipMember((bytes) => this.#tar.push(bytes));
  }

  /** Resolves when the chunk has been looked at and may be used again. One call at a time. */
  async update(chunk: Uint8Array): Promise<void> {
    await this.#orFail(async () => {
      this.#hash.update(chunk);
      this.#bytes += chunk.length;
      await this.#gzip.write(chunk);
    });
  }

  /** The archive has been handed over whole: the verdict. */
  async finish(): Promise<Proof> {
    return await this.#orFail(async () => {
      this.#gzip.finish();
      this.#tar.finish();
      return { bytes: this.#bytes, sha256: this.#hash.digest('hex'), ...this.#members.proved() };
    });
  }

  /** Frees everything at once; whatever waits rejects with the reason. Safe at any time. */
  abort(reason: unknown = new SnapshotError('stopped', 'archive: given up before its end')): void {
    this.#failure ??= reason;
    this.#gzip.destroy(reason);
    this.#refuseMeta(reason);
  }

  async #orFail<Result>(step: () => Promise<Result>): Promise<Result> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await step();
    } catch (error) {
      this.abort(toSnapshotError(error));
      throw this.#failure;
    }
  }
}

/** The four members, as they pass. */
class ArchiveMembers {
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
