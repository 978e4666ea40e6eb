import { createHash } from 'node:crypto';
import type { BlobGetPropertiesResponse } from '@azure/storage-blob';
import type { Environment } from '../../config/secret-source.ts';
import { SnapshotError } from '../../errors.ts';
import type { ListedObject, ObjectMeta, Pending, Storage, StoredObject, Thawing } from '../contract.ts';
import type { KeyError, KeyPrefix, ObjectKey } from '../key.ts';
import type { PartBudget } from '../part-writer.ts';
import { type Limits, request, throwIfAborted } from './calls.ts';
import type { AzureSettings } from './config.ts';
import { AzureAccount } from './connect.ts';
import { deleteInBatches } from './delete-batch.ts';
import { isNotThere, type Translate, translator } from './errors.ts';
import { listObjects } from './listing.ts';
import { AzurePending } from './pending.ts';

const IDLE_MS = 60_000;
/** The most Azure gives at once. */
const PAGE_SIZE = 5_000;

export interface AzureStorageDeps {
  readonly name: string;
  readonly env: Environment;
  readonly budget: PartBudget;
  now(): Date;
  readonly pageSize?: number;
  readonly idleMs?: number;
}

export async function openAzureStorage(settings: AzureSettings, deps: AzureStorageDeps): Promise<Storage> {
  return new AzureStorage(settings, new AzureAccount(settings, deps.env, deps.idleMs ?? IDLE_MS), deps);
}

/** A container of Azure Blob Storage, or of what speaks its language. */
class AzureStorage implements Storage {
  readonly kind = 'azure';
  readonly #settings: AzureSettings;
  readonly #account: AzureAccount;
  readonly #deps: AzureStorageDeps;
  readonly #translate: Translate;

  constructor(settings: AzureSettings, account: AzureAccount, deps: AzureStorageDeps) {
    this.#settings = settings;
    this.#account = account;
    this.#deps = deps;
    this.#translate = translator({ container: settings.container, now: deps.now, signatureEndsAt: () => account.signatureEndsAt });
  }

  get name(): string {
    return this.#deps.name;
  }

  locate(key: ObjectKey): string {
    return `${this.#account.address}/${this.#settings.container}/${key}`;
  }

  async open(key: ObjectKey, { size, replaces }: ObjectMeta, signal: AbortSignal): Promise<Pending> {
    throwIfAborted(signal);
    const { blob, encryption } = await this.#blob(key);
    const upload = { key, blob, encryption, tier: this.#settings.accessTier, isReplacing: replaces === true, sizeGuess: size };
    return new AzurePending({ ...upload, budget: this.#deps.budget, idleMs: this.#limits(signal).idleMs, translate: this.#translate }, signal);
  }

  async *list(prefix: KeyPrefix, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
    throwIfAborted(signal);
    try {
      const container = await this.#account.container();
      yield* listObjects(container, prefix, this.#deps.pageSize ?? PAGE_SIZE, this.#limits(signal));
    } catch (error) {
      throw this.#translate(error, prefix);
    }
  }

  async *read(key: ObjectKey, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    throwIfAborted(signal);
    const limits = this.#limits(signal);
    const { blob, encryption } = await this.#blob(key);
    const gone = new AbortController();
    const all = { ...limits, signal: AbortSignal.any([signal, gone.signal]) };
    try {
      // A cut in the middle is told, not mended: whoever reads decides whether to begin again.
      const answer = await request(all, (abortSignal) => blob.download(0, undefined, { abortSignal, maxRetryRequests: 0, ...encryption })).catch(unlessForeign);
      if (isFolder(answer.metadata)) throw new SnapshotError('not_found', `azure: ${this.locate(key)}: not there`);
      const chunks = (answer.readableStreamBody as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      for (;;) {
        const { value, done } = await request(all, () => chunks.next());
        if (done === true) return;
        yield value;
      }
    } catch (error) {
      if (isNotThere(error)) throw new SnapshotError('not_found', `azure: ${this.locate(key)}: not there`);
      throw this.#translate(error, key);
    } finally {
      gone.abort();
    }
  }

  /** It stays in the tier "Hot" then: Azure has no copies that end by themselves. */
  async thaw(key: ObjectKey, signal: AbortSignal): Promise<Thawing> {
    throwIfAborted(signal);
    const found = await this.#properties(key, signal);
    if (found === undefined) throw new SnapshotError('not_found', `azure: ${this.locate(key)}: not there`);
    if (found.accessTier !== 'Archive') return { isWarm: true };
    if (found.archiveStatus === undefined) await this.#rehydrate(key, signal);
    return { isWarm: false, takes: 'an hour as a rule, up to 15 hours' };
  }

  async stat(key: ObjectKey, signal: AbortSignal): Promise<StoredObject | undefined> {
    throwIfAborted(signal);
    const found = await this.#properties(key, signal);
    if (found === undefined || isFolder(found.metadata)) return undefined;
    const { contentLength, contentMD5, lastModified, versionId: version } = found;
    const md5 = contentMD5 === undefined ? await this.#hash(key, signal) : Buffer.from(contentMD5).toString('hex');
    return { key, size: contentLength ?? 0, modifiedAt: lastModified ?? new Date(0), checksum: `md5:${md5}`, ...(version !== undefined && { version }) };
  }

  async delete(key: ObjectKey, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    try {
      const { blob } = await this.#blob(key);
      await request(this.#limits(signal), (abortSignal) => blob.delete({ abortSignal }));
    } catch (error) {
      if (!isNotThere(error)) throw this.#translate(error, key);
    }
  }

  async deleteAll(keys: readonly ObjectKey[], signal: AbortSignal): Promise<readonly KeyError[]> {
    const deleting = { container: () => this.#account.container(), deleteOne: (key: ObjectKey) => this.delete(key, signal), translate: this.#translate };
    return await deleteInBatches(keys, deleting, this.#limits(signal));
  }

  async room(signal: AbortSignal): Promise<number> {
    throwIfAborted(signal);
    return Number.POSITIVE_INFINITY;
  }

  /** Azure has no call to remove uncommitted blocks: it forgets them after a week, and nobody sees them meanwhile. */
  async sweep(_prefix: KeyPrefix, signal: AbortSignal): Promise<readonly string[]> {
    throwIfAborted(signal);
    return [];
  }

  async close(): Promise<void> {
    this.#account.close();
  }

  async #blob(key: ObjectKey) {
    const [container, encryption] = await Promise.all([this.#account.container(), this.#account.encryption()]);
    return { blob: container.getBlockBlobClient(key), encryption };
  }

  async #rehydrate(key: ObjectKey, signal: AbortSignal): Promise<void> {
    try {
      const { blob } = await this.#blob(key);
      await request(this.#limits(signal), (abortSignal) => blob.setAccessTier('Hot', { rehydratePriority: 'High', abortSignal }));
    } catch (thrown) {
      const error = this.#translate(thrown, key);
      // Somebody was quicker.
      if (error.code !== 'object_cold') throw error;
    }
  }

  async #properties(key: ObjectKey, signal: AbortSignal): Promise<BlobGetPropertiesResponse | undefined> {
    try {
      const { blob, encryption } = await this.#blob(key);
      return await request(this.#limits(signal), (abortSignal) => blob.getProperties({ abortSignal, ...encryption }));
    } catch (error) {
      if (isNotThere(error)) return undefined;
      throw this.#translate(error, key);
    }
  }

  /** Of a blob that somebody else put there without a sum. */
  async #hash(key: ObjectKey, signal: AbortSignal): Promise<string> {
    const hash = createHash('md5');
    for await (const chunk of this.read(key, signal)) hash.update(chunk);
    return hash.digest('hex');
  }

  #limits(signal: AbortSignal): Limits {
    return { signal, idleMs: this.#deps.idleMs ?? IDLE_MS };
  }
}

/** So the SDK refuses an answer without the headers of Azure, such as the page of a proxy. */
function unlessForeign(error: unknown): never {
  throw error instanceof RangeError ? Object.assign(new Error(error.message), { code: 'PARSE_ERROR' }) : error;
}

/** Accounts with a hierarchical namespace show directories as blobs. */
function isFolder(metadata: Readonly<Record<string, string>> | undefined): boolean {
  return metadata?.hdi_isfolder === 'true';
}
