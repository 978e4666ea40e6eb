import { describe, expect, it } from 'vitest';
import type { RetentionPolicy } from '../../../src/retention/plan.ts';
import { type PruneDeps, prune } from '../../../src/retention/prune.ts';
import { nameSnapshot, parseNameTemplate } from '../../../src/snapshot/name.ts';
import { MemoryStorage } from '../../fakes/memory-storage.ts';
import { Seeded } from '../../fakes/seeded.ts';
import { FOREVER, OURS, PREFIX, putManifestFor } from './some-store.ts';

const HOUR_MS = 3_600_000;
const NOW = new Date('2026-07-01T00:00:00Z');
// The index says nothing of the time, and stands before it.
const TEMPLATE = parseNameTemplate('snap-{index}-{time}.snap');

interface Case {
  readonly storage: MemoryStorage;
  readonly policy: RetentionPolicy;
  /** Every snapshot of ours, by key. */
  readonly ours: ReadonlyMap<string, { readonly at: number; readonly isProved: boolean }>;
  readonly strangers: readonly string[];
}

/** A place as the years leave it: gaps, bursts, two of one second, unproved ones, other people's files, times of writing that mean nothing. */
function someCase(random: Seeded): Case {
  const storage = new MemoryStorage();
  const ours = new Map<string, { at: number; isProved: boolean }>();
  const strangers: string[] = [];
  const put = (key: string) => storage.objects.set(key, { bytes: Buffer.from('x'), modifiedAt: new Date(random.whole(2 ** 40)) });
  const count = random.whole(60);
  const span = random.pick([6, 100, 2_000, 30_000]) * HOUR_MS;
  for (let nth = 0; nth < count; nth++) {
    const at = Math.floor((NOW.getTime() - random.whole(span)) / 1000) * 1000;
    const key = `${PREFIX}${nameSnapshot(TEMPLATE, { takenAt: new Date(at), cluster: '', host: '', index: BigInt(random.whole(1e9)) })}`;
    const isProved = random.chance(0.7);
    ours.set(key, { at, isProved });
    put(key);
    if (isProved) putManifestFor(storage, key, { stored_bytes: 1 });
    if (random.chance(0.3)) strangers.push(random.pick([`${key}.bak`, key.replace('/', '-old/'), key.replace('snap-', 'snap-x'), `${PREFIX}deep/${nth}.snap`]));
  }
  for (const key of strangers) put(key);
  const some = () => (random.chance(0.5) ? 0 : random.whole(12));
  const policy = { last: some(), hourly: some(), daily: some(), weekly: some(), monthly: some(), yearly: some(), withinMs: some() * 40 * HOUR_MS };
  return { storage, policy, ours, strangers };
}

const deps = (maxDeletes?: number): PruneDeps => ({ ...OURS, template: TEMPLATE, now: NOW, known: new Map(), maxDeletes });
const run = ({ storage, policy }: Case, maxDeletes?: number) => prune(storage, PREFIX, policy, deps(maxDeletes), FOREVER);
const left = ({ storage, ours }: Case) => [...ours].filter(([key]) => storage.objects.has(key));
const seeds = Array.from({ length: 80 }, (_, seed) => seed);
const bucketsOf = (times: readonly number[], bucket: (at: Date) => string) => new Set(times.map((at) => bucket(new Date(at)))).size;

const BUCKETS = [
  ['hourly', (at: Date) => at.toISOString().slice(0, 13)],
  ['daily', (at: Date) => at.toISOString().slice(0, 10)],
  ['weekly', (at: Date) => new Date(at.getTime() - ((at.getUTCDay() + 6) % 7) * 24 * HOUR_MS).toISOString().slice(0, 10)],
  ['monthly', (at: Date) => at.toISOString().slice(0, 7)],
  ['yearly', (at: Date) => at.toISOString().slice(0, 4)],
] as const;

describe('pruning, whatever is there and whatever the policy', () => {
  it.each(seeds)('removes nothing more right after (seed %i)', async (seed) => {
    const one = someCase(new Seeded(seed));
    await run(one, 0);
    const keys = [...one.storage.objects.keys()];
    expect((await run(one, 0)).removed).toEqual([]);
    expect([...one.storage.objects.keys()]).toEqual(keys);
  });

  it.each(seeds)('comes to the same end with the fuse as without (seed %i)', async (seed) => {
    const [slow, quick] = [someCase(new Seeded(seed)), someCase(new Seeded(seed))];
    for (let postponed = 1; postponed > 0; ) ({ postponed } = await run(slow, 1));
    await run(quick, 0);
    expect([...slow.storage.objects.keys()]).toEqual([...quick.storage.objects.keys()]);
  });

  it.each(seeds)('never removes the newest proved one, nor anything while none is proved (seed %i)', async (seed) => {
    const one = someCase(new Seeded(seed));
    await run(one, 0);
    const proved = [...one.ours].filter(([, { isProved }]) => isProved).map(([, { at }]) => at);
    const stillProved = left(one).filter(([, { isProved }]) => isProved);
    expect(Math.max(...stillProved.map(([, { at }]) => at))).toBe(Math.max(...proved));
    if (proved.length === 0) expect(left(one)).toHaveLength(one.ours.size);
  });

  it.each(seeds)('never touches a name that is not exactly ours (seed %i)', async (seed) => {
    const one = someCase(new Seeded(seed));
    await run(one, 0);
    expect(one.strangers.filter((key) => !one.storage.objects.has(key))).toEqual([]);
  });

  it.each(seeds)('keeps at least what the policy says, by the time of the snapshots alone (seed %i)', async (seed) => {
    const one = someCase(new Seeded(seed));
    await run(one, 0);
    const times = [...one.ours.values()].map(({ at }) => at);
    const kept = left(one).map(([, { at }]) => at);
    const newest = times.toSorted((a, b) => b - a).slice(0, one.policy.last);
    expect(kept.toSorted((a, b) => b - a).slice(0, newest.length)).toEqual(newest);
    for (const [rule, bucket] of BUCKETS) expect(bucketsOf(kept, bucket)).toBeGreaterThanOrEqual(Math.min(one.policy[rule], bucketsOf(times, bucket)));
    const isYoung = (at: number) => NOW.getTime() - at <= one.policy.withinMs;
    if (one.policy.withinMs > 0) expect(kept.filter(isYoung)).toHaveLength(times.filter(isYoung).length);
  });
});
