import type { Json } from './json.ts';
import type { Environment } from './secret-source.ts';

/** How one kind of value is written, checked and told about. The parser, the docs and the JSON Schema follow from it. */
export interface Format<T> {
  /** Ends the sentence "must be …". */
  readonly rule: string;
  readonly jsonSchema: Readonly<Record<string, unknown>>;
  /** Never shown, not even when it is wrong. */
  readonly isSecret?: boolean;
  parse(json: Json, env: Environment): Parsed<T> | Refusal;
  /** Where the text of an environment variable is not read as a string of the file would be. */
  parseEnvironment?(name: string, env: Environment): Parsed<T> | Refusal;
}

/** `shown` is for people; of a secret it tells the origin only. */
export interface Parsed<T> {
  readonly value: T;
  readonly shown: string;
  readonly warning?: string;
}

/** The rule is the format's unless a narrower one was broken. */
export interface Refusal {
  readonly remedy: string;
  readonly rule?: string;
  /** The value holds a secret though its key should not. */
  readonly hidesValue?: boolean;
}

/** One key of the file, declared once. */
export interface Key<T> {
  /** For operators; a whole sentence. */
  readonly doc: string;
  readonly format: Format<T>;
  /** Who had it first: the Lucretius agent, one of its forks, or we. */
  readonly since: 'ancestor' | 'fork' | 'new';
  /** As it would stand in the file. */
  readonly default?: string | number | boolean;
  /** A default that is worked out, in words. */
  readonly defaultNote?: string;
  readonly aliases?: readonly string[];
  /** Read when the file leaves the key out, the first that is set. */
  readonly env?: readonly string[];
  /** The variable beats the file, as the ancestor has it for Azure. */
  readonly isEnvironmentFirst?: boolean;
  readonly example?: unknown;
}

export type Table = Readonly<Record<string, Key<unknown>>>;

type ValueOf<K> = K extends Key<infer V> ? (K extends { readonly default: string | number | boolean } ? V : V | undefined) : never;
export type Values<T extends Table> = { readonly [K in keyof T]: ValueOf<T[K]> };

export function isRefusal(result: Parsed<unknown> | Refusal): result is Refusal {
  return 'remedy' in result;
}

/** A wrong value in an error line: short, and nothing of lists and objects, which may hold a secret. */
export function showJson(json: Json): string {
  if (json.kind === 'list') return 'a list';
  if (json.kind === 'object') return 'an object';
  if (json.kind === 'number') return json.text.slice(0, 60);
  const text = JSON.stringify(json.kind === 'null' ? null : json.value);
  return text.length > 80 ? `${text.slice(0, 80)}…"` : text;
}
