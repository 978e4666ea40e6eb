import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { freshnessOf } from '../../src/observability/freshness.ts';
import { SAFETY_SCHEDULE } from '../../src/recovery/choose.ts';
import { LEADER, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { leave } from './leave.ts';
import { viewOf } from './ledger.ts';
import { aScene, destinationOf, startAgent, takenTimes } from './scene.ts';

const MINUTE_MS = 60_000;
const SEALED = new SnapshotError('vault_sealed', 'vault: sealed');

describe('a standby, after a restore', () => {
  it('takes no snapshot of a state that a restore gave up for a fresh one', async () => {
    const scene = await aScene();
    scene.vault.leaderships = [STANDBY];
    const aws = new MemoryStorage({ name: 'aws' });
    leave(aws, new Date('2026-03-01T09:00:00Z'));
    leave(aws, new Date('2026-03-01T11:55:00Z'), { schedule: SAFETY_SCHEDULE });
    const destinations = [destinationOf(aws)];
    const agent = startAgent(scene, destinations);
    await scene.clock.untilAsleep(1);
    await agent.stop();
    const view = viewOf(scene, destinations);
    expect(view.destinations[0]?.lastSuccessAt).toEqual(new Date('2026-03-01T09:00:00Z'));
    expect(view.schedules[0]?.lastSuccessAt).toEqual(new Date('2026-03-01T09:00:00Z'));
    expect(freshnessOf(view.destinations[0]!, view, scene.clock.now())).toMatchObject({ state: 'stale', newestAt: new Date('2026-03-01T09:00:00Z') });
  });
});

describe('a leader, after a restore', () => {
  it('takes a snapshot of the restored state at once when it comes to lead, and no second one', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage({ name: 'aws' });
    leave(aws, new Date('2026-03-01T11:50:00Z'));
    leave(aws, new Date('2026-03-01T11:55:00Z'), { schedule: SAFETY_SCHEDULE });
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(59 * MINUTE_MS);
    await agent.stop();
    expect(takenTimes(aws)).toEqual(['2026-03-01T11:50:00.000Z', '2026-03-01T11:55:00.000Z', '2026-03-01T12:00:00.000Z']);
  });

  it('does so within a minute where it saw Vault away', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage({ name: 'aws' });
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(10 * MINUTE_MS);
    leave(aws, new Date('2026-03-01T12:10:05Z'), { schedule: SAFETY_SCHEDULE });
    scene.vault.leaderships = [SEALED, LEADER];
    await scene.clock.advance(2 * MINUTE_MS);
    await agent.stop();
    expect(takenTimes(aws)).toEqual(['2026-03-01T12:00:00.000Z', '2026-03-01T12:10:05.000Z', '2026-03-01T12:11:00.000Z']);
  });
});
