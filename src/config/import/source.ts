import { resolve } from 'node:path';
import { parseGoDuration } from '../duration.ts';

/** A place of the file read, and what is to be known of it. */
export interface Note {
  readonly place: string;
  readonly why: string;
}

/** What was found on the way: what ours cannot say, and what it says otherwise. */
export interface Notes {
  readonly lost: Note[];
  readonly changed: Note[];
}

/** As ours has a secret. */
type WrittenSecret = string | { readonly env: string } | { readonly file: string };

const REFERENCE = /^(env|file):\/\/(.*)$/;
const TRUE = ['true', 'yes', 'on', '1', 't', 'y'];
const FALSE = ['false', 'no', 'off', '0', 'f', 'n'];

/** One block of a file of others. It remembers what was asked for, so that nothing is left out unsaid. */
export class Source {
  readonly #members: ReadonlyMap<string, { readonly key: string; readonly value: unknown }>;
  readonly #asked = new Set<string>();
  readonly #place: string;
  readonly #notes: Notes;
  readonly #directory: string;

  /** Relative paths are meant from the directory. */
  constructor(value: object, place: string, notes: Notes, directory: string) {
    this.#members = new Map(Object.entries(value).map(([key, member]) => [key.toLowerCase(), { key, value: member as unknown }]));
    this.#place = place;
    this.#notes = notes;
    this.#directory = directory;
  }

  has(key: string): boolean {
    return this.#valueOf(key) !== undefined;
  }

  text(key: string): string | undefined {
    const value = this.#valueOf(key);
    if (value === undefined || typeof value === 'string') return value;
    if (typeof value === 'number') return String(value);
    return this.#refuse(key, 'is no text');
  }

  /** Where ours takes no reference. */
  plain(key: string): string | undefined {
    const value = this.text(key);
    const [, kind] = REFERENCE.exec(value ?? '') ?? [];
    return kind === undefined
      ? value
      : this.#refuse(key, `here this is no secret and is written out: write what the ${kind === 'env' ? 'variable' : 'file'} holds`);
  }

  secret(key: string): WrittenSecret | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const [, kind, target = ''] = REFERENCE.exec(value) ?? [];
    if (kind === 'env') return { env: target };
    if (kind === 'file') return { file: this.#resolved(key, target) };
    this.change(key, 'a secret that is written out stays so: better put it into a file and refer to it with {"file": "/path"}');
    return value;
  }

  path(key: string): string | undefined {
    const value = this.plain(key);
    return value === undefined ? undefined : this.#resolved(key, value);
  }

  flag(key: string): boolean | undefined {
    const value = this.#valueOf(key);
    const word = String(value).toLowerCase();
    if (value === undefined) return undefined;
    if (TRUE.includes(word)) return true;
    return FALSE.includes(word) ? false : this.#refuse(key, 'is neither true nor false');
  }

  count(key: string): number | undefined {
    const value = this.#valueOf(key);
    if (value === undefined) return undefined;
    return /^-?\d{1,15}$/.test(String(value)) ? Number(value) : this.#refuse(key, 'is no whole number');
  }

  /** As Go writes it. */
  duration(key: string): string | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    return parseGoDuration(value) === undefined ? this.#refuse(key, 'is no duration such as "1h30m"') : value;
  }

  /** A list of one counts as the block in it, as HCL in JSON has it. */
  block(key: string): Source | undefined {
    const value = this.#valueOf(key);
    const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
    if (one === undefined) return undefined;
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return this.#refuse(key, 'is no block');
    return new Source(one, this.#pathOf(key), this.#notes, this.#directory);
  }

  texts(key: string): readonly string[] {
    const value = this.#valueOf(key);
    const list: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
    if (list.every((one) => typeof one === 'string')) return list;
    this.#refuse(key, 'is no list of texts');
    return [];
  }

  /** Ours cannot say it. */
  lose(why: string, ...keys: readonly string[]): void {
    for (const key of keys) if (this.has(key)) this.#refuse(key, why);
  }

  /** Ours says it otherwise, or need not say it. */
  change(key: string, why: string): void {
    if (this.has(key)) this.#notes.changed.push({ place: this.#pathOf(key), why });
  }

  /** Whatever nobody asked for is lost, too. */
  end(): void {
    for (const [name, { key }] of this.#members) if (!this.#asked.has(name)) this.lose('there is no such thing here', key);
  }

  /** Empty is as good as left out: so have it all of these programs. */
  #valueOf(key: string): unknown {
    this.#asked.add(key.toLowerCase());
    const value = this.#members.get(key.toLowerCase())?.value;
    return value === null || value === '' ? undefined : value;
  }

  #resolved(key: string, path: string): string {
    if (path.startsWith('/')) return path;
    const absolute = resolve(this.#directory, path);
    this.change(key, `is relative, and is taken from the directory of the file: ${absolute}; correct it if it was meant from elsewhere`);
    return absolute;
  }

  #refuse(key: string, why: string): undefined {
    this.#notes.lost.push({ place: this.#pathOf(key), why });
    return undefined;
  }

  #pathOf(key: string): string {
    const written = this.#members.get(key.toLowerCase())?.key ?? key;
    return this.#place === '' ? written : `${this.#place}.${written}`;
  }
}
