import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { LEADER, SOME_FACTS, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { leave } from './leave.ts';
import { moved, viewOf } from './ledger.ts';
import { aScene, destinationOf, HOUR_MS, type Scene, startAgent, visible } from './scene.ts';

const MINUTE_MS = 60_000;
const SEALED = new SnapshotError('vault_sealed', 'vault: sealed');

async function standby(): Promise<Scene> {
  const scene = await aScene();
  scene.vault.leaderships = [STANDBY];
  return scene;
}

function listings({ steps }: MemoryStorage): number {
  return steps.filter((step) => step === 'list raft_snapshots/').length;
}

describe('a standby', () => {
  it('reads back at its start when the last snapshot was taken, by whomever', async () => {
    const scene = await standby();
    const aws = new MemoryStorage({ name: 'aws' });
    leave(aws, new Date('2026-03-01T10:00:00Z'));
    leave(aws, new Date('2026-03-01T11:00:00Z'), { raft_index: 77 });
    const destinations = [destinationOf(aws)];
    const agent = startAgent(scene, destinations);
    await scene.clock.untilAsleep(1);
    await agent.stop();
    const view = viewOf(scene, destinations);
    expect(view).toMatchObject({ id: 'id-1', vaultVersion: '1.21.0', role: 'standby', lastSnapshot: { index: 77, takenAt: new Date('2026-03-01T11:00:00Z') } });
    expect(view.spoolFreeBytes).toBeGreaterThan(0);
    expect(view.schedules[0]).toMatchObject({ lastSuccessAt: new Date('2026-03-01T11:00:00Z'), lastSuccessIndex: 77 });
    expect(view.destinations[0]).toMatchObject({ lastSuccessAt: new Date('2026-03-01T11:00:00Z'), totals: { count: 2, bytes: 20 } });
    expect(moved(view)).toEqual({});
  });

  it('looks again at each of its ticks, and not in between', async () => {
    const scene = await standby();
    const aws = new MemoryStorage({ name: 'aws' });
    const destinations = [destinationOf(aws)];
    const agent = startAgent(scene, destinations);
    await scene.clock.advance(10 * MINUTE_MS);
    const first = listings(aws);
    leave(aws, new Date('2026-03-01T12:10:00Z'));
    await scene.clock.advance(49 * MINUTE_MS);
    expect(listings(aws)).toBe(first);
    expect(viewOf(scene, destinations).destinations[0]?.lastSuccessAt).toBeUndefined();
    await scene.clock.advance(MINUTE_MS);
    await agent.stop();
    expect(listings(aws)).toBe(2 * first);
    expect(viewOf(scene, destinations).destinations[0]).toMatchObject({ lastSuccessAt: new Date('2026-03-01T12:10:00Z'), totals: { count: 1 } });
  });

  it('never forgets what it once read, while a destination cannot be seen', async () => {
    const scene = await standby();
    const aws = new MemoryStorage({ name: 'aws' });
    leave(aws, new Date('2026-03-01T11:00:00Z'));
    const destinations = [destinationOf(aws)];
    const agent = startAgent(scene, destinations);
    await scene.clock.advance(MINUTE_MS);
    aws.inject({ step: 'list', error: new SnapshotError('storage_denied', 'aws: no') });
    await scene.clock.advance(HOUR_MS);
    await agent.stop();
    expect(viewOf(scene, destinations).destinations[0]).toMatchObject({
      isUp: false,
      trouble: { code: 'storage_denied', message: 'aws: no' },
      lastSuccessAt: new Date('2026-03-01T11:00:00Z'),
      totals: { count: 1 },
    });
    expect(scene.log.of('look_failed')).toHaveLength(1);
  });

  it('tells that a destination was emptied', async () => {
    const scene = await standby();
    const aws = new MemoryStorage({ name: 'aws' });
    leave(aws, new Date('2026-03-01T11:00:00Z'));
    const destinations = [destinationOf(aws)];
    const agent = startAgent(scene, destinations);
    await scene.clock.advance(MINUTE_MS);
    aws.objects.clear();
    await scene.clock.advance(HOUR_MS);
    await agent.stop();
    expect(viewOf(scene, destinations).destinations[0]).toMatchObject({ lastSuccessAt: undefined, totals: { count: 0, newestAt: undefined } });
  });
});

describe('a look at the destinations', () => {
  it.each([
    { what: 'when nobody knows who leads', facts: SOME_FACTS },
    { what: 'when it tells nothing at all', facts: SEALED },
  ])('does not need Vault: $what', async ({ facts }) => {
    const scene = await aScene();
    const aws = new MemoryStorage({ name: 'aws' });
    leave(aws, new Date('2026-03-01T11:00:00Z'));
    scene.vault.leaderships = [SEALED];
    scene.vault.facts = facts;
    const destinations = [destinationOf(aws)];
    const agent = startAgent(scene, destinations);
    await scene.clock.untilAsleep(1);
    await agent.stop();
    const view = viewOf(scene, destinations);
    expect(view).toMatchObject({ role: 'unknown', isReachable: true, isSealed: true });
    expect(view.destinations[0]).toMatchObject({ isUp: true, lastSuccessAt: new Date('2026-03-01T11:00:00Z') });
  });

  it('is not kept from the others by one that hangs', async () => {
    const scene = await aScene({ stallTimeoutMs: 50 });
    scene.vault.leaderships = [STANDBY];
    const [dead, aws] = [new MemoryStorage({ name: 'dead' }), new MemoryStorage({ name: 'aws' })];
    leave(aws, new Date('2026-03-01T11:00:00Z'));
    dead.inject({ step: 'list', error: 'hang' });
    const destinations = [destinationOf(dead), destinationOf(aws)];
    const agent = startAgent(scene, destinations);
    await scene.clock.untilAsleep(1);
    await agent.stop();
    const view = viewOf(scene, destinations);
    expect(view.destinations).toMatchObject([
      { name: 'dead', isUp: false, trouble: { code: 'storage_unavailable' }, snapshots: undefined, totals: undefined },
      { name: 'aws', isUp: true, totals: { count: 1 } },
    ]);
    expect(view.schedules[0]?.lastSuccessAt).toEqual(new Date('2026-03-01T11:00:00Z'));
  });

  it('is cut short by the next round, which it does not put off, and made up for then', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage({ name: 'aws' });
    const everyBlink = { rule: { kind: 'interval', everyMs: 200 } } as const;
    const destinations = [destinationOf(aws, everyBlink)];
    // The third listing is that of the look: of manifests at the take-over, and again after the round.
    aws.inject({ step: 'list', nth: 2, error: 'hang' });
    const agent = startAgent(scene, destinations);
    await scene.clock.untilAsleep(1);
    expect(viewOf(scene, destinations).destinations[0]).toMatchObject({ isUp: true, trouble: undefined, totals: undefined });
    await scene.clock.advance(200);
    await agent.stop();
    expect(viewOf(scene, destinations).destinations[0]).toMatchObject({ totals: { count: 2 } });
    expect(scene.log.of('look_failed')).toEqual([]);
  });

  it('ends at once when told to stop', async () => {
    const scene = await standby();
    const aws = new MemoryStorage({ name: 'aws' });
    aws.inject({ step: 'list', error: 'hang' });
    const agent = startAgent(scene, [destinationOf(aws)]);
    while (aws.steps.length === 0) await new Promise(setImmediate);
    await agent.stop();
    expect(scene.log.of('look_failed')).toEqual([]);
    expect(scene.events.filter(({ kind }) => kind === 'destination_up')).toEqual([]);
  });

  it('gives way to a snapshot on demand, wherever it is', async () => {
    const scene = await standby();
    const aws = new MemoryStorage({ name: 'aws' });
    const agent = startAgent(scene, [destinationOf(aws)]);
    scene.vault.onCall = (call) => {
      if (call !== 'describe') return;
      scene.vault.onCall = () => undefined;
      scene.vault.leaderships = [LEADER];
      agent.agent.trigger();
      // As a request ends that was cut off under way.
      throw new DOMException('This operation was aborted', 'AbortError');
    };
    await scene.clock.untilAsleep(1);
    await agent.stop();
    expect(visible(aws)).toHaveLength(1);
    expect(scene.log.of('look_failed')).toEqual([]);
  });

  it('is made up for by the next turn when something cut it off', async () => {
    const scene = await standby();
    const aws = new MemoryStorage({ name: 'aws' });
    leave(aws, new Date('2026-03-01T11:00:00Z'));
    aws.inject({ step: 'list', error: 'hang' });
    const destinations = [destinationOf(aws)];
    const agent = startAgent(scene, destinations);
    while (aws.steps.length === 0) await new Promise(setImmediate);
    agent.agent.trigger();
    await scene.clock.untilAsleep(1);
    await agent.stop();
    expect(viewOf(scene, destinations).destinations[0]).toMatchObject({ totals: { count: 1 } });
  });

  it('follows each round, also one on demand', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage({ name: 'aws' });
    const destinations = [destinationOf(aws)];
    const agent = startAgent(scene, destinations);
    await scene.clock.advance(MINUTE_MS);
    agent.agent.trigger();
    await scene.clock.advance(MINUTE_MS);
    await agent.stop();
    expect(viewOf(scene, destinations).destinations[0]).toMatchObject({ totals: { count: 2 } });
  });

  it('knows whose snapshots it looked for, when Vault is away by now', async () => {
    const scene = await standby();
    const aws = new MemoryStorage({ name: 'aws' });
    leave(aws, new Date('2026-03-01T11:00:00Z'));
    const destinations = [destinationOf(aws)];
    const agent = startAgent(scene, destinations);
    await scene.clock.advance(MINUTE_MS);
    scene.vault.facts = SEALED;
    leave(aws, new Date('2026-03-01T11:30:00Z'), { cluster_id: 'id-2' });
    await scene.clock.advance(HOUR_MS);
    await agent.stop();
    expect(viewOf(scene, destinations).destinations[0]).toMatchObject({ lastSuccessAt: new Date('2026-03-01T11:00:00Z'), totals: { count: 1 } });
  });

  it('takes no snapshot of the future for a fresh one', async () => {
    const scene = await standby();
    const aws = new MemoryStorage({ name: 'aws' });
    leave(aws, new Date('2027-03-01T11:00:00Z'));
    const destinations = [destinationOf(aws)];
    const agent = startAgent(scene, destinations);
    await scene.clock.untilAsleep(1);
    await agent.stop();
    expect(viewOf(scene, destinations).destinations[0]?.lastSuccessAt).toBeUndefined();
  });
});
