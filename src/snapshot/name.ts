import { SnapshotError } from '../errors.ts';
import { baseName, type KeyPrefix, keyPrefix, type ObjectKey, objectKey } from '../storage/key.ts';

/** As the ancestor names them, so that scripts and objects of its users go on working. */
export const DEFAULT_NAME_TEMPLATE = 'raft_snapshot-{unix_ns}.snap';

/** The fields a template may hold; any of them is once in it at most. */
export const NAME_FIELDS = {
  unix_ns: 'nanoseconds since 1970, as the ancestor has it',
  time: 'readable UTC to the second, in the order of time: 20260102T030405Z',
  cluster: 'name of the cluster',
  host: 'name of the host that took it',
  index: 'raft index of the snapshot',
} as const;

type NameField = keyof typeof NAME_FIELDS;
type Part = { readonly field: NameField } | { readonly literal: string };

/** Only parseNameTemplate makes one: what it names can be told apart and read back. */
export interface NameTemplate {
  readonly parts: readonly Part[];
}

export interface NameValues {
  readonly takenAt: Date;
  /** Nanoseconds within the millisecond: two daemons on one place may start in the same one. */
  readonly subMs?: number;
  readonly cluster: string;
  readonly host: string;
  readonly index: bigint;
}

const ANCESTOR = /^raft_snapshot-(?<unix_ns>\d{19})\.snap$/;
const LITERAL = /^[A-Za-z0-9._=+@:-]*$/;
const LIMIT = 120;
// A number of 19 digits before this is no time a snapshot can have been taken at.
const EARLIEST_NS = 1_420_070_400_000_000_000n;
const LATEST_NS = 2n ** 63n - 1n;

export function parseNameTemplate(text: string): NameTemplate {
  const parts = text
    .split(/(\{[^{}]*\})/)
    .filter((part) => part !== '')
    .map((part) => parsePart(text, part));
  const fields = parts.flatMap((part) => ('field' in part ? [part.field] : []));
  if (!fields.includes('time') && !fields.includes('unix_ns')) throw invalid(text, 'has no time in it', 'add {time} or {unix_ns}');
  if (new Set(fields).size < fields.length) throw invalid(text, 'has a field twice', 'name each field once');
  if (!text.endsWith('.snap')) throw invalid(text, 'does not end in .snap', 'end it in .snap, as tools expect a snapshot to');
  if (!/^[A-Za-z0-9_{]/.test(text)) throw invalid(text, 'begins with a character that hides or confuses', 'begin it with a letter, a digit or a field');
  if (text.length > LIMIT) throw invalid(text, `is longer than ${LIMIT} characters`, 'shorten it: file systems end at 255 for the whole name');
  return { parts };
}

/** The last segment of the key, the same at every destination. */
export function nameSnapshot(template: NameTemplate, values: NameValues): string {
  return template.parts.map((part) => ('literal' in part ? part.literal : render(part.field, values))).join('');
}

/** When the snapshot of this name was taken; undefined for every name that this template cannot make for this cluster, nor the ancestor. */
export function takenAt(template: NameTemplate, cluster: string, name: string): Date | undefined {
  const groups = (ANCESTOR.exec(name) ?? pattern(template, cluster).exec(name))?.groups;
  if (!groups) return undefined;
  const exact = groups.unix_ns === undefined ? undefined : fromUnixNs(groups.unix_ns);
  const readable = groups.time === undefined ? undefined : fromReadable(groups.time);
  if (groups.unix_ns === undefined || groups.time === undefined) return exact ?? readable;
  // Both are there: they must tell the same time.
  return exact && readableTime(exact) === groups.time ? exact : undefined;
}

/** Manifests lie in a folder of their own, so that the last name of a listing is still a snapshot. */
export function manifestFolder(prefix: KeyPrefix): KeyPrefix {
  return keyPrefix(`${prefix}manifests`);
}

export function manifestKey(key: ObjectKey): ObjectKey {
  const name = baseName(key);
  return objectKey(`${key.slice(0, key.length - name.length)}manifests/${manifestName(name)}`);
}

export function manifestName(name: string): string {
  return `${name}.json`;
}

/** Of a record that the snapshot was proved again at that time; never rewritten, so the name has the time in it. */
export function recordKey(key: ObjectKey, at: Date): ObjectKey {
  return besideManifest(key, `verified-${readableTime(at)}`);
}

/** Of a record of what failed then: named otherwise, so that a listing alone never takes it for a success. */
export function failureKey(key: ObjectKey, at: Date): ObjectKey {
  return besideManifest(key, `failed-${readableTime(at)}`);
}

/** When the snapshot was proved again that this record is about. */
export function recordTime(file: string): Date | undefined {
  return timeAfter('verified', file);
}

/** When the verification or drill failed that this record is about. */
export function failureTime(file: string): Date | undefined {
  return timeAfter('failed', file);
}

/** Which snapshot a file among the manifests is about: its manifest, or a record of what came of it later. */
export function subjectOf(file: string): { readonly name: string; readonly isRecord: boolean } | undefined {
  const [, name, record] = /^(.+\.snap)(\.(?:verified|failed)-[0-9TZ]+)?\.json$/.exec(file) ?? [];
  return name === undefined ? undefined : { name, isRecord: record !== undefined };
}

function besideManifest(key: ObjectKey, what: string): ObjectKey {
  return objectKey(`${manifestKey(key).slice(0, -'.json'.length)}.${what}.json`);
}

function timeAfter(outcome: 'verified' | 'failed', file: string): Date | undefined {
  const [, found, time] = /\.(verified|failed)-(\d{8}T\d{6}Z)\.json$/.exec(file) ?? [];
  return time === undefined || found !== outcome ? undefined : fromReadable(time);
}

function parsePart(text: string, part: string): Part {
  const field = /^\{(.*)\}$/.exec(part)?.[1];
  if (field === undefined) {
    if (LITERAL.test(part)) return { literal: part };
    throw invalid(text, `has characters that are not safe in every store: ${JSON.stringify(part)}`, 'use letters, digits and . _ = + @ : -');
  }
  if (Object.hasOwn(NAME_FIELDS, field)) return { field: field as NameField };
  throw invalid(text, `has an unknown field {${field}}`, `use ${Object.keys(NAME_FIELDS).join(', ')}`);
}

function render(field: NameField, { takenAt: at, subMs = 0, cluster, host, index }: NameValues): string {
  if (field === 'unix_ns') return `${BigInt(at.getTime()) * 1_000_000n + BigInt(subMs)}`;
  if (field === 'time') return readableTime(at);
  if (field === 'index') return `${index}`;
  return keySafe(field === 'cluster' ? cluster : host);
}

function pattern(template: NameTemplate, cluster: string): RegExp {
  const fields = {
    unix_ns: '(?<unix_ns>\\d{19})',
    time: '(?<time>\\d{8}T\\d{6}Z)',
    cluster: escaped(keySafe(cluster)),
    host: '[A-Za-z0-9_][A-Za-z0-9._-]{0,62}',
    index: '\\d{1,20}',
  };
  return new RegExp(`^${template.parts.map((part) => ('literal' in part ? escaped(part.literal) : fields[part.field])).join('')}$`);
}

function keySafe(value: string): string {
  const safe = value
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9_]+/, '')
    .slice(0, 63);
  return safe === '' ? 'unknown' : safe;
}

function escaped(literal: string): string {
  return literal.replace(/[.+-]/g, '\\$&');
}

function fromUnixNs(digits: string): Date | undefined {
  const ns = BigInt(digits);
  return ns >= EARLIEST_NS && ns <= LATEST_NS ? new Date(Number(ns / 1_000_000n)) : undefined;
}

function fromReadable(text: string): Date | undefined {
  const date = new Date(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  // 30 February is read as 2 March: no snapshot was ever named so.
  return !Number.isNaN(date.getTime()) && readableTime(date) === text ? date : undefined;
}

function readableTime(date: Date): string {
  return date
    .toISOString()
    .replace(/\.\d{3}/, '')
    .replace(/[-:]/g, '');
}

function invalid(text: string, rule: string, remedy: string): SnapshotError {
  return new SnapshotError('config_invalid', `name_template: ${JSON.stringify(text)} ${rule}`, { advice: remedy });
}
