import { createHash, type Hash } from 'node:crypto';
import { SnapshotError, toSnapshotError } from '../errors.ts';
import { ArchiveMembers, type ArchiveSoFar } from './archive-members.ts';
import { GzipMember } from './gzip-member.ts';
import type { ArchiveMeta, Proof } from './proof.ts';
import type { OnEntry } from './state-reader.ts';
import { TarMembers } from './tar-members.ts';

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

  constructor(onEntry?: OnEntry) {
    let resolveMeta: (meta: ArchiveMeta) => void = () => {};
    let rejectMeta: (reason: unknown) => void = () => {};
    this.meta = new Promise((resolve, reject) => {
      resolveMeta = resolve;
      rejectMeta = reject;
    });
    // Whoever waits for it hears the failure all the same; nobody has to.
    this.meta.catch(() => undefined);
    this.#refuseMeta = rejectMeta;
    this.#members = new ArchiveMembers(resolveMeta, onEntry);
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

  /** What has passed, of a damaged archive too. */
  soFar(): ArchiveSoFar {
    return this.#members.soFar();
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
