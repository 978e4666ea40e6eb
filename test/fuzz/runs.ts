import type { Parameters } from 'fast-check';

// What CI tries is the same each time; `npm run fuzz` tries what nobody has tried before, and tells the seed of what fails.
const wanted = process.env.VAULT_SNAPSHOTD_FUZZ;
const SEED = wanted === undefined ? 20_260_301 : wanted === 'new' ? Date.now() % 2 ** 31 : Number(wanted);

/** Twenty times as many cases as the short run tries. */
export const isThorough = wanted !== undefined;

/** `cases` is what the short run tries. */
export function runs<Case>(cases: number): Parameters<Case> {
  return { seed: SEED, numRuns: isThorough ? cases * 20 : cases, endOnFailure: false };
}
