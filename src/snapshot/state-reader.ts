import { createHash, type Hash } from 'node:crypto';
import { corrupt } from './archive-checks.ts';
import { parseSealConfig } from './archive-texts.ts';
import type { Proof } from './proof.ts';

/** The database of Vault takes no longer ones. */
const KEY_LIMIT = 32_768;
const SEAL_CONFIG = 'core/seal-config';
const SEAL_CONFIG_LIMIT = 65_536;
const UNSEAL_KEYS = 'core/hsm/barrier-unseal-keys';
const SENTINELS = ['core/keyring', 'core/mounts', SEAL_CONFIG, UNSEAL_KEYS];

const KEY_FIELD = 1;
const VALUE_FIELD = 2;

export type StateFacts = Pick<Proof, 'entries' | 'seal' | 'sealFingerprint' | 'suspicious'>;

/** Hears of every record that ended: its key, each character one byte, and how many bytes it takes. */
export type OnEntry = (key: string, bytes: number) => void;

type Expecting = 'record' | 'tag' | 'varint' | 'length' | 'key' | 'value' | 'skip';

/**
 * Follows the records of state.bin: a varint length, then a protobuf {1: key, 2: value, 3: seal_wrap}. Only keys and two
 * values are looked at, the rest is stepped over, so a record may be as long as it likes.
 */
export class StateReader {
  readonly #size: number;
  readonly #onEntry: OnEntry | undefined;
  #at = 0;
  #expecting: Expecting = 'record';
  /** The number under way: 7 bits a byte, lowest first. */
  #number = 0;
  #scale = 1;
  #recordStart = 0;
  #recordEnd = 0;
  #field = 0;
  /** Bytes left of the key, value or field under way. */
  #left = 0;
  #keyStart = '';
  #key: string | undefined;
  /** At first before every key: none is empty. */
  #previousKey = '';
  #entries = 0;
  #isOrdered = true;
  readonly #missing = new Set(SENTINELS);
  #sealConfig: Buffer | undefined;
  #unsealKeys: Hash | undefined;

  /** `size` is what state.bin will have: no length inside may go beyond it. */
  constructor(size: number, onEntry?: OnEntry) {
    this.#size = size;
    this.#onEntry = onEntry;
  }

  push(bytes: Buffer): void {
    const start = this.#at;
    const end = bytes.length;
    let at = 0;
    while (at < end) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, end - at);
        this.#take(bytes, at, at + step);
        at += step;
        this.#left -= step;
        this.#at = start + at;
        if (this.#left === 0) this.#endField();
        continue;
      }
      const byte = bytes[at]!;
      at += 1;
      this.#number += (byte & 127) * this.#scale;
      this.#scale *= 128;
      if (byte < 128) {
        this.#at = start + at;
        this.#endNumber();
      } else if (this.#scale > 2 ** 63) throw unreadable('numbers of at most ten bytes', 'a longer one');
    }
    this.#at = start + end;
  }

  finish(): StateFacts {
    if (this.#expecting !== 'record' || this.#scale > 1) throw unreadable('a whole last record', 'an end in the middle of it');
    return this.soFar();
  }

  /** What the records that ended have told. */
  soFar(): StateFacts {
    return {
      entries: this.#entries,
      seal: this.#sealConfig && parseSealConfig(this.#sealConfig.toString()),
      sealFingerprint: this.#missing.has(UNSEAL_KEYS) ? undefined : this.#unsealKeys?.copy().digest('hex'),
      suspicious: [...(this.#isOrdered ? [] : ['keys out of order']), ...[...this.#missing].map((key) => `missing ${key}`)],
    };
  }

  #endNumber(): void {
    const number = this.#number;
    this.#number = 0;
    this.#scale = 1;
    if (this.#expecting === 'record') this.#beginRecord(number);
    else if (this.#expecting === 'tag') this.#beginField(number);
    else if (this.#expecting === 'length') this.#beginBytes(number);
    // The varint of a field: seal_wrap, or one that a later server adds.
    else this.#nextField();
  }

  #beginRecord(length: number): void {
    if (length > this.#size - this.#at) throw unreadable(`at most ${this.#size - this.#at} bytes of record`, `${length}`);
    this.#recordStart = this.#at;
    this.#recordEnd = this.#at + length;
    this.#key = undefined;
    this.#nextField();
  }

  #beginField(tag: number): void {
    this.#field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (this.#field === 0 || ((this.#field === KEY_FIELD || this.#field === VALUE_FIELD) && wireType !== 2)) throw unreadable('a field', `tag ${tag}`);
    if (wireType === 0) this.#expecting = 'varint';
    else if (wireType === 2) this.#expecting = 'length';
    else if (wireType === 1) this.#skip(8);
    else if (wireType === 5) this.#skip(4);
    else throw unreadable('a field', `tag ${tag}`);
  }

  #beginBytes(length: number): void {
    this.#checkWithin(length);
    if (this.#field === KEY_FIELD) {
      if (this.#key !== undefined) throw unreadable('one key in a record', 'two');
      if (length === 0 || length > KEY_LIMIT) throw unreadable(`a key of 1 to ${KEY_LIMIT} bytes`, `${length}`);
      this.#keyStart = '';
      this.#expecting = 'key';
    } else if (this.#field === VALUE_FIELD) this.#beginValue(length);
    else this.#expecting = 'skip';
    this.#left = length;
    if (length === 0) this.#nextField();
  }

  #beginValue(length: number): void {
    this.#expecting = 'skip';
    if (this.#key === SEAL_CONFIG && length <= SEAL_CONFIG_LIMIT) this.#sealConfig = Buffer.alloc(0);
    else if (this.#key === UNSEAL_KEYS) this.#unsealKeys = createHash('sha256');
    else return;
    this.#expecting = 'value';
  }

  #take(bytes: Buffer, from: number, to: number): void {
    // latin1: its order is that of the bytes.
    if (this.#expecting === 'key') this.#keyStart += bytes.toString('latin1', from, to);
    else if (this.#expecting === 'value') {
      const part = bytes.subarray(from, to);
      if (this.#key === UNSEAL_KEYS) this.#unsealKeys?.update(part);
      else if (this.#sealConfig) this.#sealConfig = Buffer.concat([this.#sealConfig, part]);
    }
  }

  #endField(): void {
    if (this.#expecting === 'key') this.#key = this.#keyStart;
    this.#nextField();
  }

  #nextField(): void {
    this.#checkWithin(0);
    this.#expecting = 'tag';
    if (this.#at === this.#recordEnd) this.#endRecord();
  }

  #endRecord(): void {
    const key = this.#key;
    if (key === undefined) throw unreadable('a key in every record', 'none');
    if (key <= this.#previousKey) this.#isOrdered = false;
    this.#previousKey = key;
    this.#entries += 1;
    if (key.startsWith('core/')) this.#missing.delete(key);
    this.#onEntry?.(key, this.#recordEnd - this.#recordStart);
    this.#expecting = 'record';
  }

  #skip(length: number): void {
    this.#checkWithin(length);
    this.#expecting = 'skip';
    this.#left = length;
  }

  #checkWithin(length: number): void {
    if (this.#at + length > this.#recordEnd) throw unreadable('fields inside their record', 'one beyond its end');
  }
}

function unreadable(expected: string, found: string): Error {
  return corrupt('state.bin records', expected, found);
}
