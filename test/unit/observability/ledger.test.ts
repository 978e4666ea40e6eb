import { describe, expect, it } from 'vitest';
import type { DeliveryState, StockedSnapshot } from '../../../src/agent/events.ts';
import { SnapshotError } from '../../../src/errors.ts';
import { BOUNDS_SECONDS } from '../../../src/observability/view.ts';
import { counters } from '../../agent/ledger.ts';
import { someManifest } from '../snapshot/some-manifest.ts';
import { aLedger, BROKEN, DAY_MS, FAILED, NOON, place, planOf, TAKEN } from './some-ledger.ts';

describe('a ledger that was told nothing', () => {
  it('has everything at 0, and claims nothing', () => {
    const view = aLedger().ledger.view();
    expect(new Set(Object.values(counters(view)))).toEqual(new Set([0]));
    expect(view).toMatchObject({ role: 'unknown', isReachable: false, isSealed: false, lastSnapshot: undefined, round: undefined, history: [] });
    expect(view.schedules).toMatchObject([{ name: 'default', intervalMs: 3_600_000, nextAt: undefined, lastSuccessAt: undefined }]);
    expect(view.destinations[0]).toMatchObject({ state: 'waiting', snapshots: undefined, totals: undefined, trouble: undefined });
  });
});

describe('the name of a cluster', () => {
  it.each([
    { what: 'as configured', name: 'prod', told: 'vault-cluster-1', is: 'prod' },
    { what: 'as Vault calls itself', name: undefined, told: 'vault-cluster-1', is: 'vault-cluster-1' },
    { what: 'the host of addr', name: undefined, told: undefined, is: 'vault.example.com' },
    { what: 'the host of addr where Vault has no name', name: undefined, told: '', is: 'vault.example.com' },
  ])('is $what: $is', ({ name, told, is }) => {
    const { ledger } = aLedger(planOf({ name }));
    if (told !== undefined) ledger.tell({ kind: 'cluster', id: 'id-1', name: told, version: '1.21.0' });
    expect(ledger.view().name).toBe(is);
  });
});

describe('what is known of Vault', () => {
  it.each([
    { code: 'vault_sealed', isReachable: true, isSealed: true },
    { code: 'vault_uninitialized', isReachable: true, isSealed: true },
    { code: 'vault_no_leader', isReachable: true, isSealed: false },
    { code: 'vault_unreachable', isReachable: false, isSealed: false },
    { code: 'vault_tls', isReachable: false, isSealed: false },
    { code: 'vault_bad_answer', isReachable: false, isSealed: false },
  ] as const)('after $code: reachable $isReachable, sealed $isSealed', ({ code, ...expected }) => {
    const { ledger } = aLedger();
    ledger.tell({ kind: 'leadership_unknown', error: new SnapshotError(code, 'vault: so it is') });
    expect(ledger.view()).toMatchObject({ ...expected, role: 'unknown', roleReason: 'vault: so it is' });
  });

  it('has changed the leader when the role is another one than before, not when it was unknown in between', () => {
    const { ledger } = aLedger();
    const say = (role: 'leader' | 'standby') => ledger.tell({ kind: 'leadership', role, reason: '', appliedIndex: undefined });
    say('leader');
    ledger.tell({ kind: 'leadership_unknown', error: BROKEN });
    say('leader');
    expect(ledger.view().leaderChanges).toBe(0);
    say('standby');
    say('leader');
    expect(ledger.view().leaderChanges).toBe(2);
  });
});

describe('how long a stage took', () => {
  it('counts in every bucket it fits, its bound included', () => {
    const { ledger } = aLedger();
    for (const ms of [100, 101, 2_600_000]) ledger.tell({ kind: 'stage_ended', stage: 'commit', ms });
    const { counts, count, sumSeconds } = ledger.view().durations.commit;
    expect(BOUNDS_SECONDS.map((bound, at) => [bound, counts[at]]).slice(0, 2)).toEqual([
      [0.1, 1],
      [0.25, 2],
    ]);
    expect({ last: counts.at(-1), count, sumSeconds }).toEqual({ last: 2, count: 3, sumSeconds: 2600.201 });
  });
});

describe('the history of rounds', () => {
  it('keeps a month, and a thousand at most', () => {
    const { ledger, pass, endRound } = aLedger();
    endRound('old', FAILED);
    pass(30 * DAY_MS + 1);
    for (let at = 0; at < 1_001; at++) endRound(`r${at}`, FAILED);
    const { history } = ledger.view();
    expect([history.length, history[0]?.id, history.at(-1)?.id]).toEqual([1_000, 'r1', 'r1000']);
  });

  it('has when a round began, and what went wrong in one that nobody saw begin', () => {
    const { ledger, pass, endRound } = aLedger();
    ledger.tell({ kind: 'round_began', roundId: 'one', destinations: ['aws', 'disk'], schedules: ['default'] });
    expect(ledger.view().round).toEqual({ id: 'one', startedAt: new Date(NOON) });
    pass(5_000);
    endRound('one', TAKEN);
    pass(5_000);
    endRound('two', FAILED);
    expect(ledger.view().history).toMatchObject([
      { id: 'one', startedAt: new Date(NOON), endedAt: new Date(NOON + 5_000), outcome: 'taken', location: '/aws/a.snap', trouble: undefined },
      { id: 'two', startedAt: new Date(NOON + 10_000), outcome: 'failed', trouble: { code: 'vault_cut', advice: expect.stringContaining('proxies') } },
    ]);
  });
});

describe('a destination in the ledger', () => {
  it('counts the bytes of each try, and what it is behind', () => {
    const { ledger } = aLedger();
    const at = (state: DeliveryState, bytes: number) => ledger.tell({ kind: 'delivery', destination: 'aws', state, bytes });
    for (const bytes of [0, 50, 80]) at('tailing', bytes);
    for (const bytes of [0, 100]) at('tailing', bytes);
    at('committing', 100);
    expect(ledger.view().destinations[0]).toMatchObject({ state: 'committing', bytes: 100, uploads: { bytes: 180, success: 0 } });
  });

  it('is missed in a round that broke, and has nothing to answer for', () => {
    const { ledger, endRound } = aLedger();
    ledger.tell({ kind: 'round_began', roundId: 'one', destinations: ['aws'], schedules: ['default'] });
    ledger.tell({ kind: 'delivery', destination: 'aws', state: 'tailing', bytes: 10 });
    endRound('one', FAILED);
    expect(ledger.view().destinations).toMatchObject([
      { name: 'aws', state: 'missed', trouble: undefined, uploads: { failure: 0 } },
      { name: 'disk', state: 'waiting' },
    ]);
  });

  it('keeps its trouble with a delivery until one works, also while it can be seen', () => {
    const { ledger } = aLedger();
    ledger.tell({ kind: 'missed', destination: 'aws', stage: 'commit', error: BROKEN });
    ledger.tell({ kind: 'destination_up', destination: 'aws', error: undefined });
    expect(ledger.view().destinations[0]).toMatchObject({ isUp: false, trouble: { code: 'storage_unavailable' } });
    ledger.tell({ kind: 'delivery', destination: 'aws', state: 'delivered', bytes: 1 });
    expect(ledger.view().destinations[0]).toMatchObject({ isUp: true, trouble: undefined });
  });

  it('is rid of its trouble with a delivery when another node has brought a snapshot there since', () => {
    const { ledger } = aLedger();
    const takenAt = (ms: number) => ({ ...someManifest(), taken_at: new Date(ms).toISOString() });
    ledger.tell({ kind: 'missed', destination: 'aws', stage: 'commit', error: BROKEN });
    ledger.tell({ kind: 'newest', destination: 'aws', manifest: takenAt(NOON - 1) });
    expect(ledger.view().destinations[0]).toMatchObject({ isUp: false, trouble: { code: 'storage_unavailable' } });
    ledger.tell({ kind: 'newest', destination: 'aws', manifest: takenAt(NOON + 1) });
    expect(ledger.view().destinations[0]).toMatchObject({ isUp: true, trouble: undefined });
  });

  it('stays damaged while other copies prove sound', () => {
    const { ledger } = aLedger();
    const verify = (name: string, error?: SnapshotError) => ledger.tell({ kind: 'verified', destination: 'aws', name, error });
    verify('bad.snap', new SnapshotError('archive_corrupt', 'bad.snap: broken'));
    verify('good.snap');
    expect(ledger.view().destinations[0]?.verification).toMatchObject({ failures: 1, lastSuccessAt: new Date(NOON), trouble: { message: 'bad.snap: broken' } });
    verify('bad.snap');
    expect(ledger.view().destinations[0]?.verification).toMatchObject({ failures: 1, trouble: undefined });
  });

  it('stays damaged until each damaged copy is whole, removed, or proved by somebody else', () => {
    const { ledger } = aLedger();
    const damage = (name: string) =>
      ledger.tell({ kind: 'verified', destination: 'aws', name, error: new SnapshotError('archive_corrupt', `${name}: broken`) });
    const stock = (count: number, ...snapshots: readonly StockedSnapshot[]) =>
      ledger.tell({
        kind: 'stock',
        destination: 'aws',
        snapshots,
        totals: { count, bytes: 1, newestAt: undefined, oldestAt: undefined, verifiedAt: undefined },
      });
    const message = () => ledger.view().destinations[0]?.verification.trouble?.message;
    const copy = (name: string, day: number, verifiedAt?: Date) => ({ name, takenAt: new Date(NOON - day * 86_400_000), size: 1, isProved: true, verifiedAt });
    stock(9, copy('c.snap', 1), copy('b.snap', 2), copy('a.snap', 3));
    for (const name of ['a.snap', 'b.snap', 'c.snap', 'old.snap']) damage(name);
    expect(message()).toBe('old.snap: broken, and 3 more like it');
    ledger.tell({ kind: 'verified', destination: 'aws', name: 'b.snap', error: undefined });
    stock(8, copy('c.snap', 1, new Date(NOON - 1)), copy('b.snap', 2), copy('a.snap', 3));
    expect(message()).toBe('old.snap: broken, and 2 more like it');
    stock(8, copy('c.snap', 1, new Date(NOON + 1)), copy('b.snap', 2), copy('z.snap', 4));
    expect(message()).toBe('old.snap: broken');
    stock(2, copy('c.snap', 1), copy('b.snap', 2));
    expect(message()).toBeUndefined();
  });

  it('stays damaged over a restart, at the same place', () => {
    const { ledger } = aLedger();
    ledger.tell({ kind: 'verified', destination: 'aws', name: 'bad.snap', error: new SnapshotError('archive_corrupt', 'bad.snap: broken') });
    const { ledger: next } = aLedger();
    next.restore(ledger.remembered());
    expect(next.view().destinations[0]?.verification).toMatchObject({ failures: 0, trouble: { message: 'bad.snap: broken', at: new Date(NOON) } });
    const { ledger: moved } = aLedger(planOf({ destinations: [place('aws', 'default', '/elsewhere')] }));
    moved.restore(ledger.remembered());
    expect(moved.view().destinations[0]?.verification.trouble).toBeUndefined();
  });

  it('says why nothing is deleted there', () => {
    const { ledger } = aLedger();
    ledger.tell({ kind: 'pruned', destination: 'aws', count: 0, frozen: 'a manifest of another cluster' });
    expect(ledger.view().destinations[0]?.retention).toMatchObject({
      deleted: 0,
      errors: 0,
      trouble: { code: 'refused', message: 'a manifest of another cluster' },
    });
    ledger.tell({ kind: 'pruned', destination: 'aws', count: 2, frozen: undefined });
    expect(ledger.view().destinations[0]?.retention).toEqual({ deleted: 2, errors: 0, trouble: undefined });
  });
});

describe('failures in a row', () => {
  const LEADERSHIP = { role: 'leader', reason: '', appliedIndex: undefined } as const;

  it('end when it is known again who leads, if that was all', () => {
    const { ledger, endRound } = aLedger();
    const inARow = () => ledger.view().schedules[0]?.consecutiveFailures;
    endRound('one', { outcome: 'failed', stage: 'leadership', error: BROKEN, missed: [] });
    expect(inARow()).toBe(1);
    ledger.tell({ kind: 'leadership', ...LEADERSHIP });
    expect(inARow()).toBe(0);
    endRound('two', FAILED);
    ledger.tell({ kind: 'leadership', ...LEADERSHIP });
    expect(inARow()).toBe(1);
  });

  it('are no business of a standby', () => {
    const { ledger, endRound } = aLedger();
    endRound('one', FAILED);
    ledger.tell({ kind: 'leadership', ...LEADERSHIP, role: 'standby' });
    expect(ledger.view().schedules[0]).toMatchObject({ consecutiveFailures: 0, failures: 1 });
  });
});

describe('a new configuration', () => {
  it('takes nothing back that was counted, nor what is known of places that stay', () => {
    const { ledger, endRound } = aLedger();
    endRound('one', TAKEN);
    for (const destination of ['aws', 'disk']) {
      ledger.tell({ kind: 'delivery', destination, state: 'delivered', bytes: 7 });
      ledger.tell({ kind: 'newest', destination, manifest: someManifest() });
    }
    const newPlace = place('new', 'nightly');
    const schedules = [
      { name: 'default', intervalMs: 60_000 },
      { name: 'nightly', intervalMs: DAY_MS },
    ];
    ledger.follow(planOf({ destinations: [place('aws', 'default', '/elsewhere'), newPlace], schedules }));
    const { destinations, schedules: seen, history } = ledger.view();
    expect(history).toHaveLength(1);
    expect(seen).toMatchObject([
      { name: 'default', intervalMs: 60_000, successes: 1 },
      { name: 'nightly', successes: 0 },
    ]);
    // The counters are of the name; what lies there is of the place.
    expect(destinations).toMatchObject([
      { name: 'aws', uploads: { success: 1, bytes: 7 }, lastSuccessAt: undefined },
      { name: 'new', uploads: { success: 0 } },
    ]);
    ledger.follow(planOf());
    expect(ledger.view().destinations[1]).toMatchObject({ name: 'disk', uploads: { success: 1 }, lastSuccessAt: new Date('2026-01-02T03:04:05.678Z') });
  });
});
