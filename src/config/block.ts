import { isRefusal, type Key, type Parsed, type Refusal, showJson, type Table, type Values } from './format.ts';
import type { Json, JsonObject } from './json.ts';
import type { Environment } from './secret-source.ts';
import { nearest } from './suggest.ts';

const PLACEHOLDER = /<[a-z]/i;

/** One value as it counts. Secrets show where they come from and nothing else. */
export interface EffectiveValue {
  /** Dotted: `tls.ca_cert`, `local_storage[1].path`. */
  readonly key: string;
  readonly shown: string;
  /** `file`, `default`, or `env NAME`. */
  readonly source: string;
}

/** What reading has found so far. Faults are collected, so that the operator meets all of them at once. */
export interface Findings {
  readonly env: Environment;
  readonly faults: string[];
  readonly warnings: string[];
  readonly effective: EffectiveValue[];
}

/** The values of one block, and which keys the file or the environment gave (a wrong value counts as given). */
export interface Block<T extends Table> {
  readonly values: Values<T>;
  readonly sources: ReadonlyMap<string, string>;
  readonly nested: ReadonlyMap<string, Json>;
}

export interface BlockPlace {
  /** Empty at the top, else `tls.`, `local_storage[1].`. */
  readonly prefix: string;
  /** Names of blocks inside this one, for the caller to read. */
  readonly nested?: readonly string[];
  /** Keys of other blocks, to tell where a misplaced one belongs. */
  readonly elsewhere?: readonly string[];
  /** In a list the environment cannot beat the file: it would beat every entry. */
  readonly isListed?: boolean;
}

export function readBlock<T extends Table>(table: T, json: JsonObject, place: BlockPlace, findings: Findings): Block<T> {
  const members = foldMembers(json, place.prefix, findings);
  refuseUnknownKeys(table, json, place, findings);
  const values: Record<string, unknown> = {};
  const sources = new Map<string, string>();
  for (const [name, key] of Object.entries(table)) {
    const found = find(name, key, members, place, findings);
    if (found === undefined) continue;
    if (found.source !== 'default') sources.set(name, found.source);
    const label = `${place.prefix}${found.name}`;
    const parsed = parseFound(key, found, findings.env);
    if (isRefusal(parsed)) {
      findings.faults.push(faultLine(label, key, found, parsed));
    } else {
      values[name] = parsed.value;
      findings.effective.push({ key: `${place.prefix}${name}`, shown: parsed.shown, source: found.source });
      if (parsed.warning !== undefined) findings.warnings.push(`${label}: ${parsed.warning}`);
    }
  }
  const nested = new Map((place.nested ?? []).flatMap((name) => (members.has(name) ? [[name, members.get(name)!] as const] : [])));
  // Every key of the table went through its own format above; what is missing after a fault never leaves the loader.
  return { values: values as Values<T>, sources, nested };
}

/** As Go's encoding/json: keys without regard to case, a later one wins, doubled blocks merge, null says nothing. */
function foldMembers(json: JsonObject, prefix: string, findings: Findings): ReadonlyMap<string, Json> {
  const folded = new Map<string, Json>();
  for (const { key, value } of json.members) {
    const name = key.toLowerCase();
    const earlier = folded.get(name);
    if (value.kind === 'null') continue;
    if (earlier !== undefined) findings.warnings.push(`${prefix}${name}: is there twice; the later one counts`);
    const isMerged = earlier?.kind === 'object' && value.kind === 'object';
    folded.set(name, isMerged ? { kind: 'object', members: [...earlier.members, ...value.members] } : value);
  }
  return folded;
}

interface Found {
  /** The name as the operator gave it: an alias, perhaps. */
  readonly name: string;
  readonly json: Json;
  readonly source: string;
  readonly variable?: string;
}

function find(name: string, key: Key<unknown>, members: ReadonlyMap<string, Json>, place: BlockPlace, findings: Findings): Found | undefined {
  const written = [name, ...(key.aliases ?? [])].filter((candidate) => isGiven(members.get(candidate)));
  if (written.length > 1) findings.warnings.push(`${place.prefix}${written[0]}: counts; ${written.slice(1).join(', ')} means the same and is not read`);
  const [inFile] = written;
  const variable = (key.env ?? []).find((candidate) => (findings.env[candidate] ?? '') !== '');
  const isVariableFirst = key.isEnvironmentFirst === true && place.isListed !== true;
  if (variable !== undefined && (inFile === undefined || isVariableFirst)) {
    return { name, json: { kind: 'string', value: findings.env[variable] ?? '' }, source: `env ${variable}`, variable };
  }
  if (inFile !== undefined) return { name: inFile, json: members.get(inFile)!, source: 'file' };
  return key.default === undefined ? undefined : { name, json: toJson(key.default), source: 'default' };
}

/** The ancestor takes an empty string for nothing. */
function isGiven(json: Json | undefined): boolean {
  return json !== undefined && !(json.kind === 'string' && json.value === '');
}

function parseFound(key: Key<unknown>, { json, variable, source }: Found, env: Environment): Parsed<unknown> | Refusal {
  if (json.kind === 'string' && key.format.isSecret !== true && source !== 'default' && PLACEHOLDER.test(json.value)) {
    return { rule: 'is still the placeholder of the sample file', remedy: 'put the real value in its place' };
  }
  if (variable !== undefined && key.format.parseEnvironment !== undefined) return key.format.parseEnvironment(variable, env);
  return key.format.parse(json, env);
}

/** `<key>: <rule>, got <value>: <remedy>`. */
function faultLine(label: string, key: Key<unknown>, { json, variable }: Found, refusal: Refusal): string {
  const isHidden = key.format.isSecret === true || refusal.hidesValue === true;
  const place = variable === undefined ? label : `${label} (from ${variable})`;
  return `${place}: ${refusal.rule ?? `must be ${key.format.rule}`}, got ${isHidden ? '[secret]' : showJson(json)}: ${refusal.remedy}`;
}

function refuseUnknownKeys(table: Table, json: JsonObject, place: BlockPlace, findings: Findings): void {
  const known = [...Object.entries(table).flatMap(([name, key]) => [name, ...(key.aliases ?? [])]), ...(place.nested ?? [])];
  for (const { key } of json.members) {
    if (known.includes(key.toLowerCase())) continue;
    const misplaced = (place.elsewhere ?? []).find((path) => path.endsWith(`.${key.toLowerCase()}`));
    const near = nearest(key, known) ?? misplaced ?? nearest(key, place.elsewhere ?? []);
    findings.faults.push(
      `${place.prefix}${key}: unknown key: ${near === undefined ? 'remove it, or see docs/config.md for the keys there are' : `did you mean "${near}"?`}`,
    );
  }
}

function toJson(value: string | number | boolean): Json {
  if (typeof value === 'string') return { kind: 'string', value };
  return typeof value === 'number' ? { kind: 'number', text: String(value) } : { kind: 'boolean', value };
}
