import { createHash, randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { Agent } from './agent/agent.ts';
import { pause, systemClock } from './agent/clock.ts';
import type { RoundDeps } from './agent/deps.ts';
import type { Destination } from './agent/destination.ts';
import type { AgentEvent, Tell } from './agent/events.ts';
import { Progress } from './agent/progress.ts';
import { VerifySchedule } from './agent/verify-schedule.ts';
import { watched, watchedSpools } from './agent/watched.ts';
import { isJournal } from './cli/complain.ts';
import type { Host } from './cli/host.ts';
import { COMMIT, VERSION } from './cli/version.ts';
import type { Config, DestinationConfig } from './config/config.ts';
import { planOf } from './observability/cluster-plan.ts';
import type { Log } from './observability/contract.ts';
import { HistoryFile } from './observability/history-file.ts';
import { type ClusterPlan, Ledger } from './observability/ledger.ts';
import { createLog } from './observability/log.ts';
import { openNotifier } from './observability/notify/open-notifier.ts';
import { Program } from './observability/program.ts';
import { parseNameTemplate } from './snapshot/name.ts';
import type { SpoolDirectory } from './spool/contract.ts';
import { LocalSpoolDirectory } from './spool/directory.ts';
import { openIntents } from './spool/intents.ts';
import { findStateDirectory } from './spool/state-directory.ts';
import type { Storage } from './storage/contract.ts';
import { isTmpfs } from './storage/file-system.ts';
import { keyPrefix } from './storage/key.ts';
import type { Witness } from './storage/leftover.ts';
import { LocalStorage } from './storage/local/storage.ts';
import { PartBudget } from './storage/part-writer.ts';
import { createVault, type VaultClient } from './vault/client.ts';

/** For parts of all uploads together, beyond the one that each may always have. */
const PART_BUDGET_BYTES = 10 * 1024 * 1024;

/** Everything one configuration needs, wired. */
export interface Composed {
  /** Where spools and throw-away servers lie. */
  readonly stateDirectory: string;
  readonly witness: Witness;
  readonly agent: Agent;
  readonly vault: VaultClient;
  readonly destinations: readonly Destination[];
  readonly spools: SpoolDirectory;
  /** What a round works with. */
  readonly deps: RoundDeps;
  readonly progress: Progress;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly program: Program;
  /** From now on it hears whatever the agent tells. */
  listen(listener: Tell): void;
  /** Gives back what it holds, our own token first; never rejects. */
  close(): Promise<void>;
}

/** What outlives a configuration: its counters never go back. */
export type Kept = Pick<Composed, 'ledger' | 'program'>;

/** `say` hears in one line how the agent gets on; `kept` comes from the configuration before this one. */
export async function compose(config: Config, host: Host, say: (status: string) => void = () => undefined, kept?: Kept): Promise<Composed> {
  const log = createLog({
    level: config.log.level,
    format: config.log.format === 'json' ? 'json' : 'text',
    isJournal: isJournal(host),
    write: (text) => host.err(text),
  });
  const directory = await findStateDirectory({ configured: config.spoolPath, env: host.env, homeDirectory: host.homeDirectory });
  const witness: Witness = {
    owner: { host: host.hostname, pid: host.pid, startedMs: performance.timeOrigin },
    isAlive: (pid) => host.isAlive(pid),
    now: () => new Date(),
  };
  const deps: StorageDeps = { witness, env: host.env, budget: new PartBudget(PART_BUDGET_BYTES), log, now: () => new Date() };
  const progress = new Progress({ nowMs: () => performance.now(), stallTimeoutMs: config.stallTimeoutMs, say });
  const storages = await openStorages(config.destinations, deps);
  const destinations = config.destinations.map((one, at) => toDestination(one, watched(storages[at]!, progress), config.schedule));
  const vault = createVault(config.vault, {
    log,
    clock: systemClock,
    random: Math.random,
    interfaces: ownAddresses,
    resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
    stallTimeoutMs: config.stallTimeoutMs,
  });
  const spools = new LocalSpoolDirectory(directory, witness);
  const history = new HistoryFile({ path: join(directory, historyName(config)), owner: witness.owner, log });
  const plan = planOf(config, destinations, vault, new Date());
  const ledger = kept?.ledger ?? (await openLedger(plan, history));
  const notifier = openNotifier(config, { env: host.env, hostname: host.hostname, version: VERSION, log, tell: ledger.tell, wait: pause });
  // Not before its agent runs: a new configuration may yet be refused.
  let isInEffect = false;
  const listeners: Tell[] = [notifier.tell, ledger.tell, (event) => HISTORIC.includes(event.kind) && history.save(ledger.remembered())];
  const roundDeps: RoundDeps = {
    vault: watched(vault, progress),
    spools: watchedSpools(spools, progress),
    progress,
    intents: openIntents(join(directory, 'intents'), witness),
    clock: systemClock,
    log,
    random: Math.random,
    newRoundId: randomUUID,
    tell: (event) => {
      if (!isInEffect) ledger.follow(plan);
      isInEffect = true;
      for (const listener of listeners) listener(event);
    },
    settings: {
      node: host.hostname,
      agentVersion: VERSION,
      nameTemplate: parseNameTemplate(config.nameTemplate),
      clusterName: config.cluster.name ?? '',
      clusterId: config.cluster.id,
      canary: config.canary,
      snapshotTimeoutMs: config.snapshotTimeoutMs,
      stallTimeoutMs: config.stallTimeoutMs,
    },
  };
  const verifying = config.verification && new VerifySchedule(config.verification, destinations, roundDeps);
  if (verifying) listeners.push(verifying.hear);
  await announce(config, directory, log);
  return {
    stateDirectory: directory,
    witness,
    agent: new Agent(roundDeps, destinations, config.jitterMs, verifying),
    vault,
    destinations,
    spools,
    deps: roundDeps,
    progress,
    log,
    ledger,
    program: kept?.program ?? openProgram(config, host),
    listen: (listener) => void listeners.push(listener),
    close: async () => {
      await Promise.allSettled([history.settled(), notifier.close(), vault.close(), ...destinations.map(({ storage }) => storage.close())]);
    },
  };
}

/** What happened that a restart must not forget. */
const HISTORIC: readonly AgentEvent['kind'][] = ['round_ended', 'drilled', 'verified', 'cluster'];

/** One file for each cluster, for several daemons may share a state directory. */
function historyName({ vault }: Config): string {
  return `history-${createHash('sha256').update(vault.address).digest('hex').slice(0, 16)}.json`;
}

async function openLedger(plan: ClusterPlan, history: HistoryFile): Promise<Ledger> {
  const ledger = new Ledger(plan, () => new Date());
  const remembered = await history.load();
  if (remembered) ledger.restore(remembered);
  return ledger;
}

function openProgram(config: Config, host: Host): Program {
  const { hostname, nodeVersion } = host;
  const startedAt = new Date(performance.timeOrigin);
  return new Program({ version: VERSION, commit: COMMIT, nodeVersion, host: hostname, startedAt, configPath: config.path });
}

/** What drivers are made with. */
interface StorageDeps {
  readonly witness: Witness;
  readonly env: Host['env'];
  readonly budget: PartBudget;
  readonly log: Log;
  now(): Date;
}

function toDestination(destination: DestinationConfig, storage: Storage, schedule: Config['schedule']): Destination {
  return {
    storage,
    prefix: destination.kind === 'local' ? keyPrefix('') : destination.settings.prefix,
    rule: destination.schedule,
    schedule: destination.schedule === schedule ? 'default' : destination.name,
    retain: destination.retain,
    maxDeletes: destination.maxDeletes,
    alias: destination.alias,
    keepsHistory: destination.keepsHistory,
    knownManifests: new Map(),
    newest: undefined,
    lastRound: undefined,
  };
}

/** All of them, or none: what is open already is closed again when another one cannot be. */
async function openStorages(destinations: readonly DestinationConfig[], deps: StorageDeps): Promise<readonly Storage[]> {
  const results = await Promise.allSettled(destinations.map((one) => createStorage(one, deps)));
  const storages = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return storages;
  await Promise.allSettled(storages.map((storage) => storage.close()));
  throw failed.reason;
}

/** The one place that knows the drivers. The SDKs are large: each is loaded when a destination needs it. */
async function createStorage(destination: DestinationConfig, { witness, ...deps }: StorageDeps): Promise<Storage> {
  const { kind, name } = destination;
  if (kind === 'local') return new LocalStorage({ name, path: destination.path, ...witness });
  if (kind === 'gcp') return (await import('./storage/gcs/storage.ts')).openGcsStorage(destination.settings, { name, ...deps });
  if (kind === 'aws') return (await import('./storage/s3/storage.ts')).openS3Storage(destination.settings, { name, ...deps });
  return (await import('./storage/azure/storage.ts')).openAzureStorage(destination.settings, { name, ...deps });
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((interfaces) => (interfaces ?? []).map(({ address }) => address));
}

async function announce(config: Config, directory: string, log: Log): Promise<void> {
  for (const warning of config.warnings) log.warn({ event: 'config_warning' }, warning);
  if (await isTmpfs(directory))
    log.warn({ event: 'spool_in_memory', path: directory }, 'the spool lies on a tmpfs: every snapshot will take its size in memory');
  const names = config.destinations.map(({ name }) => name);
  log.info(
    { event: 'started', version: VERSION, config: config.path, vault: config.vault.address, destinations: names, state: directory },
    'vault-snapshotd is ready',
  );
}
