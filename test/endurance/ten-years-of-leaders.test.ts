import { describe, expect, it } from 'vitest';
import { nextTime } from '../../src/agent/schedule.ts';
import { aScene, destinationOf, type Scene, startAgent, visible } from '../agent/scene.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { LEADER, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { Seeded } from '../fakes/seeded.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NODES = 3;
const DAYS = 3652;
const RULE = { kind: 'cron', expression: '30 2 * * *', timezone: 'Europe/Berlin' } as const;
const RETAIN = { last: 3, hourly: 0, daily: 7, weekly: 4, monthly: 12, yearly: 10, withinMs: 0 };
const KEPT = 3 + 7 + 4 + 12 + 10;
/** The day of autumn. */
const LONGEST_MS = 25 * HOUR_MS;
/** How long nobody leads at most, and until a new leader has looked. */
const LATE_MS = 12 * MINUTE_MS;

/** By a clock that nobody sets, as all times here. */
interface Taken {
  readonly atMs: number;
  readonly nextRunMs: number;
}

/** A clock that was set, by so much back, or a leader that changed while a round was under way. */
interface Upset {
  readonly atMs: number;
  readonly backMs: number;
}

/** Three agents, one clock, one store. A year of looking once a minute is long: between the days' runs the hosts sleep. */
class Cluster {
  readonly clock = new FakeClock('2026-01-01T12:00:00Z');
  readonly storage = new MemoryStorage({ now: () => this.clock.now() });
  readonly taken: Taken[] = [];
  readonly upsets: Upset[] = [];
  readonly #scenes: Scene[] = [];
  readonly #agents: ReturnType<typeof startAgent>[] = [];
  readonly #random = new Seeded(11);
  #seen: ReadonlySet<string> = new Set();
  #steadyMs = 0;
  #hasMoved = false;

  async start(): Promise<void> {
    for (let nth = 0; nth < NODES; nth++) this.#scenes.push(await aScene({ node: `vault-${nth}` }, { clock: this.clock }));
    this.lead(0);
    for (const scene of this.#scenes) {
      scene.vault.onCall = (call) => {
        if (call !== 'describe' || !this.#random.chance(0.05)) return;
        this.upsets.push({ atMs: this.#steadyMs, backMs: 0 });
        this.lead(this.#random.whole(NODES));
      };
      this.#agents.push(startAgent(scene, [destinationOf(this.storage, { rule: RULE, retain: RETAIN, maxDeletes: 0 })]));
    }
    await this.pass(0);
  }

  lead(leader: number | undefined): void {
    this.#hasMoved = true;
    this.#scenes.forEach(({ vault }, nth) => {
      vault.leaderships = [nth === leader ? LEADER : STANDBY];
    });
  }

  /** One sleep for all, and what they do when they wake. */
  async pass(ms: number): Promise<void> {
    await this.clock.untilAsleep(NODES);
    this.clock.pass(ms);
    this.#steadyMs += ms;
    await this.clock.advance(0, NODES);
    const now = visible(this.storage);
    const nextRunMs = nextTime(RULE, this.clock.now()).getTime();
    for (const key of now) if (!this.#seen.has(key)) this.taken.push({ atMs: this.#steadyMs, nextRunMs });
    this.#seen = new Set(now);
  }

  /** Until whoever leads has learnt of it, and has looked whether the snapshot of the last run is there. */
  async settle(): Promise<void> {
    while (this.#hasMoved) {
      this.#hasMoved = false;
      await this.pass(MINUTE_MS);
    }
  }

  async jump(ms: number): Promise<void> {
    this.upsets.push({ atMs: this.#steadyMs, backMs: Math.max(0, -ms) });
    this.clock.jump(ms);
    await this.pass(MINUTE_MS);
  }

  removeFuture(): void {
    const { objects } = this.storage;
    for (const key of [...objects.keys()]) if (Number(key.replace(/\D/g, '')) / 1e6 > this.clock.now().getTime() + HOUR_MS) objects.delete(key);
  }

  async stop(): Promise<void> {
    for (const agent of this.#agents) await agent.stop();
  }
}

async function liveThrough(cluster: Cluster, days: number): Promise<void> {
  const random = new Seeded(5);
  for (let day = 0; day < days; day++) {
    const isElection = random.chance(0.1);
    if (isElection) cluster.lead(undefined);
    else if (random.chance(0.3)) cluster.lead(random.whole(NODES));
    const now = cluster.clock.now();
    await cluster.pass(nextTime(RULE, now).getTime() - now.getTime() + random.whole(MINUTE_MS));
    if (isElection) await cluster.pass(random.whole(10 * MINUTE_MS));
    if (isElection || random.chance(0.3)) cluster.lead(random.whole(NODES));
    await cluster.settle();
    if (random.chance(0.01)) await cluster.jump(random.pick([-1, 1]) * random.pick([5 * MINUTE_MS, HOUR_MS, 26 * HOUR_MS]));
    // Once a year somebody sets it to the wrong year for some days, and some days after that removes what came of it: it would be
    // taken for a snapshot of its day when that comes.
    if (day % 365 === 100) await cluster.jump(400 * DAY_MS);
    if (day % 365 === 105) await cluster.jump(-400 * DAY_MS);
    if (day % 365 === 120) cluster.removeFuture();
  }
}

interface Gap {
  readonly gapMs: number;
  readonly backMs: number;
  readonly isWithinOneRun: boolean;
}

/** Each time between two snapshots with what upset it. */
function gapsOf({ taken, upsets }: Cluster): readonly Gap[] {
  return taken.slice(1).map((one, before) => {
    const last = taken[before]!;
    const between = upsets.filter(({ atMs }) => last.atMs <= atMs && atMs <= one.atMs);
    const backMs = between.reduce((sum, upset) => sum + upset.backMs, 0);
    return { gapMs: one.atMs - last.atMs, backMs, isWithinOneRun: between.length === 0 && one.nextRunMs === last.nextRunMs };
  });
}

describe('three agents for ten years', () => {
  it('take one snapshot for each run of the schedule, and never two, whoever leads and however the clock is set', async () => {
    const cluster = new Cluster();
    await cluster.start();
    await liveThrough(cluster, DAYS);
    await cluster.stop();
    const gaps = gapsOf(cluster);
    expect(gaps.length).toBeGreaterThan(3500);
    expect(gaps.filter(({ gapMs, backMs }) => gapMs > LONGEST_MS + LATE_MS + backMs)).toEqual([]);
    expect(gaps.filter(({ isWithinOneRun }) => isWithinOneRun)).toEqual([]);
    expect(visible(cluster.storage).length).toBeLessThanOrEqual(2 * KEPT);
    expect(cluster.storage.pending.size).toBe(0);
  }, 900_000);
});
