import type { EffectiveValue } from './block.ts';

/** One aligned line for each value: what it is, what counts, where it came from. */
export function renderEffective(values: readonly EffectiveValue[]): string {
  const keyWidth = Math.max(0, ...values.map(({ key }) => key.length));
  const shownWidth = Math.max(0, ...values.map(({ shown }) => shown.length));
  return values.map(({ key, shown, source }) => `${key.padEnd(keyWidth)}  ${shown.padEnd(shownWidth)}  ${source}`).join('\n');
}
