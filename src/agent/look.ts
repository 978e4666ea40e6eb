import { SnapshotError } from '../errors.ts';
import { findLastDrills } from '../inventory/last-drill.ts';
import { lookForNewest } from '../inventory/newest.ts';
import { tally } from '../inventory/tally.ts';
import type { NamedCluster, Newest } from '../retention/manifests.ts';
import { Watchdog } from '../snapshot/watchdog.ts';
import { attempt } from './attempt.ts';
import type { RoundDeps } from './deps.ts';
import type { Destination } from './destination.ts';
import { tellCluster } from './round.ts';

// Each answer has to come in time; all of them together may take this long.
const TALLY_LIMIT_MS = 300_000;
// The clocks of two nodes are never that far apart. A snapshot dated later hides no older one: whoever comes to lead would take it for
// that of the run it is late for, and nobody would learn how old the last one is.
const SKEW_MS = 300_000;

/** Finds the newest proved snapshot of this cluster at every destination; where that fails, what was known before stays. */
export async function lookAround(destinations: readonly Destination[], deps: RoundDeps, signal: AbortSignal): Promise<void> {
  const facts = await deps.vault.describe(signal);
  tellCluster(facts, deps);
  await Promise.all(
    destinations.map(async (destination) => {
      const found = await findNewest(destination, facts.clusterId, deps, signal);
      if (found) destination.lastRound = lastRoundOf(found, destination, deps.clock.now());
    }),
  );
}

/** For those who watch: what is at the destinations in truth, whoever took the snapshots. One that fails or hangs hides no other. */
export async function lookAtStock(destinations: readonly Destination[], deps: RoundDeps, signal: AbortSignal): Promise<void> {
  const { spools, settings, tell } = deps;
  const clusterId = await knownClusterId(deps, signal);
  const measure = async () => tell({ kind: 'spool_room', freeBytes: await spools.room() });
  const lookAt = async (destination: Destination) => {
    const ours = clusterId ?? destination.newest?.cluster_id;
    if (await findNewest(destination, ours, deps, signal)) await takeStock(destination, ours, deps, signal);
  };
  await Promise.all([attempt(deps, 'spool', settings.stallTimeoutMs, signal, measure), ...destinations.map(lookAt)]);
}

/** A Vault that is away does not hide the destinations: then whatever bears our names there is taken for ours. */
async function knownClusterId(deps: RoundDeps, signal: AbortSignal): Promise<string | undefined> {
  const pinned = deps.settings.clusterId;
  try {
    const facts = await deps.vault.describe(signal);
    tellCluster(facts, deps);
    return pinned ?? facts.clusterId;
  } catch {
    // Whatever is wrong with Vault, the rounds tell it; told to stop, we stop at the next step.
    return pinned;
  }
}

/** Undefined: it could not be seen. */
async function findNewest(destination: Destination, clusterId: string | undefined, deps: RoundDeps, signal: AbortSignal): Promise<Newest | undefined> {
  const { name } = destination.storage;
  let found: Newest | undefined;
  const error = await attempt(deps, name, deps.settings.stallTimeoutMs, signal, async (limited) => {
    found = await lookForNewest(destination, { ...named(clusterId, deps), notAfter: new Date(deps.clock.now().getTime() + SKEW_MS) }, limited);
    destination.newest = found.manifest;
    deps.tell({ kind: 'newest', destination: name, manifest: destination.newest });
  });
  if (!signal.aborted) deps.tell({ kind: 'destination_up', destination: name, error });
  return error === undefined && !signal.aborted ? found : undefined;
}

async function takeStock(destination: Destination, clusterId: string | undefined, deps: RoundDeps, signal: AbortSignal): Promise<void> {
  const { name } = destination.storage;
  const error = await attempt(deps, name, TALLY_LIMIT_MS, signal, async (limited) => {
    const { stallTimeoutMs } = deps.settings;
    const { recordedAt, ...found } = await tally(destination, named(clusterId, deps), { now: deps.clock.now(), stallTimeoutMs }, limited);
    deps.tell({ kind: 'stock', destination: name, ...found });
    await lookForDrill(destination, recordedAt, clusterId, deps, limited);
  });
  if (error) deps.tell({ kind: 'destination_up', destination: name, error });
}

/** A drill may be anybody's: of a timer, of another node. Looked for only where a record has come since the last look. */
async function lookForDrill(destination: Destination, newestRecord: Date | undefined, clusterId: string | undefined, deps: RoundDeps, signal: AbortSignal) {
  const since = destination.drillsLookedForAt;
  if (newestRecord === undefined || (since !== undefined && newestRecord <= since)) return;
  const { stallTimeoutMs } = deps.settings;
  const { name } = destination.storage;
  const stalled = () => new SnapshotError('storage_unavailable', `${name}: nothing moved for ${stallTimeoutMs / 1000}s`);
  const found = await findLastDrills(destination, named(clusterId, deps), since, new Watchdog(signal, stallTimeoutMs, stalled));
  destination.drillsLookedForAt = newestRecord;
  for (const drill of found) deps.tell({ kind: 'drill_found', ...drill });
}

function named(clusterId: string | undefined, { settings }: RoundDeps): NamedCluster {
  return { template: settings.nameTemplate, clusterName: settings.clusterName, clusterId };
}

/** One dated in the future, by a clock since set right, tells nothing of when: it must not put off the next round for ever. */
function lastRoundOf({ manifest, isGivenUp }: Newest, { lastRound }: Destination, now: Date): Date | undefined {
  // What Vault holds since a restore is in no snapshot yet.
  if (isGivenUp) return undefined;
  const takenAt = manifest && new Date(manifest.taken_at);
  return takenAt && takenAt > now ? (lastRound ?? now) : takenAt;
}
