import type { Destination } from '../agent/destination.ts';
import { abortReason, SnapshotError } from '../errors.ts';
import type { NamedCluster } from '../retention/manifests.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import { baseName } from '../storage/key.ts';
import { findCandidates } from './candidates.ts';
import { type Candidate, findFault, type Wanted } from './choose.ts';
import { type FetchDeps, type Fetched, fetchSnapshot, sourceOf } from './fetch.ts';

/** One that was tried and is no good. */
export interface Skipped {
  readonly key: string;
  readonly reason: string;
}

export interface GoodSnapshot {
  readonly fetched: Fetched;
  readonly manifest: Manifest;
  readonly destination: string;
}

export interface SourceDeps extends FetchDeps {
  readonly destinations: readonly Destination[];
  readonly wanted: Wanted;
  readonly ours: NamedCluster;
  /** How many older ones may be tried where the newest is no good. */
  readonly fallback: number;
  /** Hears each copy that was passed over. */
  skip(skipped: Skipped): void;
  warn(text: string): void;
}

interface Copy {
  readonly candidate: Candidate;
  readonly destination: Destination;
}

/** Damage makes room for another copy, and then for an older snapshot; a store that fails for now does not, for it may have the newest whole. */
const DAMAGED = ['archive_corrupt', 'not_found', 'storage_mismatch', 'refused'];

/** The newest snapshot that is whole, proved here; undefined where there is none at all. */
export async function fetchNewestGood(deps: SourceDeps, signal: AbortSignal): Promise<GoodSnapshot | undefined> {
  const copies = await findCopies(deps, signal);
  if (copies.length === 0) return undefined;
  refuseSeveralClusters(copies);
  const names = [...new Set(copies.map(({ candidate }) => baseName(candidate.key)))].slice(0, 1 + deps.fallback);
  const skipped: Skipped[] = [];
  for (const name of names) {
    let trouble: SnapshotError | undefined;
    for (const copy of copies.filter(({ candidate }) => baseName(candidate.key) === name)) {
      const good = await fetchCopy(copy, deps, signal);
      if (!(good instanceof SnapshotError)) return good;
      const key = `${copy.destination.storage.name}: ${copy.candidate.key}`;
      if (DAMAGED.includes(good.code)) {
        // Most of them name the copy, and it is named already.
        const reason = good.message.replace(`${key}: `, '');
        skipped.push({ key, reason });
        deps.skip({ key, reason });
      } else trouble = good;
    }
    if (trouble) throw trouble;
  }
  throw new SnapshotError('no_good_snapshot', `no good snapshot: ${skipped.map(({ key, reason }) => `${key}: ${reason}`).join('; ')}`);
}

/** Every copy of the newest snapshots, newest first. */
async function findCopies({ destinations, wanted, ours, fallback, warn }: SourceDeps, signal: AbortSignal): Promise<readonly Copy[]> {
  const looked = await Promise.allSettled(destinations.map((destination) => findCandidates([destination], wanted, ours, 1 + fallback, signal)));
  if (signal.aborted) throw abortReason(signal);
  const failures = looked.flatMap((result) => (result.status === 'rejected' && !isNone(result.reason) ? [result.reason as unknown] : []));
  const copies = looked.flatMap((result, at) =>
    result.status === 'fulfilled' ? result.value.candidates.map((candidate) => ({ candidate, destination: destinations[at]! })) : [],
  );
  // Nobody may begin anew while one of the places where a snapshot can be has not been seen.
  if (copies.length === 0 && failures.length > 0) throw failures[0];
  for (const failure of failures) warn(`a destination was passed over: ${failure instanceof Error ? failure.message : String(failure)}`);
  return copies.sort((a, b) => timeOf(b) - timeOf(a));
}

function isNone(error: unknown): boolean {
  return error instanceof SnapshotError && error.code === 'not_found';
}

function timeOf({ candidate }: Copy): number {
  return candidate.takenAt?.getTime() ?? 0;
}

/** Which of them is to come back, only the operator knows. */
function refuseSeveralClusters(copies: readonly Copy[]): void {
  const ids = copies.flatMap(({ candidate: { manifest } }) => (manifest === undefined || manifest instanceof SnapshotError ? [] : [manifest.cluster_id]));
  const clusters = [...new Set(ids)];
  if (clusters.length < 2) return;
  const advice = 'set "cluster": {"id": …} to the one that is to come back';
  throw new SnapshotError('cluster_mismatch', `choose: there are snapshots of several clusters: ${clusters.join(', ')}`, { advice });
}

async function fetchCopy({ candidate, destination }: Copy, deps: SourceDeps, signal: AbortSignal): Promise<GoodSnapshot | SnapshotError> {
  const fault = findFault(candidate, deps.wanted);
  if (fault) return fault;
  const { manifest } = candidate;
  if (manifest === undefined || manifest instanceof SnapshotError) {
    return new SnapshotError(
      'refused',
      `${destination.storage.name}: ${candidate.key}: has no manifest: nobody tells how many shares it wants, and of which cluster it is`,
    );
  }
  try {
    const fetched = await fetchSnapshot(sourceOf(candidate, destination), deps, signal);
    return { fetched, manifest, destination: destination.storage.name };
  } catch (thrown) {
    if (signal.aborted) throw abortReason(signal);
    if (thrown instanceof SnapshotError && !thrown.code.startsWith('spool_')) return thrown;
    throw thrown;
  }
}
