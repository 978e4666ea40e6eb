import { withDeadline } from '../../agent/deadline.ts';
import type { Destination } from '../../agent/destination.ts';
import { checkCluster } from '../../agent/round.ts';
import { type Composed, compose } from '../../compose.ts';
import { abortReason, SnapshotError, toSnapshotError } from '../../errors.ts';
import type { NamedCluster } from '../../retention/manifests.ts';
import { carryOut, type PruneDeps, planPrune } from '../../retention/prune.ts';
import { parseNameTemplate } from '../../snapshot/name.ts';
import { chooseDestinations } from '../choose-destinations.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { load } from '../load.ts';
import { printReport } from '../print.ts';
import { exitCodeOf, type Pruning, renderJson, renderText } from '../prune-report.ts';
import { listenForStop } from '../signals.ts';

type PruneFlags = Asked<'prune'>['flags'];

// Vault tells at once whose it is, or it is away.
const VAULT_LIMIT_MS = 20_000;
const PRUNE_LIMIT_MS = 6 * 3_600_000;

/** What a round does after its delivery, without the round: at every destination or at one, or only told. */
export async function runPrune({ flags }: Asked<'prune'>, host: Host): Promise<number> {
  const { config } = await load(flags, host);
  const destinations = chooseDestinations(config.destinations, flags.destination);
  const { stop } = listenForStop(host, 0);
  const composed = await compose({ ...config, destinations, log: { ...config.log, level: 'warn' } }, host);
  try {
    const tooLate = () => new SnapshotError('round_timeout', 'prune: no end in sight', { advice: 'run it again: it goes on with what is left' });
    const results = await withDeadline(stop, PRUNE_LIMIT_MS, tooLate, async (signal) => {
      const clusterId = await findCluster(composed, config.cluster.id, signal);
      const ours = { template: parseNameTemplate(config.nameTemplate), clusterName: config.cluster.name ?? '', clusterId };
      return await Promise.all(composed.destinations.map((destination) => pruneAt(destination, ours, flags, signal)));
    });
    if (flags.json) host.out(renderJson(results));
    else printReport(host, results.map(renderText).join('\n'));
    return exitCodeOf(results);
  } finally {
    await composed.close();
  }
}

/** Whose snapshots are ours: Vault knows; while it is away, the configuration may. */
async function findCluster({ vault, log }: Composed, pinnedId: string | undefined, signal: AbortSignal): Promise<string> {
  const silent = () => new SnapshotError('vault_unreachable', `vault: no answer within ${VAULT_LIMIT_MS / 1000}s`);
  const told = await withDeadline(signal, VAULT_LIMIT_MS, silent, async (limited) => {
    try {
      return await vault.describe(limited);
    } catch (thrown) {
      if (signal.aborted) throw abortReason(signal);
      return toSnapshotError(limited.aborted ? limited.reason : thrown);
    }
  });
  if (!(told instanceof SnapshotError)) {
    checkCluster(told, pinnedId);
    return told.clusterId;
  }
  if (pinnedId === undefined) {
    const advice = 'bring Vault back, or set "cluster": {"id": …} to the cluster_id that the manifests have';
    throw new SnapshotError(told.code, `prune: nobody says which snapshots are ours: ${told.message}`, { cause: told, advice });
  }
  log.warn(
    { event: 'cluster_assumed', cluster_id: pinnedId, code: told.code, error: told.message },
    'Vault is away: going by "cluster.id" of the configuration',
  );
  return pinnedId;
}

async function pruneAt(
  { storage, prefix, retain, maxDeletes, knownManifests: known, keepsHistory }: Destination,
  ours: NamedCluster & Pick<PruneDeps, 'clusterId'>,
  flags: PruneFlags,
  signal: AbortSignal,
): Promise<Pruning> {
  const named = { destination: storage.name, policy: retain };
  if (!keepsHistory) return { ...named, outcome: 'without history' };
  const now = new Date();
  const deps = { ...ours, now, known, maxDeletes: flags['max-deletes'] ?? maxDeletes };
  try {
    const planned = await planPrune(storage, prefix, retain, deps, signal);
    if (flags['dry-run']) return { ...named, outcome: 'planned', now, planned };
    return { ...named, outcome: 'pruned', now, planned, pruned: await carryOut(storage, planned, deps, signal) };
  } catch (thrown) {
    if (signal.aborted) throw abortReason(signal);
    return { ...named, outcome: 'failed', error: toSnapshotError(thrown) };
  }
}
