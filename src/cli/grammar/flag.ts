import { parseLongDuration } from '../../config/duration.ts';

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

export function choice<const Word extends string>(value: string, doc: string, words: readonly Word[]): Flag<Word> {
  return { value, doc, rule: `one of ${words.join(', ')}`, offers: words, read: (given) => words.find((word) => word === given) };
}
