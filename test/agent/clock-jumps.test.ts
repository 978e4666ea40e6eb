import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { LEADER, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { aScene, destinationOf, HOUR_MS, round, runAgentFor, startAgent, visible } from './scene.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
const SEALED = new SnapshotError('vault_sealed', 'vault: sealed');

describe('a clock that is set', () => {
  it.each([
    { what: 'back by a year', ms: -365 * DAY_MS },
    { what: 'back by ten minutes', ms: -10 * MINUTE_MS },
    { what: 'forward by ten minutes', ms: 10 * MINUTE_MS },
    { what: 'forward by a year', ms: 365 * DAY_MS },
  ])('never makes a gap of more than two intervals: $what', async ({ ms }) => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(90 * MINUTE_MS);
    const before = visible(aws).length;
    scene.clock.jump(ms);
    await scene.clock.advance(2 * HOUR_MS);
    await agent.stop();
    expect(visible(aws).length - before).toBeGreaterThanOrEqual(1);
    expect(visible(aws).length - before).toBeLessThanOrEqual(3);
  });

  it.each([
    { leadership: LEADER, role: 'leader' },
    { leadership: STANDBY, role: 'standby' },
  ])('back during a round puts the next one off by an interval at most: $role', async ({ leadership }) => {
    const scene = await aScene();
    scene.vault.leaderships = [leadership];
    const aws = new MemoryStorage();
    scene.vault.onCall = (call) => {
      if (call === 'leadership' && scene.vault.calls.length === 1) scene.clock.jump(-DAY_MS);
    };
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(HOUR_MS);
    scene.vault.leaderships = [LEADER];
    await scene.clock.advance(HOUR_MS);
    await agent.stop();
    expect(visible(aws).length).toBeGreaterThanOrEqual(1);
    // Each looks once a minute who leads, and after each round.
    expect(scene.vault.calls.filter((call) => call === 'leadership').length).toBeLessThan(130);
  });

  it('back while a snapshot is on its way makes no step take less than no time', async () => {
    const scene = await aScene();
    class SetBack extends MemoryStorage {
      override stat(...about: Parameters<MemoryStorage['stat']>) {
        scene.clock.jump(-DAY_MS);
        return super.stat(...about);
      }
    }
    const report = await round(scene, [destinationOf(new SetBack())]);
    const steps = scene.events.flatMap((event) => (event.kind === 'stage_ended' ? [event.ms] : []));
    expect(report).toMatchObject({ outcome: 'taken', delivered: [{ ms: 0 }] });
    expect(steps.length).toBeGreaterThan(2);
    expect(Math.min(...steps)).toBe(0);
  });

  it('back before a failed round does not put off the next try', async () => {
    const scene = await aScene();
    scene.vault.leaderships = [SEALED, LEADER];
    const aws = new MemoryStorage();
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.untilAsleep(1);
    scene.clock.jump(-DAY_MS);
    await scene.clock.advance(5000);
    await agent.stop();
    expect(visible(aws)).toHaveLength(1);
  });

  it.each([false, true])('right again does not fall silent over a manifest from the future, leader assumed: %s', async (isAssumed) => {
    const scene = await aScene();
    scene.vault.leaderships = [{ role: 'leader', reason: 'scripted', isAssumed, appliedIndex: undefined }];
    const aws = new MemoryStorage();
    scene.clock.jump(30 * DAY_MS);
    await runAgentFor(scene, aws, 1);
    scene.clock.jump(-30 * DAY_MS);
    await runAgentFor(scene, aws, 2 * HOUR_MS + 1);
    // One at once, as nobody can tell how old the last one is.
    expect(visible(aws)).toHaveLength(4);
  });
});
