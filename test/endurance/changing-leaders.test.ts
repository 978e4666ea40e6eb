import { describe, expect, it } from 'vitest';
import type { Destination } from '../../src/agent/destination.ts';
import type { Leadership } from '../../src/vault/contract.ts';
import { aScene, destinationOf, HOUR_MS, type Scene, startAgent, visible } from '../agent/scene.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { LEADER, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { Seeded } from '../fakes/seeded.ts';

const DAY_MS = 24 * HOUR_MS;
const DAYS = 40;
const EVERY_MS = 6 * HOUR_MS;
const RETAIN = { last: 3, hourly: 0, daily: 7, weekly: 4, monthly: 12, yearly: 10, withinMs: 0 };

interface Node {
  readonly scene: Scene;
  readonly agent: ReturnType<typeof startAgent>;
  readonly destination: Destination;
}

/** An agent on each of the nodes of one cluster, one clock and one store for all; the leader is whoever is said to be. */
async function nodesOf(count: number, clock: FakeClock, storage: MemoryStorage, changes: Parameters<typeof destinationOf>[1]): Promise<readonly Node[]> {
  const scenes = await Promise.all(Array.from({ length: count }, (_, nth) => aScene({ node: `vault-${nth}` }, { clock })));
  return scenes.map((scene) => {
    scene.vault.leaderships = [STANDBY];
    const destination = destinationOf(storage, { retain: RETAIN, maxDeletes: 0, ...changes });
    return { scene, destination, agent: startAgent(scene, [destination]) };
  });
}

function lead(nodes: readonly Node[], leader: number): void {
  const roles: readonly Leadership[] = [LEADER, STANDBY];
  nodes.forEach(({ scene }, nth) => {
    scene.vault.leaderships = [roles[nth === leader ? 0 : 1]!];
  });
}

function nanoseconds(key: string): number {
  return Number(key.replace(/\D/g, '')) / 1e6;
}

/** Every snapshot that was ever there, by when it was taken. */
function watch(storage: MemoryStorage, taken: Set<number>): void {
  for (const key of visible(storage)) taken.add(nanoseconds(key));
}

function longestGap(taken: ReadonlySet<number>): number {
  const times = [...taken].sort((a, b) => a - b);
  return Math.max(...times.slice(1).map((at, before) => at - times[before]!));
}

describe('three agents of one cluster, with leaders that change', () => {
  it('take a snapshot in each interval, whoever leads, keep what the policy says, and remember no more than that', async () => {
    const clock = new FakeClock('2026-03-01T00:00:00Z');
    const storage = new MemoryStorage({ now: () => clock.now() });
    const nodes = await nodesOf(3, clock, storage, { rule: { kind: 'interval', everyMs: EVERY_MS } });
    const random = new Seeded(7);
    const taken = new Set<number>();
    lead(nodes, 0);
    for (let passed = 0; passed < DAYS * DAY_MS; passed += EVERY_MS / 2) {
      if (random.chance(0.2)) lead(nodes, random.whole(3));
      await clock.advance(EVERY_MS / 2, 3);
      watch(storage, taken);
    }
    for (const { agent } of nodes) await agent.stop();
    // A new leader learns of it within a minute, and its first look may find the snapshot overdue by as much.
    expect(longestGap(taken)).toBeLessThanOrEqual(EVERY_MS + 2 * 60_000);
    expect(taken.size).toBeGreaterThanOrEqual(DAYS * 4 - 2);
    expect(taken.size).toBeLessThanOrEqual(DAYS * 4 + 1);
    // Last 3, 7 days, 4 weeks and 2 months, some of them the same.
    expect(visible(storage).length).toBeLessThanOrEqual(3 + 7 + 4 + 2 + 1);
    expect(storage.pending.size).toBe(0);
    for (const { destination } of nodes) expect(destination.knownManifests.size).toBeLessThanOrEqual(2 * (3 + 7 + 4 + 2 + 1));
  });
});
