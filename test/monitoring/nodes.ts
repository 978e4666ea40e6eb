import { Agent } from '../../src/agent/agent.ts';
import type { RoundDeps } from '../../src/agent/deps.ts';
import { VerifySchedule } from '../../src/agent/verify-schedule.ts';
import { Ledger } from '../../src/observability/ledger.ts';
import { renderMetrics } from '../../src/observability/metrics.ts';
import { Program } from '../../src/observability/program.ts';
import type { Leadership } from '../../src/vault/contract.ts';
import { aScene, destinationOf, HOUR_MS, KEEP_ALL } from '../agent/scene.ts';
import { buildArchive } from '../fakes/archive.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { LEADER, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import type { Scrape } from './prometheus.ts';

const MINUTE_MS = 60_000;
const AT_TWENTY_TO = { kind: 'cron', expression: '40 13 * * *', timezone: 'UTC' } as const;

const CANARY = { mount: 'secret', path: 'check_timestamp', namespace: undefined, field: 'value', kvVersion: undefined, isRequired: false } as const;

export type Node = Awaited<ReturnType<typeof aNode>>;
export type Cluster = Awaited<ReturnType<typeof aCluster>>;

/** A daemon with a round each hour, to two places; it reads stored snapshots back at 13:40. */
async function aNode(name: string, leadership: Leadership, clock: FakeClock, stores: readonly MemoryStorage[]) {
  const scene = await aScene({ node: name, canary: CANARY }, { clock });
  const archive = buildArchive({ padStateTo: 50_000 });
  scene.vault.archive = archive;
  scene.vault.leaderships = [leadership];
  const destinations = stores.map((storage) => destinationOf(storage, { retain: { ...KEEP_ALL, last: 100 } }));
  const token = { expiresAt: undefined as Date | undefined, lifetimeMs: 0 };
  const plan = {
    name: 'prod',
    vaultAddress: 'https://127.0.0.1:8200',
    isTlsVerified: true,
    destinations: stores.map((storage) => ({ name: storage.name, kind: storage.kind, location: `memory://${storage.name}`, schedule: 'default' })),
    schedules: [{ name: 'default', intervalMs: HOUR_MS }],
    vitals: () => ({ token, clockSkewMs: 0 }),
  };
  const ledger = new Ledger(plan, () => clock.now());
  const program = new Program({ version: '0.1.0', commit: 'abc', nodeVersion: 'v24', host: name, startedAt: clock.now(), configPath: '/etc/x.json' });
  /** Room left for the spool. */
  const disk = { freeBytes: 100 * archive.length };
  const spools = scene.deps.spools;
  const deps: RoundDeps = {
    ...scene.deps,
    tell: ledger.tell,
    spools: { open: () => spools.open(), sweep: () => spools.sweep(), room: async () => disk.freeBytes },
  };
  const agent = new Agent(deps, destinations, 0, new VerifySchedule({ rule: AT_TWENTY_TO, samplePercent: 100 }, destinations, deps));
  const stop = new AbortController();
  const ended = agent.run({ stop: stop.signal, abort: stop.signal });
  return {
    name,
    vault: scene.vault,
    token,
    program,
    disk,
    metrics: () => renderMetrics(program.view(), [ledger.view()]),
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

/** Some nodes, of which the first leads, before a Prometheus that asks each once a minute. */
export async function aCluster(names: readonly string[]) {
  const clock = new FakeClock();
  const [bad, good] = [new MemoryStorage({ name: 'bad', now: () => clock.now() }), new MemoryStorage({ name: 'good', now: () => clock.now() })];
  const nodes: Node[] = [];
  const scrapes: Record<string, Scrape[]> = {};
  const add = async (name: string) => {
    const node = await aNode(name, nodes.length === 0 ? LEADER : STANDBY, clock, [bad, good]);
    nodes.push(node);
    return node;
  };
  const lead = (index: number) => {
    for (const [at, { vault }] of nodes.entries()) vault.leaderships = [at === index ? LEADER : STANDBY];
  };
  for (const name of names) {
    // Nobody does anything at the same time as another.
    await clock.advance(2 * MINUTE_MS, nodes.length);
    await add(name);
  }
  const dead = new Set<string>();
  return {
    bad,
    good,
    nodes,
    scrapes,
    lead,
    /** A process that is there no more. */
    async kill(node: Node): Promise<void> {
      dead.add(node.name);
      await node.stop();
      nodes.splice(nodes.indexOf(node), 1);
    },
    /** Started anew, with a fresh memory, under its old name. */
    async start(name: string): Promise<Node> {
      dead.delete(name);
      return add(name);
    },
    async pass(minutes: number): Promise<void> {
      for (let minute = 0; minute < minutes; minute++) {
        await clock.advance(MINUTE_MS, nodes.length);
        for (const name of new Set([...dead, ...nodes.map((node) => node.name)])) {
          const text = nodes.find((node) => node.name === name)?.metrics();
          scrapes[name] = [...(scrapes[name] ?? []), { at: clock.now(), text }];
        }
      }
    },
    passes: (ms: number) => clock.pass(ms),
    async stop(): Promise<void> {
      for (const node of nodes) await node.stop();
    },
  };
}
