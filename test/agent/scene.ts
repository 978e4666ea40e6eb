import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent } from '../../src/agent/agent.ts';
import type { RoundDeps, RoundSettings } from '../../src/agent/deps.ts';
import type { Destination } from '../../src/agent/destination.ts';
import type { AgentEvent } from '../../src/agent/events.ts';
import { runRound } from '../../src/agent/round.ts';
import type { RetentionPolicy } from '../../src/retention/plan.ts';
import { parseManifest } from '../../src/snapshot/manifest.ts';
import { parseNameTemplate } from '../../src/snapshot/name.ts';
import { LocalSpoolDirectory } from '../../src/spool/directory.ts';
import { openIntents } from '../../src/spool/intents.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { keyPrefix } from '../../src/storage/key.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { FakeVault, LEADER } from '../fakes/fake-vault.ts';
import type { MemoryStorage } from '../fakes/memory-storage.ts';
import { RecordingLog } from '../fakes/recording-log.ts';
import { scratchDirectory } from '../fakes/scratch.ts';

export const HOUR_MS = 3_600_000;
export const KEEP_ALL: RetentionPolicy = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };
export const NEVER = new AbortController().signal;

/** What one daemon works with: everything real but Vault, the clock and what it logs to. */
export interface Scene {
  readonly vault: FakeVault;
  readonly clock: FakeClock;
  readonly log: RecordingLog;
  readonly state: string;
  /** What was told, in order. */
  readonly events: readonly AgentEvent[];
  readonly deps: RoundDeps;
}

export async function aScene(settings: Partial<RoundSettings> = {}, { clock = new FakeClock() }: { readonly clock?: FakeClock } = {}): Promise<Scene> {
  const state = await scratchDirectory();
  const vault = new FakeVault();
  const log = new RecordingLog();
  const events: AgentEvent[] = [];
  let rounds = 0;
  const witness = { owner: { host: 'vault-0', pid: 1, startedMs: 1 }, isAlive: () => false, now: () => clock.now() };
  const deps: RoundDeps = {
    vault,
    spools: new LocalSpoolDirectory(state, witness),
    intents: openIntents(join(state, 'intents'), witness),
    clock,
    log,
    random: () => 0,
    newRoundId: () => `round-${++rounds}`,
    tell: (event) => void events.push(event),
    settings: {
      node: 'vault-0',
      agentVersion: '0.1.0',
      nameTemplate: parseNameTemplate('raft_snapshot-{unix_ns}.snap'),
      clusterName: 'prod',
      clusterId: undefined,
      canary: undefined,
      snapshotTimeoutMs: 60_000,
      stallTimeoutMs: 30_000,
      ...settings,
    },
  };
  return { vault, clock, log, state, events, deps };
}

export function destinationOf(storage: Storage, changes: Partial<Destination> = {}): Destination {
  return {
    storage,
    prefix: keyPrefix('raft_snapshots'),
    rule: { kind: 'interval', everyMs: HOUR_MS },
    schedule: 'default',
    retain: KEEP_ALL,
    maxDeletes: undefined,
    alias: undefined,
    keepsHistory: true,
    knownManifests: new Map(),
    newest: undefined,
    lastRound: undefined,
    ...changes,
  };
}

/** One round on the leader. */
export function round({ deps }: Scene, destinations: readonly Destination[], signal: AbortSignal = NEVER) {
  if (LEADER.role !== 'leader') throw new Error('the fake leader leads');
  return runRound(destinations, LEADER, deps, signal);
}

/** A daemon with a fresh memory, as after a start; `stop` ends it at once. */
export function startAgent({ deps }: Scene, destinations: readonly Destination[], jitterMs = 0) {
  const agent = new Agent(deps, destinations, jitterMs);
  const stop = new AbortController();
  const ended = agent.run({ stop: stop.signal, abort: stop.signal });
  return {
    agent,
    async stop(): Promise<void> {
      stop.abort();
      await ended;
    },
  };
}

/** A start, that long, and a stop. */
export async function runAgentFor(scene: Scene, storage: Storage, ms: number): Promise<void> {
  const agent = startAgent(scene, [destinationOf(storage)]);
  await scene.clock.advance(ms);
  await agent.stop();
}

/** The names anybody can see, snapshots before manifests. */
export function visible({ objects }: MemoryStorage): readonly string[] {
  return [...objects.keys()].filter((key) => !key.includes('/manifests/')).sort();
}

/** When the snapshots there were taken, in order. */
export function takenTimes(storage: MemoryStorage): readonly string[] {
  return visible(storage).map((key) => new Date(Number(key.replace(/\D/g, '')) / 1_000_000).toISOString());
}

export function manifestAt({ objects }: MemoryStorage, key: string) {
  const held = objects.get(key.replace('raft_snapshots/', 'raft_snapshots/manifests/').concat('.json'));
  return held && parseManifest(held.bytes.toString());
}

/** What a round may leave of itself in the state directory: nothing. */
export async function leftInState({ state }: Scene): Promise<readonly string[]> {
  const names = await readdir(state, { recursive: true });
  return names.filter((name) => !name.startsWith('intents'));
}
