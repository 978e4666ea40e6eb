import { ERROR_CODES, type SnapshotError } from '../errors.ts';
import { describePolicy, type RetentionPolicy, type Snapshot } from '../retention/plan.ts';
import type { Planned, Pruned } from '../retention/prune.ts';
import type { KeyError } from '../storage/key.ts';
import { ageOf, timeOf } from './units.ts';

/** What `prune` found and did at one destination. */
export type Pruning = { readonly destination: string; readonly policy: RetentionPolicy } & (
  | { readonly outcome: 'without history' }
  | { readonly outcome: 'failed'; readonly error: SnapshotError }
  | { readonly outcome: 'planned'; readonly now: Date; readonly planned: Planned }
  | { readonly outcome: 'pruned'; readonly now: Date; readonly planned: Planned; readonly pruned: Pruned }
);

type Looked = Extract<Pruning, { readonly planned: Planned }>;
type Fate = 'kept' | 'goes' | 'later' | 'deleted' | 'locked' | 'failed';

interface Row extends Snapshot {
  readonly fate: Fate;
  readonly reasons: readonly string[];
}

/** 3 when something went wrong somewhere; the cause's own code when nothing went right anywhere. */
export function exitCodeOf(results: readonly Pruning[]): number {
  const codes = results.map((result) => {
    if (result.outcome === 'failed') return result.error.exitCode;
    return result.outcome === 'pruned' && result.planned.plan.frozen !== undefined ? ERROR_CODES.refused.exitCode : 0;
  });
  const [first = 0] = codes;
  if (codes.every((code) => code !== 0)) return first;
  const isTroubled = codes.some((code) => code !== 0) || results.some((result) => result.outcome === 'pruned' && result.pruned.errors.length > 0);
  return isTroubled ? ERROR_CODES.partial.exitCode : 0;
}

export function renderText(result: Pruning): string {
  const head = `destination ${result.destination}: keeps ${describePolicy(result.policy)}\n`;
  if (result.outcome === 'without history') return `${head}  keeps no history: each round replaces its one object, so there is nothing to prune\n`;
  if (result.outcome === 'failed') return `${head}  FAIL  ${result.error.message} (${result.error.code})\n  hint: ${result.error.advice}\n`;
  const rows = rowsOf(result);
  const shown = result.outcome === 'planned' ? rows : rows.filter(({ fate }) => fate !== 'kept' && fate !== 'later');
  const { frozen } = result.planned.plan;
  return [
    head,
    ...shown.map((row) => `  ${renderRow(row, result.now)}\n`),
    ...errorsOf(result).map(({ key, error }) => `  warning: ${key}: ${error.message} (${error.code})\n`),
    frozen === undefined ? '' : `  nothing is deleted here: ${frozen}\n`,
    `  ${summarize(rows, result.planned)}\n`,
  ].join('');
}

export function renderJson(results: readonly Pruning[]): string {
  const destinations = results.map((result) => {
    const { destination, outcome, policy } = result;
    const head = { destination, outcome, policy: describePolicy(policy) };
    if (result.outcome === 'without history') return head;
    if (result.outcome === 'failed') return { ...head, code: result.error.code, message: result.error.message };
    const { plan, limit, strangers } = result.planned;
    const snapshots = rowsOf(result).map(({ key, takenAt, standing, fate, reasons }) => ({ key, taken_at: takenAt.toISOString(), standing, fate, reasons }));
    const errors = errorsOf(result).map(({ key, error }) => ({ key, code: error.code, message: error.message }));
    return { ...head, frozen: plan.frozen ?? null, max_deletes: Number.isFinite(limit) ? limit : 0, strangers, snapshots, errors };
  });
  return `${JSON.stringify({ destinations })}\n`;
}

/** Newest first. */
function rowsOf(result: Looked): readonly Row[] {
  const { plan, snapshots, limit } = result.planned;
  const reasons = new Map<string, readonly string[]>();
  const fates = new Map<string, Fate>();
  for (const { key, reasons: own } of plan.keep) reasons.set(key, own);
  plan.remove.forEach(({ key, reason }, at) => {
    reasons.set(key, [reason]);
    fates.set(key, result.outcome === 'planned' && at < limit ? 'goes' : 'later');
  });
  if (result.outcome === 'pruned') {
    const { errors, locked, removed } = result.pruned;
    // In this order: what was damaged is among the errors, and may be gone all the same.
    for (const [fate, list] of [
      ['failed', errors],
      ['locked', locked],
      ['deleted', removed],
    ] as const)
      for (const { key } of list) if (fates.has(key)) fates.set(key, fate);
  }
  return snapshots
    .map((snapshot) => ({ ...snapshot, fate: fates.get(snapshot.key) ?? 'kept', reasons: reasons.get(snapshot.key) ?? [] }))
    .sort((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
}

function renderRow({ key, takenAt, standing, fate, reasons }: Row, now: Date): string {
  return `${fate.padEnd(7)}  ${timeOf(takenAt)}  ${ageOf(now.getTime() - takenAt.getTime()).padStart(4)}  ${standing.padEnd(8)}  ${key}  ${reasons.join(', ')}`;
}

function summarize(rows: readonly Row[], { limit, strangers }: Planned): string {
  const count = (fate: Fate) => rows.filter((row) => row.fate === fate).length;
  const counted = FATES.flatMap(([fate, words]) => (fate === 'kept' || count(fate) > 0 ? [`${count(fate)} ${words}`] : []));
  const fuse = count('later') > 0 ? ` (at most ${limit} at once; --max-deletes N raises it)` : '';
  const others = strangers > 0 ? `; not ours and untouched: ${strangers}` : '';
  return `${counted.join(', ')}${fuse}${others}`;
}

const FATES: readonly (readonly [Fate, string])[] = [
  ['kept', 'kept'],
  ['goes', 'to be deleted'],
  ['deleted', 'deleted'],
  ['locked', 'kept by a lock'],
  ['failed', 'not deleted'],
  ['later', 'left for later'],
];

function errorsOf(result: Looked): readonly KeyError[] {
  return result.outcome === 'pruned' ? result.pruned.errors : result.planned.errors;
}
