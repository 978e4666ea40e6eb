import { createHash } from 'node:crypto';
import type { Environment } from '../../config/secret-source.ts';
import { SnapshotError } from '../../errors.ts';
import type { ListedObject, ObjectMeta, Pending, Storage, StoredObject } from '../contract.ts';
import type { KeyError, KeyPrefix, ObjectKey } from '../key.ts';
import type { PartBudget } from '../part-writer.ts';
import { tryEach } from '../try-each.ts';
import { readAuthorities } from './authorities.ts';
import type { GcsSettings } from './config.ts';
import { anonymous, type Credentials, GoogleCredentials } from './credentials.ts';
import { type Answer, fieldOf, missingBucket, nonsense, parseJson } from './errors.ts';
import { generationOf, listPages, OBJECT_FIELDS, readObject } from './listing.ts';
import { GcsPending } from './pending.ts';
import { agentFor, type Call, Transport, throwIfAborted } from './transport.ts';

const IDLE_MS = 60_000;
/** The most Google gives. */
const PAGE_SIZE = 1_000;

export interface GcsDeps {
  readonly name: string;
  readonly env: Environment;
  readonly budget: PartBudget;
  readonly pageSize?: number;
  readonly idleMs?: number;
  now(): Date;
}

export async function openGcsStorage(settings: GcsSettings, deps: GcsDeps): Promise<Storage> {
  const { env, now, idleMs = IDLE_MS, pageSize = PAGE_SIZE } = deps;
  const secureContext = await readAuthorities(settings.caCertFile);
  const transport = new Transport({ endpoint: new URL(settings.endpoint), env, secureContext, idleMs, now });
  const { login, bucket } = settings;
  const credentials =
    login.method === 'anonymous'
      ? anonymous
      : new GoogleCredentials({ keyFile: login.keyFile, place: bucket, idleMs, agentFor: (url) => agentFor(url, env, secureContext) });
  return new GcsStorage(settings, { name: deps.name, budget: deps.budget, pageSize, transport, credentials });
}

interface Parts {
  readonly name: string;
  readonly budget: PartBudget;
  readonly pageSize: number;
  readonly transport: Transport;
  readonly credentials: Credentials;
}

type Query = Readonly<Record<string, string | undefined>>;

/** A bucket of Google Cloud Storage, by its JSON API. */
class GcsStorage implements Storage {
  readonly kind = 'gcp';
  readonly #settings: GcsSettings;
  readonly #parts: Parts;

  constructor(settings: GcsSettings, parts: Parts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.name;
  }

  locate(key: ObjectKey): string {
    return `gs://${this.#settings.bucket}/${key}`;
  }

  async open(key: ObjectKey, { replaces }: ObjectMeta, signal: AbortSignal): Promise<Pending> {
    const { transport, budget } = this.#parts;
    const { kmsKey, storageClass, bucket } = this.#settings;
    const place = this.#place(key);
    const query = { uploadType: 'resumable', name: key, ifGenerationMatch: replaces === true ? undefined : '0', kmsKeyName: kmsKey };
    const call: Call = {
      method: 'POST',
      path: this.#path(`/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`, query),
      place,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ contentType: 'application/octet-stream', storageClass }),
    };
    const answer = await this.#ask(call, signal);
    if (answer.status === 404) throw missingBucket(bucket);
    const location = URL.parse(answer.headers.location ?? 'none', this.#settings.endpoint);
    if (location?.searchParams.has('upload_id') !== true) throw nonsense(place, 'the answer names no session');
    // By the way that is configured, whatever host the answer names: nothing goes where nobody sent it.
    return new GcsPending({ transport, budget, key, place, path: `${location.pathname}${location.search}` }, signal);
  }

  list(prefix: KeyPrefix, signal: AbortSignal): AsyncIterable<ListedObject> {
    const place = `${this.#settings.bucket}/${prefix}`;
    return listPages(prefix, place, async (pageToken) => {
      const fields = `items(${OBJECT_FIELDS}),nextPageToken`;
      const answer = await this.#askList({ prefix, pageToken, fields, delimiter: '/', maxResults: String(this.#parts.pageSize) }, place, signal);
      return parseJson(answer.text);
    });
  }

  async *read(key: ObjectKey, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const call = await this.#signed(this.#objectCall('GET', key, { alt: 'media' }), signal);
    if ((yield* this.#parts.transport.download(call, signal)) === 'whole') return;
    await this.#demandBucket(signal);
    throw new SnapshotError('not_found', `gcs: ${this.#place(key)}: not there`);
  }

  async stat(key: ObjectKey, signal: AbortSignal): Promise<StoredObject | undefined> {
    const answer = await this.#ask(this.#objectCall('GET', key, { fields: OBJECT_FIELDS }), signal);
    if (answer.status === 404) {
      await this.#demandBucket(signal);
      return undefined;
    }
    const json = parseJson(answer.text);
    const object = readObject(key, json, this.#place(key));
    const md5 = fieldOf(json, 'md5Hash');
    const checksum = typeof md5 === 'string' ? `md5:${Buffer.from(md5, 'base64').toString('hex')}` : await this.#hash(key, signal);
    return { ...object, checksum, ...generationOf(json) };
  }

  async delete(key: ObjectKey, signal: AbortSignal): Promise<void> {
    await this.#ask(this.#objectCall('DELETE', key, {}), signal);
  }

  async deleteAll(keys: readonly ObjectKey[], signal: AbortSignal): Promise<readonly KeyError[]> {
    return await tryEach(keys, (key) => this.delete(key, signal), signal);
  }

  async room(signal: AbortSignal): Promise<number> {
    throwIfAborted(signal);
    return Number.POSITIVE_INFINITY;
  }

  /** Nobody can list the sessions of unfinished uploads; Google ends each after a week. */
  async sweep(_prefix: KeyPrefix, signal: AbortSignal): Promise<readonly string[]> {
    throwIfAborted(signal);
    return [];
  }

  async close(): Promise<void> {
    this.#parts.transport.close();
    this.#parts.credentials.close();
  }

  /** Of an object that was put together from others, Google knows no MD5. */
  async #hash(key: ObjectKey, signal: AbortSignal): Promise<string> {
    const hash = createHash('md5');
    for await (const chunk of this.read(key, signal)) hash.update(chunk);
    return `md5:${hash.digest('hex')}`;
  }

  /** A missing bucket and a missing object are answered alike; a listing knows them apart, and needs no more rights. */
  async #demandBucket(signal: AbortSignal): Promise<void> {
    await this.#askList({ maxResults: '1', fields: 'kind' }, this.#settings.bucket, signal);
  }

  async #askList(query: Query, place: string, signal: AbortSignal): Promise<Answer> {
    const { bucket } = this.#settings;
    const answer = await this.#ask({ method: 'GET', path: this.#path(`/storage/v1/b/${encodeURIComponent(bucket)}/o`, query), place }, signal);
    if (answer.status === 404) throw missingBucket(bucket);
    return answer;
  }

  #objectCall(method: 'GET' | 'DELETE', key: ObjectKey, query: Query): Call {
    const path = `/storage/v1/b/${encodeURIComponent(this.#settings.bucket)}/o/${encodeURIComponent(key)}`;
    return { method, path: this.#path(path, query), place: this.#place(key) };
  }

  #place(key: ObjectKey): string {
    return `${this.#settings.bucket}/${key}`;
  }

  #path(path: string, query: Query): string {
    const given = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...query, userProject: this.#settings.userProject })) if (value !== undefined) given.set(name, value);
    return given.size === 0 ? path : `${path}?${given}`;
  }

  async #signed(call: Call, signal: AbortSignal): Promise<Call> {
    return { ...call, headers: { ...call.headers, ...(await this.#parts.credentials.headers(signal)) } };
  }

  /** A success, or nothing there; all else is thrown. */
  async #ask(call: Call, signal: AbortSignal): Promise<Answer> {
    const { transport, credentials } = this.#parts;
    const signed = await this.#signed(call, signal);
    const answer = await transport.ask(signed, signal);
    if ((answer.status >= 200 && answer.status < 300) || answer.status === 404) return answer;
    if (answer.status === 401) credentials.forget();
    throw transport.refuse(signed, answer);
  }
}
