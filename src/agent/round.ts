import { SnapshotError, toSnapshotError } from '../errors.ts';
import { ArchiveVerifier } from '../snapshot/archive.ts';
import { drain } from '../snapshot/drain.ts';
import type { Proof } from '../snapshot/proof.ts';
import type { Spool } from '../spool/contract.ts';
import type { ClusterFacts } from '../vault/contract.ts';
import { plantCanary } from './canary.ts';
import { elapsedMs } from './clock.ts';
import { withDeadline } from './deadline.ts';
import { type DestinationResult, deliverTo, nameOf } from './delivery.ts';
import type { Leader, RoundDeps } from './deps.ts';
import { type Destination, schedulesOf } from './destination.ts';
import { prove } from './prove.ts';
import { type ReportedSnapshot, type RoundReport, reportSnapshot, stageOf } from './report.ts';
import { checkDestinationRooms, checkSpoolRoom, expectedBytes } from './room.ts';

/** One round on the leader, from the facts of the cluster to the last delete. Never rejects: a failure is a report. */
export async function runRound(destinations: readonly Destination[], leader: Leader, deps: RoundDeps, signal: AbortSignal): Promise<RoundReport> {
  const { newRoundId, settings, tell } = deps;
  const roundId = newRoundId();
  const schedules = schedulesOf(destinations);
  const tooLate = () => new SnapshotError('round_timeout', `the round did not end within ${settings.snapshotTimeoutMs / 1000}s`);
  tell({ kind: 'round_began', roundId, destinations: destinations.map(({ storage }) => storage.name), schedules });
  const report = await withDeadline(signal, settings.snapshotTimeoutMs, tooLate, async (limited) => {
    try {
      return await takeAndDeliver(roundId, destinations, leader, deps, limited);
    } catch (thrown) {
      // Whatever broke because the time was up or we were told to stop: that is the cause.
      const error = toSnapshotError(limited.aborted ? limited.reason : thrown);
      return { outcome: 'failed', stage: stageOf(error.code), error, missed: [] } as const;
    }
  });
  tell({ kind: 'round_ended', roundId, schedules, report });
  return report;
}

async function takeAndDeliver(roundId: string, all: readonly Destination[], leader: Leader, deps: RoundDeps, signal: AbortSignal): Promise<RoundReport> {
  const facts = await deps.vault.describe(signal);
  checkCluster(facts, deps.settings.clusterId);
  tellCluster(facts, deps);
  const needed = expectedBytes(all);
  await checkSpoolRoom(needed, deps);
  const { destinations, full } = await checkDestinationRooms(all, needed, deps, signal);
  if (destinations.length === 0) return conclude(full, undefined);

  const planted = await plantCanary(roundId, deps, signal);
  const spool = await deps.spools.open();
  try {
    const asked = deps.clock.now();
    const archive = await deps.vault.openSnapshot(signal);
    const takenAt = deps.clock.now();
    const verifier = new ArchiveVerifier();
    const drained = drainHere(archive, spool, verifier, asked, deps);
    const proved = prove(drained, leader, deps.vault, signal);
    const subMs = Math.floor(deps.random() * 1_000_000);
    const taken = { takenAt, subMs, roundId, facts, planted, meta: verifier.meta, proved, spool, sizeGuess: needed };
    const delivering = AbortSignal.any([signal, abortedWith(proved)]);
    const [proof, ...results] = await Promise.allSettled([proved, ...destinations.map((destination) => deliverTo(destination, taken, deps, delivering))]);
    // A broken archive is the round's failure, not the destinations'.
    if (proof.status === 'rejected') throw proof.reason;
    return conclude([...results.map(settled), ...full], reportSnapshot(proof.value.proof, facts, nameOf(taken, proof.value.proof.meta, deps.settings)));
  } finally {
    await remove(spool, deps);
  }
}

/** Vault is held from when it was asked until this resolves. */
async function drainHere(archive: AsyncIterable<Uint8Array>, spool: Spool, verifier: ArchiveVerifier, asked: Date, { tell, clock }: RoundDeps): Promise<Proof> {
  const proof = await drain(archive, spool, verifier, (bytes) => tell({ kind: 'spool', bytes }));
  tell({ kind: 'stage_ended', stage: 'drain', ms: elapsedMs(asked, clock) });
  return proof;
}

/** A disk that fails only now takes nothing back from what is delivered. */
async function remove(spool: Spool, { log, tell }: RoundDeps): Promise<void> {
  try {
    await spool.remove();
  } catch (thrown) {
    const { code, message, advice } = toSnapshotError(thrown);
    log.warn({ event: 'spool_left', code, error: message, advice }, 'could not give back the space of the spool');
  }
  tell({ kind: 'spool', bytes: 0 });
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
    return { outcome: 'failed', stage: failures[0]?.stage ?? 'upload', error, ...(snapshot && { snapshot }), missed: missedReports };
  }
  const pruned = results.flatMap((result) => (result.outcome === 'delivered' ? result.pruned : []));
  return { outcome: failures.length > 0 ? 'partial' : 'taken', snapshot, delivered, missed: missedReports, pruned };
}

/** deliverTo turns the failures of its destination into values; what it throws all the same ends the round. */
function settled(result: PromiseSettledResult<DestinationResult>): DestinationResult {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** What Vault calls itself; another cluster than the pinned one is none of ours. */
export function tellCluster({ clusterId: id, clusterName: name, version }: ClusterFacts, { settings, tell }: RoundDeps): void {
  if (settings.clusterId === undefined || settings.clusterId === id) tell({ kind: 'cluster', id, name, version });
}

/** A configuration that pins its cluster goes on with no other. */
export function checkCluster(facts: ClusterFacts, pinnedId: string | undefined): void {
  if (pinnedId === undefined || facts.clusterId === pinnedId) return;
  throw new SnapshotError('cluster_mismatch', `cluster: "addr" answers for ${facts.clusterId}, the configuration wants ${pinnedId}`);
}
