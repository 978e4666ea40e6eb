import { describe, expect, it } from 'vitest';
import { Agent } from '../../src/agent/agent.ts';
import { SnapshotError } from '../../src/errors.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { LEADER, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { aScene, destinationOf, HOUR_MS, manifestAt, NEVER, runAgentFor, startAgent, takenTimes, visible } from './scene.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
const SEALED = new SnapshotError('vault_sealed', 'vault: sealed');

describe('the timer', () => {
  it('counts from start to start, however long a round takes', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    scene.vault.onCall = (call) => {
      if (call === 'openSnapshot') scene.clock.pass(20 * MINUTE_MS);
    };
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(3 * HOUR_MS - 1);
    await agent.stop();
    expect(takenTimes(aws)).toEqual(['2026-03-01T12:20:00.000Z', '2026-03-01T13:20:00.000Z', '2026-03-01T14:20:00.000Z']);
  });

  it('skips and counts the ticks that come while a round runs', async () => {
    const scene = await aScene({ snapshotTimeoutMs: DAY_MS });
    const aws = new MemoryStorage();
    scene.vault.onCall = (call) => {
      if (call === 'openSnapshot' && visible(aws).length === 0) scene.clock.pass(2.5 * HOUR_MS);
    };
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(3 * HOUR_MS);
    await agent.stop();
    expect(takenTimes(aws)).toEqual(['2026-03-01T14:30:00.000Z', '2026-03-01T15:00:00.000Z']);
    expect(scene.log.of('tick_skipped').map(({ fields }) => fields.skipped)).toEqual([2]);
  });

  it('is late by a random part of the jitter', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const agent = startAgent({ ...scene, deps: { ...scene.deps, random: () => 0.5 } }, [destinationOf(aws)], 10 * MINUTE_MS);
    await scene.clock.advance(2 * HOUR_MS);
    await agent.stop();
    expect(takenTimes(aws)).toEqual(['2026-03-01T12:00:00.000Z', '2026-03-01T13:05:00.000Z']);
  });

  it('follows a cron expression through the changes of the clocks', async () => {
    const scene = await aScene({}, { clock: new FakeClock('2026-03-27T12:00:00Z') });
    const aws = new MemoryStorage();
    const rule = { kind: 'cron', expression: '30 2 * * *', timezone: 'Europe/Berlin' } as const;
    const agent = startAgent(scene, [destinationOf(aws, { rule })]);
    await scene.clock.advance(3 * DAY_MS);
    await agent.stop();
    // On the 29th there is no 02:30 in Berlin: it comes when the clocks have changed.
    expect(takenTimes(aws)).toEqual(['2026-03-27T12:00:00.000Z', '2026-03-28T01:30:00.000Z', '2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']);
  });

  it('serves each destination by its own interval, in rounds they share', async () => {
    const scene = await aScene();
    const [hourly, daily] = [new MemoryStorage({ name: 'hourly' }), new MemoryStorage({ name: 'daily' })];
    const agent = startAgent(scene, [destinationOf(hourly), destinationOf(daily, { rule: { kind: 'interval', everyMs: DAY_MS } })]);
    await scene.clock.advance(DAY_MS + HOUR_MS - 1);
    await agent.stop();
    expect(visible(hourly)).toHaveLength(25);
    expect(takenTimes(daily)).toEqual(['2026-03-01T12:00:00.000Z', '2026-03-02T12:00:00.000Z']);
    expect(scene.vault.calls.filter((call) => call === 'openSnapshot')).toHaveLength(25);
  });

  it('goes on through two months of hours', async () => {
    const scene = await aScene();
    scene.vault.leaderships = [STANDBY];
    const agent = startAgent(scene, [destinationOf(new MemoryStorage())]);
    await scene.clock.advance(60 * DAY_MS);
    await agent.stop();
    expect(scene.log.of('standby')).toHaveLength(60 * 24 + 1);
  });
});

describe('a start', () => {
  it('goes by the newest manifest, so that a crash loop makes no flood', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    for (let start = 0; start < 20; start++) {
      const agent = startAgent(scene, [destinationOf(aws)]);
      await scene.clock.advance(MINUTE_MS);
      await agent.stop();
    }
    expect(takenTimes(aws)).toEqual(['2026-03-01T12:00:00.000Z']);
  });

  it('takes the overdue one at once, and the next one an interval later', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    await runAgentFor(scene, aws, MINUTE_MS);
    scene.clock.jump(50 * HOUR_MS);
    await runAgentFor(scene, aws, 2 * HOUR_MS - 1);
    expect(takenTimes(aws)).toEqual(['2026-03-01T12:00:00.000Z', '2026-03-03T14:01:00.000Z', '2026-03-03T15:01:00.000Z']);
  });

  it('finds the newest manifest among many, in whatever order they are listed', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    await runAgentFor(scene, aws, 5 * HOUR_MS - 1);
    await runAgentFor(scene, aws, 0);
    expect(visible(aws)).toHaveLength(5);
    await runAgentFor(scene, aws, 1);
    expect(visible(aws)).toHaveLength(6);
  });

  it('makes a proved snapshot at once where only the ancestor has been', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    aws.objects.set('raft_snapshots/raft_snapshot-1772366340000000000.snap', { bytes: Buffer.from('ancestor'), modifiedAt: new Date(0) });
    await runAgentFor(scene, aws, 1);
    expect(takenTimes(aws)).toEqual(['2026-03-01T11:59:00.000Z', '2026-03-01T12:00:00.000Z']);
  });

  it('takes a snapshot at once with nothing there, or nothing to be seen', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    aws.inject({ step: 'list', error: 'hang' });
    const deps = { ...scene.deps, settings: { ...scene.deps.settings, stallTimeoutMs: 50 } };
    await runAgentFor({ ...scene, deps }, aws, 1);
    expect(visible(aws)).toHaveLength(1);
    expect(scene.log.of('look_failed')).toMatchObject([{ level: 'warn', fields: { what: 'memory', code: 'storage_unavailable' } }]);
  });
});

describe('a round that fails', () => {
  it('never ends the agent, and is tried again with growing pauses', async () => {
    const scene = await aScene();
    scene.vault.leaderships = [SEALED];
    const agent = startAgent(scene, [destinationOf(new MemoryStorage())]);
    await scene.clock.advance(HOUR_MS);
    await agent.stop();
    // 5, 10, 20, 40, 80, 160 s, then every 5 minutes.
    expect(scene.log.of('round_failed')).toHaveLength(7 + 10);
    expect(scene.log.of('round_failed')[0]).toMatchObject({
      level: 'error',
      fields: { stage: 'leadership', code: 'vault_sealed', error: 'vault: sealed', advice: 'unseal Vault' },
      message: 'Unable to determine leader instance.  The snapshot agent will only run on the leader node.  Are you running this daemon on a Vault instance?',
    });
  });

  it('succeeds soon after Vault is back, jitter or not', async () => {
    const scene = await aScene();
    scene.vault.leaderships = [SEALED, SEALED, LEADER];
    const aws = new MemoryStorage();
    const agent = startAgent({ ...scene, deps: { ...scene.deps, random: () => 0.9 } }, [destinationOf(aws)], HOUR_MS);
    await scene.clock.advance(MINUTE_MS);
    await agent.stop();
    expect(takenTimes(aws)).toEqual(['2026-03-01T12:00:15.000Z']);
  });

  it('is not tried over and over when waiting cannot help', async () => {
    const scene = await aScene();
    scene.vault.archive = new SnapshotError('vault_denied', 'vault: 403');
    const agent = startAgent(scene, [destinationOf(new MemoryStorage())]);
    await scene.clock.advance(HOUR_MS);
    await agent.stop();
    // 1, 2, 4, 8 minutes, then every 15.
    expect(scene.log.messages('error')).toHaveLength(5 + 3);
    expect(scene.log.messages('error')[0]).toBe('Unable to generate snapshot vault: 403');
  });

  it('does not outwait a short interval', async () => {
    const scene = await aScene();
    scene.vault.archive = new SnapshotError('vault_denied', 'vault: 403');
    const agent = startAgent(scene, [destinationOf(new MemoryStorage(), { rule: { kind: 'interval', everyMs: 10_000 } })]);
    await scene.clock.advance(MINUTE_MS);
    await agent.stop();
    expect(scene.log.of('round_failed')).toHaveLength(7);
  });
});

describe('a snapshot on demand', () => {
  it('is taken at once, for every destination', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const agent = startAgent(scene, [destinationOf(aws)]);
    await scene.clock.advance(10 * MINUTE_MS);
    agent.agent.trigger();
    await scene.clock.advance(HOUR_MS + 1);
    await agent.stop();
    expect(takenTimes(aws)).toEqual(['2026-03-01T12:00:00.000Z', '2026-03-01T12:10:00.000Z', '2026-03-01T13:10:00.000Z']);
  });

  it('is refused while a round runs', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const agent = startAgent(scene, [destinationOf(aws)]);
    scene.vault.onCall = (call) => {
      if (call === 'openSnapshot') agent.agent.trigger();
    };
    await scene.clock.advance(HOUR_MS - 1);
    await agent.stop();
    expect(visible(aws)).toHaveLength(1);
    expect(scene.log.of('trigger_ignored')).toHaveLength(1);
  });
});

describe('one round, as --once has it', () => {
  it('does not ask whether it is due', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    for (let at = 0; at < 2; at++) {
      expect(await new Agent(scene.deps, [destinationOf(aws)], 0).once(NEVER)).toMatchObject({ outcome: 'taken' });
      scene.clock.jump(1);
    }
    expect(visible(aws)).toHaveLength(2);
    expect(manifestAt(aws, visible(aws)[1] ?? '')?.previous?.key).toBe(visible(aws)[0]);
  });

  it('does not wait for a Vault that is away', async () => {
    const scene = await aScene();
    scene.vault.leaderships = [SEALED];
    expect(await new Agent(scene.deps, [destinationOf(new MemoryStorage())], 0).once(NEVER)).toMatchObject({
      outcome: 'failed',
      stage: 'leadership',
      error: { code: 'vault_sealed' },
    });
  });
});
