import { parseGoDuration, parseLongDuration } from './duration.ts';
import type { Format } from './format.ts';

const NS_PER_MS = 1_000_000n;
// Go's strconv.ParseBool, for the environment only.
const GO_TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const GO_FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

export const text: Format<string> = textThat('text', { type: 'string' }, (value) => (value.trim() === value ? undefined : 'remove the white space around it'));

export const flag: Format<boolean> = {
  rule: 'true or false',
  jsonSchema: { type: 'boolean' },
  parse: (json) => (json.kind === 'boolean' ? { value: json.value, shown: String(json.value) } : { remedy: 'write true or false, without quotes' }),
  parseEnvironment(name, env) {
    const written = env[name] ?? '';
    if (GO_TRUE.includes(written)) return { value: true, shown: 'true' };
    return GO_FALSE.includes(written) ? { value: false, shown: 'false' } : { remedy: 'set it to true or false, or unset it' };
  },
};

export const wholeNumber: Format<number> = {
  rule: 'a whole number of 0 or more',
  jsonSchema: { type: 'integer', minimum: 0 },
  parse(json) {
    const isRight = json.kind === 'number' && /^\d+$/.test(json.text) && Number.isSafeInteger(Number(json.text));
    return isRight ? { value: Number(json.text), shown: json.text } : { remedy: 'write it without quotes, sign, fraction and exponent' };
  },
};

export function choice<const T extends string>(...allowed: readonly T[]): Format<T> {
  const rule = `one of ${allowed.join(', ')}`;
  return {
    rule,
    jsonSchema: { enum: allowed },
    parse(json) {
      const found = json.kind === 'string' ? allowed.find((value) => value === json.value) : undefined;
      return found === undefined ? { remedy: `write ${rule}` } : { value: found, shown: found };
    },
  };
}

/** Of a key without effect. */
export const anything: Format<undefined> = {
  rule: 'anything',
  jsonSchema: {},
  parse: () => ({ value: undefined, shown: '(not used)', warning: 'has no effect' }),
};

/** Milliseconds. The ancestor's keys take what Go takes; keys of ours take days and weeks besides. */
export function duration(limits: { readonly atLeastMs: number; readonly hasDays: boolean }): Format<number> {
  const units = limits.hasDays ? 'ns us ms s m h d w' : 'ns us ms s m h';
  return {
    rule: `a duration such as "90s" or "1h30m" (units ${units})`,
    jsonSchema: { type: 'string', pattern: `^\\+?(0|(\\d+\\.?\\d*|\\.\\d+)(${units.replace('us', 'us|µs|μs').replaceAll(' ', '|')}))+$` },
    parse(json) {
      if (json.kind === 'number') return { remedy: `write it with a unit and in quotes, for example "${json.text}s"` };
      if (json.kind !== 'string') return { remedy: 'write a duration in quotes' };
      const nanoseconds = limits.hasDays ? parseLongDuration(json.value) : parseGoDuration(json.value);
      if (nanoseconds === undefined) return { remedy: remedyForDuration(json.value, limits.hasDays) };
      const value = Number(nanoseconds / NS_PER_MS);
      if (value >= limits.atLeastMs) return { value, shown: json.value };
      return { rule: limits.atLeastMs > 0 ? `must be at least ${limits.atLeastMs / 1_000}s` : 'must not be negative', remedy: 'write a longer one' };
    },
  };
}

/** The ancestor reads 0, negative and unreadable ones as an hour or as no pause at all. */
export const frequencyDuration = duration({ atLeastMs: 1_000, hasDays: false });

export const absolutePath: Format<string> = textThat('an absolute path', { type: 'string', pattern: '^/' }, (value) => {
  if (value.includes('\0')) return 'remove the NUL character';
  return value.startsWith('/') ? undefined : 'write the whole path from "/": a service has no directory of its own to start from';
});

export const destinationName: Format<string> = textThat('a name of a-z, 0-9, "-" and "_"', { type: 'string', pattern: '^[a-z0-9_-]+$' }, (value) =>
  /^[a-z0-9_-]+$/.test(value) ? undefined : 'it becomes a label in metrics and logs: keep to these characters',
);

/** One segment of a key, and none that could be taken for a snapshot of its own. */
export const aliasName: Format<string> = textThat('a name without "/" and ".snap"', { type: 'string', pattern: '^[A-Za-z0-9_][A-Za-z0-9._-]*$' }, (value) => {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,100}$/.test(value) || value.endsWith('.snap')) return 'use letters, digits and . _ -, such as "latest"; ".snap" is added';
  return /^raft_snapshot-\d+$/.test(value) ? 'choose one that no snapshot can have, such as "latest"' : undefined;
});

/** As the ancestor's path.Clean has it: no slashes around it, none doubled. */
export const mount: Format<string> = {
  rule: 'the path of an auth method, such as "approle"',
  jsonSchema: { type: 'string' },
  parse(json, env) {
    const written = text.parse(json, env);
    if ('remedy' in written) return written;
    const segments = written.value.split('/').filter((segment) => segment !== '' && segment !== '.');
    if (segments.length > 0 && segments.every((segment) => /^[\w.+@~-]+$/.test(segment) && segment !== '..')) {
      return { value: segments.join('/'), shown: segments.join('/') };
    }
    return { remedy: 'write what "vault auth list" shows, without "auth/"' };
  },
};

export const uuid: Format<string> = textThat('a UUID', { type: 'string', format: 'uuid' }, (value) =>
  /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value) ? undefined : 'write the cluster_id that "vault status" shows',
);

export const timezone: Format<string> = textThat('a time zone such as "Europe/Berlin"', { type: 'string' }, (value) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value });
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return 'write an IANA name, or "UTC"';
    throw error;
  }
});

/** A string without control characters that passes the check, which answers with the remedy. */
export function textThat(rule: string, jsonSchema: Readonly<Record<string, unknown>>, remedyFor: (value: string) => string | undefined): Format<string> {
  return {
    rule,
    jsonSchema,
    parse(json) {
      if (json.kind !== 'string') return { remedy: 'write it as a string, in double quotes' };
      const remedy = /\p{Cc}/u.test(json.value) ? 'remove the line break or other control character' : remedyFor(json.value);
      return remedy === undefined ? { value: json.value, shown: json.value } : { remedy };
    },
  };
}

function remedyForDuration(written: string, hasDays: boolean): string {
  if (/^\d+(\.\d+)?$/.test(written)) return `write the unit too, for example "${written}s"`;
  if (!hasDays && parseLongDuration(written) !== undefined)
    return 'Go knows no days and weeks, and neither did the agent before: write hours, for example "24h"';
  if (/^[-+]?(\d+(\.\d*)?(ns|us|µs|μs|ms|[smh])|\d+[dw])+$/.test(written)) return 'it is longer than the 292 years that Go can count: write a shorter one';
  return 'write numbers with their units, for example "1h30m"';
}
