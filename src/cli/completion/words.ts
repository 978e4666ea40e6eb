import type { Offers } from '../grammar/flag.ts';
import { VERB_NAMES, verbOf } from '../grammar/verbs.ts';

/** Flags that have a value behind them, with whatever verb: the word after one is no verb. */
export function flagsWithValue(): readonly string[] {
  const all = VERB_NAMES.flatMap((name) => Object.entries(verbOf(name).flags).flatMap(([flag, declared]) => ('read' in declared ? [`--${flag}`] : [])));
  return [...new Set(all)];
}

/** Undefined where the shell has to look for itself, or at nothing. */
export function wordsOf(offers: Offers): readonly string[] | undefined {
  if (offers === 'command') return VERB_NAMES;
  return typeof offers === 'string' ? undefined : offers;
}

/** In single quotes, for any shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
