import { SnapshotError } from '../errors.ts';

/** Numbers keep their text: Go takes `72` for an integer but neither `72.0` nor `7.2e1`. */
export type Json =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'list'; readonly items: readonly Json[] }
  | JsonObject;

/** Every member in the order of the file, doubles included: which of them counts is for the reader to say. */
export interface JsonObject {
  readonly kind: 'object';
  readonly members: readonly { readonly key: string; readonly value: Json }[];
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these inside a string.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const WORD = /[A-Za-z_]\w*/y;
const MAX_DEPTH = 50;

/** JSON.parse hides double keys, quotes the text around a fault (a secret, perhaps) and often does not say where it is. */
export function parseJson(text: string): Json {
  const cursor = { text, at: 0 };
  const value = readValue(cursor, 0);
  if (peek(cursor) !== undefined) throw fault(cursor, 'the end of the file');
  return value;
}

interface Cursor {
  readonly text: string;
  at: number;
}

function readValue(cursor: Cursor, depth: number): Json {
  const next = peek(cursor);
  if (depth > MAX_DEPTH) throw fault(cursor, `no more than ${MAX_DEPTH} levels of nesting`);
  if (next === '{') return readObject(cursor, depth);
  if (next === '[') return readList(cursor, depth);
  if (next === '"') return { kind: 'string', value: readString(cursor, 'a closed string on one line, with valid escapes') };
  const start = cursor.at;
  const number = take(cursor, NUMBER);
  if (number !== undefined) return { kind: 'number', text: number };
  const word = take(cursor, WORD);
  if (word === 'null') return { kind: 'null' };
  if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true' };
  cursor.at = start;
  throw fault(cursor, 'a value');
}

function readObject(cursor: Cursor, depth: number): JsonObject {
  const members: { key: string; value: Json }[] = [];
  cursor.at += 1;
  if (skip(cursor, '}')) return { kind: 'object', members };
  do {
    peek(cursor);
    const key = readString(cursor, 'a key in double quotes');
    if (!skip(cursor, ':')) throw fault(cursor, '":"');
    members.push({ key, value: readValue(cursor, depth + 1) });
  } while (skip(cursor, ','));
  if (!skip(cursor, '}')) throw fault(cursor, '"," or "}"');
  return { kind: 'object', members };
}

function readList(cursor: Cursor, depth: number): Json {
  const items: Json[] = [];
  cursor.at += 1;
  if (skip(cursor, ']')) return { kind: 'list', items };
  do items.push(readValue(cursor, depth + 1));
  while (skip(cursor, ','));
  if (!skip(cursor, ']')) throw fault(cursor, '"," or "]"');
  return { kind: 'list', items };
}

function readString(cursor: Cursor, expected: string): string {
  const quoted = take(cursor, STRING);
  if (quoted === undefined) throw fault(cursor, expected);
  return JSON.parse(quoted) as string;
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  // A copy, because a sticky pattern remembers where it was.
  const sticky = new RegExp(pattern);
  sticky.lastIndex = cursor.at;
  const found = sticky.exec(cursor.text)?.[0];
  cursor.at += found?.length ?? 0;
  return found;
}

function skip(cursor: Cursor, wanted: string): boolean {
  if (peek(cursor) !== wanted) return false;
  cursor.at += 1;
  return true;
}

/** The next character that is no white space; undefined at the end. */
function peek(cursor: Cursor): string | undefined {
  while (' \t\r\n'.includes(cursor.text[cursor.at] ?? 'x')) cursor.at += 1;
  return cursor.text[cursor.at];
}

function fault(cursor: Cursor, expected: string): SnapshotError {
  const before = cursor.text.slice(0, cursor.at).split('\n');
  const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
  return new SnapshotError('config_invalid', `${place}: not valid JSON: expected ${expected}, found ${nameOf(cursor)}`);
}

/** What stands there, told by its kind: it may be the first letter of a secret. */
function nameOf({ text, at }: Cursor): string {
  const found = text[at];
  if (found === undefined) return 'the end of the file';
  if (found === '"') return 'a string';
  if (text.startsWith('//', at) || text.startsWith('/*', at) || found === '#') return 'a comment (JSON has none)';
  if ('}]'.includes(found)) return `"${found}" (JSON has no comma after the last one)`;
  if (found === "'") return 'a single quote (JSON has only double ones)';
  return '{[,:'.includes(found) ? `"${found}"` : 'bare text';
}
