import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { buildArchive } from '../fakes/archive.ts';
import { LEADER, STANDBY } from '../fakes/fake-vault.ts';
import { type Fault, MemoryStorage } from '../fakes/memory-storage.ts';
import { counters, moved, viewOf } from './ledger.ts';
import { aScene, destinationOf, HOUR_MS, KEEP_ALL, round, type Scene, startAgent } from './scene.ts';

const MINUTE_MS = 60_000;
const ARCHIVE = buildArchive({ padStateTo: 300_000 });
const REFUSED = new SnapshotError('storage_misconfigured', 'bad: no such bucket');

/** One turn of a daemon, with two places. */
async function oneTurn(prepare: (scene: Scene, bad: MemoryStorage) => void) {
  const scene = await aScene();
  const [bad, good] = [new MemoryStorage({ name: 'bad' }), new MemoryStorage({ name: 'good' })];
  const destinations = [destinationOf(bad), destinationOf(good)];
  scene.vault.archive = ARCHIVE;
  prepare(scene, bad);
  const agent = startAgent(scene, destinations);
  await scene.clock.untilAsleep(1);
  await agent.stop();
  return { scene, view: viewOf(scene, destinations) };
}

describe('a round that works', () => {
  it('counts as one, at each destination', async () => {
    const { view } = await oneTurn(() => undefined);
    expect(moved(view)).toEqual({ 'schedule default.successes': 1, 'bad.uploads.success': 1, 'good.uploads.success': 1 });
    expect(counters(view)).toMatchObject({
      'durations.drain': 1,
      'durations.upload': 2,
      'durations.commit': 2,
      'durations.readback': 2,
      'durations.prune': 2,
      'bad.uploads.bytes': ARCHIVE.length,
    });
    expect(view).toMatchObject({
      role: 'leader',
      round: undefined,
      spoolBytes: 0,
      committedIndex: 40n,
      lastRound: { id: 'round-1', outcome: 'taken', missed: [] },
    });
    expect(view.lastSnapshot).toMatchObject({ size: ARCHIVE.length, index: 42, term: 3, entries: 10 });
    expect(view.schedules).toMatchObject([
      {
        lastSuccessAt: new Date('2026-03-01T12:00:00Z'),
        lastSuccessIndex: 42,
        lastAttemptAt: new Date('2026-03-01T12:00:00Z'),
        nextAt: new Date('2026-03-01T13:00:00Z'),
        intervalMs: HOUR_MS,
      },
    ]);
    expect(view.destinations[0]).toMatchObject({ isUp: true, state: 'delivered', bytes: ARCHIVE.length, totals: { count: 1, bytes: ARCHIVE.length } });
    expect(view.destinations[0]?.snapshots).toMatchObject([{ takenAt: new Date('2026-03-01T12:00:00Z'), size: ARCHIVE.length, isProved: true }]);
  });
});

describe('a round that fails', () => {
  it.each<{ what: string; stage: string; prepare: (scene: Scene) => void }>([
    { what: 'Vault sealed', stage: 'leadership', prepare: ({ vault }) => (vault.leaderships = [new SnapshotError('vault_sealed', 'vault: sealed')]) },
    { what: 'Vault away', stage: 'leadership', prepare: ({ vault }) => (vault.leaderships = [new SnapshotError('vault_unreachable', 'vault: away')]) },
    { what: 'no leader', stage: 'leadership', prepare: ({ vault }) => (vault.leaderships = [new SnapshotError('vault_no_leader', 'vault: no leader')]) },
    {
      what: 'sealed after the first question',
      stage: 'leadership',
      prepare: ({ vault }) => (vault.facts = new SnapshotError('vault_sealed', 'vault: sealed')),
    },
    { what: 'a refused token', stage: 'auth', prepare: ({ vault }) => (vault.archive = new SnapshotError('vault_denied', 'vault: 403')) },
    { what: 'a refused login', stage: 'auth', prepare: ({ vault }) => (vault.archive = new SnapshotError('vault_login_failed', 'vault: 400')) },
    { what: 'a cut', stage: 'drain', prepare: ({ vault }) => (vault.spoiled = { afterBytes: 9_000, by: new SnapshotError('vault_cut', 'vault: cut') }) },
    { what: 'a broken archive', stage: 'verify', prepare: ({ vault }) => (vault.archive = buildArchive({ sealed: Buffer.alloc(0) })) },
    { what: 'an older archive', stage: 'verify', prepare: ({ vault }) => (vault.archive = buildArchive({ index: 39n })) },
  ])('counts once, at its stage, and at no destination: $what', async ({ stage, prepare }) => {
    const { view } = await oneTurn(prepare);
    expect(moved(view)).toEqual({ 'schedule default.failures': 1, [`failures.${stage}`]: 1 });
    expect(view.schedules[0]).toMatchObject({ consecutiveFailures: 1, lastSuccessAt: undefined, lastAttemptAt: new Date('2026-03-01T12:00:00Z') });
    expect(view).toMatchObject({ round: undefined, spoolBytes: 0, history: [{ outcome: 'failed' }] });
    for (const { trouble, isUp } of view.destinations) expect({ trouble, isUp }).toEqual({ trouble: undefined, isUp: true });
  });
});

describe('a destination that is missed', () => {
  it.each<Fault & { readonly stage: string }>([
    { step: 'open', stage: 'upload' },
    { step: 'write', stage: 'upload' },
    { step: 'write', nth: 2, stage: 'upload' },
    { step: 'commit', stage: 'commit' },
    { step: 'commit-answer', stage: 'commit' },
    { step: 'stat', stage: 'readback' },
    { step: 'open', nth: 2, stage: 'manifest' },
    { step: 'commit', nth: 2, stage: 'manifest' },
    { step: 'stat', nth: 3, stage: 'manifest' },
  ])('counts there, at its stage, and nowhere else: $step $nth is $stage', async ({ stage, ...fault }) => {
    const { view, scene } = await oneTurn((_, bad) => bad.inject({ ...fault, error: REFUSED }));
    expect(moved(view)).toEqual({ 'schedule default.successes': 1, 'bad.uploads.failure': 1, 'good.uploads.success': 1, [`failures.${stage}`]: 1 });
    expect(view.destinations[0]).toMatchObject({ state: 'missed', trouble: { code: 'storage_misconfigured', message: REFUSED.message } });
    expect(view.destinations[1]).toMatchObject({ state: 'delivered', isUp: true, trouble: undefined });
    expect(view.lastRound).toMatchObject({ outcome: 'partial', missed: ['bad'], trouble: { code: 'storage_misconfigured', advice: REFUSED.advice } });
    expect(scene.log.of('destination_missed')).toMatchObject([{ fields: { stage } }]);
  });

  it('counts where it is full, before Vault was asked', async () => {
    const { view } = await oneTurn((_, bad) => {
      bad.roomBytes = -1;
    });
    expect(moved(view)).toEqual({ 'schedule default.successes': 1, 'bad.uploads.failure': 1, 'good.uploads.success': 1, 'failures.upload': 1 });
  });

  it('counts each try that had to be made again, and is told in one line', async () => {
    const { view, scene } = await oneTurn((_, bad) => {
      bad.inject({ step: 'open' });
      bad.inject({ step: 'open', nth: 2 });
    });
    expect(moved(view)).toEqual({ 'schedule default.successes': 1, 'bad.uploads.success': 1, 'bad.uploads.retries': 2, 'good.uploads.success': 1 });
    expect(scene.log.of('upload_retry').map(({ level }) => level)).toEqual(['warn', 'debug']);
  });

  it('is a failure of its own schedule alone', async () => {
    const scene = await aScene();
    const [bad, good] = [new MemoryStorage({ name: 'bad' }), new MemoryStorage({ name: 'good' })];
    const destinations = [destinationOf(bad, { schedule: 'bad' }), destinationOf(good)];
    bad.inject({ step: 'commit', error: REFUSED });
    await round(scene, destinations);
    const view = viewOf(scene, destinations);
    expect(view.schedules).toMatchObject([
      { name: 'bad', successes: 0, failures: 1, consecutiveFailures: 1, lastSuccessAt: undefined },
      { name: 'default', successes: 1, failures: 0, consecutiveFailures: 0, lastSuccessAt: new Date('2026-03-01T12:00:00Z') },
    ]);
  });

  it('each count at their own stage when every one is missed, and the round once', async () => {
    const scene = await aScene();
    const [one, other] = [new MemoryStorage({ name: 'one' }), new MemoryStorage({ name: 'other' })];
    const destinations = [destinationOf(one), destinationOf(other)];
    one.inject({ step: 'commit', error: REFUSED });
    other.inject({ step: 'open', nth: 2, error: REFUSED });
    expect(await round(scene, destinations)).toMatchObject({ outcome: 'failed', stage: 'commit' });
    expect(moved(viewOf(scene, destinations))).toEqual({
      'schedule default.failures': 1,
      'failures.commit': 1,
      'failures.manifest': 1,
      'one.uploads.failure': 1,
      'other.uploads.failure': 1,
    });
  });
});

describe('a prune', () => {
  const OLD = ['raft_snapshots/raft_snapshot-1772362800000000000.snap', 'raft_snapshots/raft_snapshot-1772359200000000000.snap'];

  async function prunedRound(prepare: (aws: MemoryStorage) => void) {
    const scene = await aScene();
    const aws = new MemoryStorage({ name: 'aws' });
    for (const key of OLD) aws.objects.set(key, { bytes: Buffer.from('ancestor'), modifiedAt: new Date(0) });
    prepare(aws);
    const destinations = [destinationOf(aws, { retain: { ...KEEP_ALL, last: 1 } })];
    await round(scene, destinations);
    return viewOf(scene, destinations);
  }

  it('counts what it deletes', async () => {
    const view = await prunedRound(() => undefined);
    expect(moved(view)).toEqual({ 'schedule default.successes': 1, 'aws.uploads.success': 1, 'aws.deleted': 2 });
    expect(view.destinations[0]?.retention.trouble).toBeUndefined();
  });

  it.each([
    { step: 'list', deleted: undefined },
    { step: 'delete', deleted: 1 },
  ] as const)('counts what fails apart from the snapshot: $step', async ({ step, deleted }) => {
    const view = await prunedRound((aws) => aws.inject({ step, error: REFUSED }));
    const successes = { 'schedule default.successes': 1, 'aws.uploads.success': 1 };
    expect(moved(view)).toEqual({ ...successes, 'aws.retention errors': 1, ...(deleted && { 'aws.deleted': deleted }) });
    expect(view.destinations[0]).toMatchObject({ isUp: true, trouble: undefined, retention: { trouble: { code: 'storage_misconfigured' } } });
  });
});

describe('ticks that nobody could keep', () => {
  it('count for each schedule, once however many destinations go by it', async () => {
    const scene = await aScene({ snapshotTimeoutMs: 24 * HOUR_MS });
    const stores = ['a', 'b', 'daily'].map((name) => new MemoryStorage({ name }));
    const daily = { schedule: 'daily', rule: { kind: 'interval', everyMs: 24 * HOUR_MS } } as const;
    const destinations = [destinationOf(stores[0]!), destinationOf(stores[1]!), destinationOf(stores[2]!, daily)];
    scene.vault.onCall = (call) => {
      if (call === 'openSnapshot') scene.clock.pass(2.5 * HOUR_MS);
    };
    const agent = startAgent(scene, destinations);
    await scene.clock.untilAsleep(1);
    await agent.stop();
    const { schedules, durations } = viewOf(scene, destinations);
    expect(schedules).toMatchObject([
      { name: 'default', skipped: 2, nextAt: new Date('2026-03-01T15:00:00Z') },
      { name: 'daily', skipped: 0, nextAt: new Date('2026-03-02T12:00:00Z'), intervalMs: 24 * HOUR_MS },
    ]);
    expect(durations.drain).toMatchObject({ count: 1, sumSeconds: 9000 });
  });
});

describe('a standby', () => {
  it('is no failure, and no round', async () => {
    const { view } = await oneTurn(({ vault }) => {
      vault.leaderships = [STANDBY];
    });
    expect(moved(view)).toEqual({});
    expect(view).toMatchObject({ role: 'standby', roleReason: 'another node leads', isReachable: true, history: [], lastRound: undefined });
    expect(view.schedules[0]?.lastAttemptAt).toBeUndefined();
  });

  it('that becomes leader is one change', async () => {
    const scene = await aScene();
    scene.vault.leaderships = [STANDBY, LEADER];
    const destinations = [destinationOf(new MemoryStorage({ name: 'aws' }))];
    const agent = startAgent(scene, destinations);
    await scene.clock.advance(MINUTE_MS);
    await agent.stop();
    expect(moved(viewOf(scene, destinations))).toMatchObject({ leaderChanges: 1 });
  });
});
