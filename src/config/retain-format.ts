import type { RetentionPolicy } from '../retention/plan.ts';
import { parseLongDuration } from './duration.ts';
import type { Format, Parsed, Refusal } from './format.ts';
import type { Json, JsonObject } from './json.ts';

const COUNTS = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
const KEEP_ALL: RetentionPolicy = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };
const COUNT_SCHEMA = { type: 'integer', minimum: 0 };

/** A number as the ancestor has it (the newest N; 0 and less keep everything), or a policy. */
export const retain: Format<RetentionPolicy> = {
  rule: `a whole number or {${COUNTS.join(', ')}, within}`,
  jsonSchema: {
    oneOf: [
      { type: 'integer' },
      {
        type: 'object',
        properties: { ...Object.fromEntries(COUNTS.map((name) => [name, COUNT_SCHEMA])), within: { type: 'string' } },
        minProperties: 1,
        additionalProperties: false,
      },
    ],
  },
  parse(json) {
    if (json.kind === 'number') return parseCount(json.text);
    if (json.kind === 'object') return parsePolicy(json);
    return { remedy: json.kind === 'string' && /^-?\d+$/.test(json.value) ? `write ${json.value} without quotes` : 'write for example 72' };
  },
};

function parseCount(text: string): Parsed<RetentionPolicy> | Refusal {
  if (/^-?\d+$/.test(text) && !isWhole(text)) return { rule: 'is beyond all counting', remedy: 'write a smaller number, or 0 to keep everything' };
  if (!isWhole(text)) return { rule: 'must be a whole number', remedy: 'write it without fraction and exponent, for example 72' };
  const last = Math.max(0, Number(text));
  const parsed = { value: { ...KEEP_ALL, last }, shown: last === 0 ? `${text} (everything is kept)` : text };
  return text.startsWith('-') && last === 0 ? { ...parsed, warning: 'a negative number keeps everything, as with the ancestor; 0 says the same' } : parsed;
}

function parsePolicy(json: JsonObject): Parsed<RetentionPolicy> | Refusal {
  const policy = { ...KEEP_ALL };
  const shown: string[] = [];
  for (const { key, value } of json.members) {
    const name = key.toLowerCase();
    const count = COUNTS.find((known) => known === name);
    if (count === undefined && name !== 'within') return { rule: `knows no ${JSON.stringify(key)}`, remedy: `it takes ${COUNTS.join(', ')} and within` };
    if (value.kind === 'null') continue;
    const amount = count === undefined ? parseWithin(value) : parseKept(value);
    if (amount === undefined) return { rule: `has a wrong "${name}"`, remedy: count ? 'write a whole number of 0 or more' : 'write a duration such as "30d"' };
    policy[count ?? 'withinMs'] = amount;
    shown.push(`${name} ${value.kind === 'number' ? value.text : value.kind === 'string' ? value.value : ''}`);
  }
  // The plan reads a policy of zeros as "keep everything", the opposite of what these words say.
  if (Object.values(policy).every((amount) => amount === 0)) return { rule: 'would keep nothing', remedy: 'keep at least one, or write 0 to keep everything' };
  return { value: policy, shown: shown.join(', ') };
}

function parseKept(json: Json): number | undefined {
  return json.kind === 'number' && isWhole(json.text) && !json.text.startsWith('-') ? Number(json.text) : undefined;
}

function parseWithin(json: Json): number | undefined {
  const nanoseconds = json.kind === 'string' ? parseLongDuration(json.value) : undefined;
  return nanoseconds === undefined || nanoseconds < 0n ? undefined : Number(nanoseconds / 1_000_000n);
}

function isWhole(text: string): boolean {
  return /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text));
}
