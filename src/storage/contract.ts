import type { KeyError, KeyPrefix, ObjectKey } from './key.ts';

export interface ListedObject {
  readonly key: ObjectKey;
  readonly size: number;
  readonly modifiedAt: Date;
}

/** `checksum` is `<algorithm>:<hex>`. commit() tells that of the bytes written, stat() that of the bytes found there. */
export interface StoredObject extends ListedObject {
  readonly checksum: string;
  /** Which of all that ever had this key, where the store tells them apart. */
  readonly version?: string;
}

export interface ObjectMeta {
  /** A guess, for part sizes; 0 if nobody knows. */
  readonly size: number;
  /** An alias alone is ever replaced, whole by whole; left out, the commit refuses to. */
  readonly replaces?: true;
}

/** An upload nobody can see. Whoever opened it ends it with commit() or abort(), also after a failed write or commit. */
export interface Pending {
  write(chunk: Uint8Array): Promise<void>;
  /** Makes every byte durable and visible at once. What is there already is `storage_exists`, unless this is an alias. */
  commit(): Promise<StoredObject>;
  /** Leaves nothing behind. Safe twice and after commit (then it does nothing); hears no signal, so it runs during shutdown. */
  abort(): Promise<void>;
}

/** How far an object is that was asked back from cold storage; `takes` is for people. */
export type Thawing = { readonly isWarm: true } | { readonly isWarm: false; readonly takes: string };

/** One destination. Every error is a SnapshotError `storage_*`; nothing here repeats anything. */
export interface Storage {
  readonly name: string;
  /** The ancestor's word for this kind of destination, as its log lines have it. */
  readonly kind: 'local' | 'aws' | 'gcp' | 'azure';
  /** Where an operator finds the object: a path or a URL. */
  locate(key: ObjectKey): string;
  /** The signal also ends later writes and the commit. */
  open(key: ObjectKey, meta: ObjectMeta, signal: AbortSignal): Promise<Pending>;
  /** Committed objects directly below the prefix, over all pages, in any order. */
  list(prefix: KeyPrefix, signal: AbortSignal): AsyncIterable<ListedObject>;
  /** What is not there is `not_found`. */
  read(key: ObjectKey, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Asks for what read() calls `object_cold`, as fast as it goes; may be asked again at any time. Left out where nothing can be cold. */
  thaw?(key: ObjectKey, signal: AbortSignal): Promise<Thawing>;
  stat(key: ObjectKey, signal: AbortSignal): Promise<StoredObject | undefined>;
  /** Deleting what is not there is a success. */
  delete(key: ObjectKey, signal: AbortSignal): Promise<void>;
  /** Any number of them. What refuses is told, the rest goes; rejects only when the signal says so. */
  deleteAll(keys: readonly ObjectKey[], signal: AbortSignal): Promise<readonly KeyError[]>;
  /** Bytes that still fit; Infinity where nobody can tell. */
  room(signal: AbortSignal): Promise<number>;
  /** Removes what a killed process left unfinished below the prefix and tells what it was; never a living upload. */
  sweep(prefix: KeyPrefix, signal: AbortSignal): Promise<readonly string[]>;
  close(): Promise<void>;
}
