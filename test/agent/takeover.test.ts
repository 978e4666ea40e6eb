import { describe, expect, it } from 'vitest';
import type { Leadership } from '../../src/vault/contract.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { LEADER, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { moved, viewOf } from './ledger.ts';
import { aScene, destinationOf, HOUR_MS, type Scene, startAgent, takenTimes, visible } from './scene.ts';

const MINUTE_MS = 60_000;
const BEHIND_BALANCER: Leadership = { role: 'leader', reason: 'not known whether this host leads', isAssumed: true, appliedIndex: undefined };

/** Agents of one cluster that share a destination; each starts a little after the one before. */
async function cluster(size: number, offsetMs: number) {
  const clock = new FakeClock();
  const shared = new MemoryStorage({ now: () => clock.now() });
  const nodes: Scene[] = [];
  for (let at = 0; at < size; at++) nodes.push(await aScene({ node: `vault-${at}` }, { clock }));
  const lead = (leader: number) => {
    for (const [at, { vault }] of nodes.entries()) vault.leaderships = [at === leader ? LEADER : STANDBY];
  };
  lead(0);
  const agents: ReturnType<typeof startAgent>[] = [];
  for (const node of nodes) {
    agents.push(startAgent(node, [destinationOf(shared)]));
    await clock.advance(offsetMs, agents.length);
  }
  const stop = async () => {
    for (const agent of agents) await agent.stop();
  };
  return { clock, shared, nodes, agents, lead, stop };
}

function gaps(storage: MemoryStorage): readonly number[] {
  const times = takenTimes(storage).map((time) => Date.parse(time));
  return times.slice(1).map((time, at) => time - (times[at] ?? 0));
}

describe('agents of one cluster', () => {
  it('skip on a standby, and say so once in each interval', async () => {
    const { clock, shared, nodes, stop } = await cluster(3, 10 * MINUTE_MS);
    await clock.advance(2 * HOUR_MS, 3);
    await stop();
    expect(visible(shared)).toHaveLength(3);
    expect(nodes[1]?.log.messages('info')).toEqual(Array.from({ length: 3 }, () => 'Not running on leader node, skipping.'));
    expect(nodes[1]?.log.messages('error')).toEqual([]);
    expect(nodes[1]?.vault.calls).not.toContain('openSnapshot');
  });

  const moves = Array.from({ length: 24 }, (_, at) => at * 5 * MINUTE_MS + 1);
  it.each(moves)('make no gap of two intervals and no duplicate when the leader changes %i ms after the start', async (moveMs) => {
    const { clock, shared, lead, stop } = await cluster(2, 17 * MINUTE_MS);
    await clock.advance(moveMs, 2);
    lead(1);
    await clock.advance(5 * HOUR_MS, 2);
    await stop();
    expect(Math.max(...gaps(shared))).toBeLessThan(2 * HOUR_MS);
    expect(Math.min(...gaps(shared))).toBeGreaterThanOrEqual(HOUR_MS);
  });

  it.each([7, 25, 61, 95])('hold to it while the leadership goes round every %i minutes', async (minutes) => {
    const { clock, shared, lead, stop } = await cluster(3, 13 * MINUTE_MS);
    for (let turn = 1; turn <= 12; turn++) {
      await clock.advance(minutes * MINUTE_MS, 3);
      lead(turn % 3);
    }
    await stop();
    expect(Math.min(...gaps(shared))).toBeGreaterThanOrEqual(HOUR_MS);
  });

  it('act within one interval after they become leader, the old one dead', async () => {
    const { clock, shared, agents, lead, stop } = await cluster(2, 30 * MINUTE_MS);
    await clock.advance(5 * MINUTE_MS, 2);
    await agents[0]?.stop();
    const before = visible(shared).length;
    await clock.advance(3 * HOUR_MS, 1);
    expect(visible(shared)).toHaveLength(before);
    lead(1);
    await clock.advance(HOUR_MS, 1);
    await stop();
    expect(visible(shared)).toHaveLength(before + 1);
  });

  it('leave no hour without a snapshot when the leadership is elsewhere at each of their ticks', async () => {
    const { clock, shared, lead, stop } = await cluster(2, 30 * MINUTE_MS);
    // At each full hour agent 0 asks and agent 1 leads, at each half hour the other way round.
    for (let half = 1; half <= 12; half++) {
      lead(half % 2 === 0 ? 0 : 1);
      await clock.advance(20 * MINUTE_MS, 2);
      lead(half % 2 === 0 ? 1 : 0);
      await clock.advance(10 * MINUTE_MS, 2);
    }
    await stop();
    expect(Math.max(...gaps(shared))).toBeLessThanOrEqual(HOUR_MS + 30 * MINUTE_MS);
    expect(Math.min(...gaps(shared))).toBeGreaterThanOrEqual(HOUR_MS);
    expect(visible(shared).length).toBeGreaterThanOrEqual(5);
  });

  it('do not all take snapshots behind one load balancer', async () => {
    const { clock, shared, nodes, stop } = await cluster(3, 10 * MINUTE_MS);
    for (const { vault } of nodes) vault.leaderships = [BEHIND_BALANCER];
    await clock.advance(10 * HOUR_MS, 3);
    await stop();
    expect(Math.min(...gaps(shared))).toBeGreaterThanOrEqual(HOUR_MS);
    expect(Math.max(...gaps(shared))).toBeLessThan(2 * HOUR_MS);
    expect(nodes.flatMap(({ log }) => log.of('standby')).map(({ fields }) => fields.reason)).toContain(
      'not known whether this host leads, but vault-0 took the snapshot of 2026-03-01T13:00:00.000Z',
    );
  });

  it('replace one behind the load balancer that died', async () => {
    const { clock, shared, nodes, agents, stop } = await cluster(2, 10 * MINUTE_MS);
    for (const { vault } of nodes) vault.leaderships = [BEHIND_BALANCER];
    await clock.advance(2 * HOUR_MS, 2);
    await agents[0]?.stop();
    const before = visible(shared).length;
    await clock.advance(2 * HOUR_MS, 1);
    await stop();
    expect(visible(shared).length).toBeGreaterThan(before);
  });

  it('do not all say that they lead behind one load balancer', async () => {
    const clock = new FakeClock();
    const shared = new MemoryStorage({ name: 'aws', now: () => clock.now() });
    const scenes = [await aScene({ node: 'vault-0' }, { clock }), await aScene({ node: 'vault-1' }, { clock })];
    const agents: ReturnType<typeof startAgent>[] = [];
    for (const scene of scenes) {
      scene.vault.leaderships = [BEHIND_BALANCER];
      agents.push(startAgent(scene, [destinationOf(shared)]));
      await clock.advance(MINUTE_MS, agents.length);
    }
    for (const agent of agents) await agent.stop();
    const views = scenes.map((scene) => viewOf(scene, [destinationOf(shared)]));
    expect(views.map(({ role }) => role)).toEqual(['leader', 'standby']);
    expect(views[1]?.destinations[0]?.lastSuccessAt).toEqual(new Date('2026-03-01T12:00:00Z'));
    expect(moved(views[1]!)).toEqual({});
  });
});
