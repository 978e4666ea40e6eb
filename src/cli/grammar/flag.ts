import { parseLongDuration } from '../../config/duration.ts';
import type { Format } from '../../config/format.ts';

/** What a shell completes a word with. */
export type Offers = 'file' | 'directory' | 'command' | 'nothing' | readonly string[];

/** On or off. */
export interface Switch {
  readonly doc: string;
  readonly short?: string;
}

/** With a value behind it. */
export interface Flag<Value> extends Switch {
  /** What its value is called in the help. */
  readonly value: string;
  /** What a right value is, for whoever gave a wrong one. */
  readonly rule: string;
  /** What a shell offers for it. */
  readonly offers: Offers;
  /** Undefined for a wrong value. */
  readonly read: (text: string) => Value | undefined;
}

/** As a verb hears it: undefined where it was not given. */
export type ValueOf<Kind> = Kind extends Flag<infer Value> ? Value | undefined : boolean;

export function text(value: string, doc: string, offers: Offers = 'nothing'): Flag<string> {
  return { value, doc, rule: 'something', offers, read: (given) => (given === '' ? undefined : given) };
}

export function count(value: string, doc: string): Flag<number> {
  return { value, doc, rule: 'a whole number of 0 or more', offers: 'nothing', read: (given) => (/^\d{1,9}$/.test(given) ? Number(given) : undefined) };
}

export function percent(value: string, doc: string): Flag<number> {
  const read = (given: string) => (/^([1-9]\d?|100)%?$/.test(given) ? Number.parseInt(given, 10) : undefined);
  return { value, doc, rule: 'a percentage from 1 to 100', offers: 'nothing', read };
}

/** In milliseconds. */
export function duration(value: string, doc: string): Flag<number> {
  return { value, doc, rule: 'a duration such as 26h or 8d', offers: 'nothing', read: readDuration };
}

function readDuration(given: string): number | undefined {
  const ns = parseLongDuration(given);
  return ns !== undefined && ns > 0n ? Number(ns / 1_000_000n) : undefined;
}

/** By the rule of a key of the configuration. */
export function keyed(value: string, doc: string, format: Format<unknown>, offers: Offers = 'nothing'): Flag<string> {
  const read = (given: string) => ('value' in format.parse({ kind: 'string', value: given }, {}) ? given : undefined);
  return { value, doc, rule: format.rule, offers, read };
}

export function choice<const Word extends string>(value: string, doc: string, words: readonly Word[]): Flag<Word> {
  return { value, doc, rule: `one of ${words.join(', ')}`, offers: words, read: (given) => words.find((word) => word === given) };
}

/** With its zone: what "yesterday at nine" is, nobody can tell over a day's work in two places. */
export function time(value: string, doc: string): Flag<Date> {
  return { value, doc, rule: 'a time in UTC such as 2026-01-02T03:04:05Z', offers: 'nothing', read: readTime };
}

function readTime(given: string): Date | undefined {
  const [, day, clock, zone] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d))?$/.exec(given) ?? [];
  const at = new Date(`${day}T${clock ?? '00:00'}${zone ?? 'Z'}`);
  return Number.isNaN(at.getTime()) ? undefined : at;
}
