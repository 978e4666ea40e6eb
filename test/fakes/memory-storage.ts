import { createHash } from 'node:crypto';
import { abortReason, SnapshotError } from '../../src/errors.ts';
import type { ListedObject, ObjectMeta, Pending, Storage, StoredObject } from '../../src/storage/contract.ts';
import type { KeyError, KeyPrefix, ObjectKey } from '../../src/storage/key.ts';
import { tryEach } from '../../src/storage/try-each.ts';

/** `answer`: the step is carried out, but its answer gets lost. */
export type FaultStep = 'open' | 'write' | 'commit' | 'commit-answer' | 'abort' | 'list' | 'read' | 'stat' | 'delete';

/** Happens once, at the nth such step from when it was injected. */
export interface Fault {
  readonly step: FaultStep;
  /** 1, the next one, unless told. */
  readonly nth?: number;
  /** What is thrown; `hang` waits for the signal. `storage_unavailable` unless told. */
  readonly error?: SnapshotError | 'hang';
}

interface Held {
  readonly bytes: Buffer;
  readonly modifiedAt: Date;
  readonly version?: string;
}

const PAGE_SIZE = 2;

/** A store in memory, as awkward as the real ones: pages of two, odd chunks, and every fault on demand. */
export class MemoryStorage implements Storage {
  readonly name: string;
  readonly kind: Storage['kind'];
  /** What anybody could see, by key. */
  readonly objects = new Map<string, Held>();
  /** Uploads nobody ended. */
  readonly pending = new Set<string>();
  /** Every step in order, such as `commit a/b`. */
  readonly steps: string[] = [];
  /** What a killed process is to have left, for the next sweep. */
  leftovers: string[] = [];
  roomBytes = Number.POSITIVE_INFINITY;
  isClosed = false;
  /** Keys that a lock keeps, however often somebody deletes them. */
  readonly locked = new Set<string>();
  /** The next objects are kept with one bit turned. */
  isCorrupting = false;
  readonly #now: () => Date;
  readonly #faults: { readonly fault: Fault; left: number }[] = [];
  #opened = 0;
  #published = 0;

  constructor({ name = 'memory', kind = 'aws', now = () => new Date() }: { name?: string; kind?: Storage['kind']; now?: () => Date } = {}) {
    this.name = name;
    this.kind = kind;
    this.#now = now;
  }

  inject(fault: Fault): void {
    this.#faults.push({ fault, left: fault.nth ?? 1 });
  }

  locate(key: ObjectKey): string {
    return `memory://${this.name}/${key}`;
  }

  async open(key: ObjectKey, meta: ObjectMeta, signal: AbortSignal): Promise<Pending> {
    await this.step('open', key, signal);
    const id = `${key}#${++this.#opened}`;
    this.pending.add(id);
    return new MemoryPending(this, key, id, meta, signal);
  }

  async *list(prefix: KeyPrefix, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
    let after = '';
    for (;;) {
      await this.step('list', prefix, signal);
      const isBelow = (key: string) => key.startsWith(prefix) && !key.slice(prefix.length).includes('/');
      const page = [...this.objects.keys()]
        .filter((key) => isBelow(key) && key > after)
        .sort()
        .slice(0, PAGE_SIZE);
      for (const key of page) {
        const held = this.objects.get(key);
        if (held !== undefined) yield { key: key as ObjectKey, size: held.bytes.length, modifiedAt: held.modifiedAt };
        after = key;
      }
      if (page.length < PAGE_SIZE) return;
    }
  }

  async *read(key: ObjectKey, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const held = this.objects.get(key);
    if (held === undefined) throw new SnapshotError('not_found', `${this.name}: ${key}: not there`);
    for (let position = 0, size = 1; position < held.bytes.length; position += size, size = (size * 7) % 65_537) {
      await this.step('read', key, signal);
      yield held.bytes.subarray(position, position + size);
    }
  }

  async stat(key: ObjectKey, signal: AbortSignal): Promise<StoredObject | undefined> {
    await this.step('stat', key, signal);
    const held = this.objects.get(key);
    return held && describeHeld(key, held);
  }

  async delete(key: ObjectKey, signal: AbortSignal): Promise<void> {
    await this.step('delete', key, signal);
    if (this.locked.has(key)) throw new SnapshotError('storage_locked', `${this.name}: ${key}: locked`);
    this.objects.delete(key);
  }

  async deleteAll(keys: readonly ObjectKey[], signal: AbortSignal): Promise<readonly KeyError[]> {
    return await tryEach(keys, (key) => this.delete(key, signal), signal);
  }

  async room(signal: AbortSignal): Promise<number> {
    if (signal.aborted) throw abortReason(signal);
    return this.roomBytes;
  }

  async sweep(_prefix: KeyPrefix, signal: AbortSignal): Promise<readonly string[]> {
    if (signal.aborted) throw abortReason(signal);
    return this.leftovers.splice(0);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** Records the step and lets an injected fault happen. */
  async step(step: FaultStep, key: string, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw abortReason(signal);
    this.steps.push(`${step} ${key}`);
    const due = this.#faults.filter(({ fault }) => fault.step === step);
    for (const entry of due) entry.left--;
    const now = due.find(({ left }) => left === 0);
    if (now?.fault.error === 'hang' && signal !== undefined) await untilAborted(signal);
    else if (now !== undefined) throw now.fault.error ?? new SnapshotError('storage_unavailable', `${this.name}: ${key}: ${step} failed as asked`);
  }

  /** Never replaces; the answer may get lost after it worked. */
  async publish(key: ObjectKey, bytes: Buffer, { replaces }: ObjectMeta, signal: AbortSignal): Promise<StoredObject> {
    await this.step('commit', key, signal);
    if (this.objects.has(key) && !replaces) throw new SnapshotError('storage_exists', `${this.name}: ${key}: exists already`);
    const written = { bytes, modifiedAt: this.#now(), version: `v${++this.#published}` };
    this.objects.set(key, this.isCorrupting ? { ...written, bytes: withOneBitTurned(bytes) } : written);
    await this.step('commit-answer', key, signal);
    return describeHeld(key, written);
  }
}

class MemoryPending implements Pending {
  readonly #storage: MemoryStorage;
  readonly #key: ObjectKey;
  readonly #id: string;
  readonly #meta: ObjectMeta;
  readonly #signal: AbortSignal;
  readonly #chunks: Buffer[] = [];
  #isOpen = true;

  constructor(storage: MemoryStorage, key: ObjectKey, id: string, meta: ObjectMeta, signal: AbortSignal) {
    this.#storage = storage;
    this.#key = key;
    this.#id = id;
    this.#meta = meta;
    this.#signal = signal;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#enter();
    await this.#storage.step('write', this.#key, this.#signal);
    this.#chunks.push(Buffer.from(chunk));
    this.#isOpen = true;
  }

  async commit(): Promise<StoredObject> {
    this.#enter();
    const stored = await this.#storage.publish(this.#key, Buffer.concat(this.#chunks), this.#meta, this.#signal);
    this.#storage.pending.delete(this.#id);
    return stored;
  }

  async abort(): Promise<void> {
    this.#isOpen = false;
    await this.#storage.step('abort', this.#key);
    this.#storage.pending.delete(this.#id);
  }

  #enter(): void {
    if (this.#signal.aborted) throw abortReason(this.#signal);
    if (!this.#isOpen) throw new SnapshotError('storage_failed', `${this.#storage.name}: ${this.#key}: this upload has failed or ended`);
    this.#isOpen = false;
  }
}

function describeHeld(key: ObjectKey, { bytes, modifiedAt, version }: Held): StoredObject {
  const checksum = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { key, size: bytes.length, modifiedAt, checksum, ...(version !== undefined && { version }) };
}

function withOneBitTurned(bytes: Buffer): Buffer {
  const turned = Buffer.from(bytes);
  turned.writeUInt8(turned.readUInt8(0) ^ 1, 0);
  return turned;
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(abortReason(signal)), { once: true });
  });
}
