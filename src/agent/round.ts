import { SnapshotError, toSnapshotError } from '../errors.ts';
import type { Log } from '../observability/contract.ts';
import { ArchiveVerifier } from '../snapshot/archive.ts';
import { drain } from '../snapshot/drain.ts';
import type { Spool, SpoolDirectory } from '../spool/contract.ts';
import type { Storage } from '../storage/contract.ts';
import type { ClusterFacts } from '../vault/contract.ts';
import { withDeadline } from './deadline.ts';
import { type DestinationResult, deliverTo, missed, nameOf } from './delivery.ts';
import type { Leader, RoundDeps } from './deps.ts';
import type { Destination } from './destination.ts';
import { prove } from './prove.ts';
import { type ReportedSnapshot, type RoundReport, reportSnapshot, stageOf } from './report.ts';

// The last snapshot may have grown by that much; what does not fit fails before Vault is asked.
const GROWTH = 1.25;

/** One round on the leader, from the facts of the cluster to the last delete. Never rejects: a failure is a report. */
export async function runRound(destinations: readonly Destination[], leader: Leader, deps: RoundDeps, signal: AbortSignal): Promise<RoundReport> {
  const { snapshotTimeoutMs } = deps.settings;
  const tooLate = () => new SnapshotError('round_timeout', `the round did not end within ${snapshotTimeoutMs / 1000}s`);
  return withDeadline(signal, snapshotTimeoutMs, tooLate, async (limited) => {
    try {
      return await takeAndDeliver(destinations, leader, deps, limited);
    } catch (thrown) {
      // Whatever broke because the time was up or we were told to stop: that is the cause.
      const error = toSnapshotError(limited.aborted ? limited.reason : thrown);
      return { outcome: 'failed', stage: stageOf(error.code), error, missed: [] };
    }
  });
}

async function takeAndDeliver(all: readonly Destination[], leader: Leader, deps: RoundDeps, signal: AbortSignal): Promise<RoundReport> {
  const facts = await deps.vault.describe(signal);
  checkCluster(facts, deps.settings.clusterId);
  const needed = expectedBytes(all);
  await checkSpoolRoom(needed, deps.spools);
  const { destinations, full } = await checkDestinationRooms(all, needed, deps, signal);
  if (destinations.length === 0) return conclude(full, undefined);

  const spool = await deps.spools.open();
  try {
    const archive = await deps.vault.openSnapshot(signal);
    const takenAt = deps.clock.now();
    const verifier = new ArchiveVerifier();
    const proved = prove(drain(archive, spool, verifier), leader, deps.vault, signal);
    const subMs = Math.floor(deps.random() * 1_000_000);
    const taken = { takenAt, subMs, roundId: deps.newRoundId(), facts, meta: verifier.meta, proved, spool, sizeGuess: needed };
    const delivering = AbortSignal.any([signal, abortedWith(proved)]);
    const [proof, ...results] = await Promise.allSettled([proved, ...destinations.map((destination) => deliverTo(destination, taken, deps, delivering))]);
    // A broken archive is the round's failure, not the destinations'.
    if (proof.status === 'rejected') throw proof.reason;
    return conclude([...results.map(settled), ...full], reportSnapshot(proof.value.proof, facts, nameOf(taken, proof.value.proof.meta, deps.settings)));
  } finally {
    await remove(spool, deps.log);
  }
}

/** A disk that fails only now takes nothing back from what is delivered. */
async function remove(spool: Spool, log: Log): Promise<void> {
  try {
    await spool.remove();
  } catch (thrown) {
    const { code, message, advice } = toSnapshotError(thrown);
    log.warn({ event: 'spool_left', code, error: message, advice }, 'could not give back the space of the spool');
  }
}

/** No destination goes on with an archive that is no good, whatever it is waiting for. */
function abortedWith(proved: Promise<unknown>): AbortSignal {
  const broken = new AbortController();
  proved.catch((error) => broken.abort(error));
  return broken.signal;
}

function conclude(results: readonly DestinationResult[], snapshot: ReportedSnapshot | undefined): RoundReport {
  const delivered = results.flatMap((result) => (result.outcome === 'delivered' ? [result.delivered] : []));
  const failures = results.flatMap((result) => (result.outcome === 'missed' ? [result] : []));
  const missedReports = failures.map((failure) => failure.missed);
  if (snapshot === undefined || delivered.length === 0) {
    const error = failures[0]?.error ?? new SnapshotError('internal', 'a round without destinations');
    return { outcome: 'failed', stage: stageOf(error.code), error, ...(snapshot && { snapshot }), missed: missedReports };
  }
  const pruned = results.flatMap((result) => (result.outcome === 'delivered' ? result.pruned : []));
  return { outcome: failures.length > 0 ? 'partial' : 'taken', snapshot, delivered, missed: missedReports, pruned };
}

/** deliverTo turns the failures of its destination into values; what it throws all the same ends the round. */
function settled(result: PromiseSettledResult<DestinationResult>): DestinationResult {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** A configuration that pins its cluster goes on with no other. */
export function checkCluster(facts: ClusterFacts, pinnedId: string | undefined): void {
  if (pinnedId === undefined || facts.clusterId === pinnedId) return;
  throw new SnapshotError('cluster_mismatch', `cluster: "addr" answers for ${facts.clusterId}, the configuration wants ${pinnedId}`);
}

async function checkSpoolRoom(needed: number, spools: SpoolDirectory): Promise<void> {
  const room = await spools.room();
  if (room < needed) throw new SnapshotError('spool_no_space', `spool: ${room} bytes free, the next snapshot may need ${needed}`);
}

async function checkDestinationRooms(all: readonly Destination[], needed: number, deps: RoundDeps, signal: AbortSignal) {
  const misses = await Promise.all(
    all.map(async (destination) => {
      try {
        await checkRoom(destination.storage, needed, deps.settings.stallTimeoutMs, signal);
        return undefined;
      } catch (error) {
        signal.throwIfAborted();
        return missed(destination, toSnapshotError(error), deps.log);
      }
    }),
  );
  return { destinations: all.filter((_, at) => misses[at] === undefined), full: misses.filter((miss) => miss !== undefined) };
}

async function checkRoom(storage: Storage, needed: number, limitMs: number, signal: AbortSignal): Promise<void> {
  const silent = () => new SnapshotError('storage_unavailable', `${storage.name}: did not tell its free space within ${limitMs / 1000}s`);
  const room = await withDeadline(signal, limitMs, silent, (limited) => storage.room(limited));
  if (room < needed) throw new SnapshotError('storage_no_space', `${storage.name}: ${room} bytes free, the next snapshot may need ${needed}`);
}

/** What this snapshot may need, going by the last ones. */
function expectedBytes(destinations: readonly Destination[]): number {
  return Math.ceil(GROWTH * Math.max(0, ...destinations.map(({ newest }) => newest?.archive_bytes ?? 0)));
}
