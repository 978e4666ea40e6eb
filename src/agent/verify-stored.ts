import { SnapshotError } from '../errors.ts';
import { LEFT_THERE, type Verdict, verifySnapshot } from '../inventory/verification.ts';
import { isDamage } from '../snapshot/failures.ts';
import { baseName, type ObjectKey } from '../storage/key.ts';
import { elapsedMs } from './clock.ts';
import type { RoundDeps } from './deps.ts';
import type { Destination } from './destination.ts';

/** Reads one stored snapshot back and tells what came of it. Resolves with why nobody can say; rejects only when the signal says so. */
export async function verifyStored(
  destination: Destination,
  key: ObjectKey,
  clusterId: string,
  deps: RoundDeps,
  onBytes: () => void,
  signal: AbortSignal,
): Promise<SnapshotError | undefined> {
  const { clock, settings, tell, log } = deps;
  const { stallTimeoutMs, node: by, agentVersion } = settings;
  const begun = clock.now();
  const options = { clusterId, stallTimeoutMs, by, agentVersion, isRecording: true, now: () => clock.now(), onProgress: onBytes };
  const verdict = await verifySnapshot(destination, key, options, signal);
  const { warnings } = verdict;
  const where = { destination: destination.storage.name, key };
  if (isUnread(verdict)) return verdict.error;
  // Pruned meanwhile, or another cluster's.
  if (verdict.error?.code === 'not_found' || verdict.error?.code === 'cluster_mismatch') return undefined;
  const error = verdict.error && named(key, verdict.error);
  tell({ kind: 'verified', destination: where.destination, name: baseName(key), error });
  if (error) log.error({ event: 'snapshot_damaged', ...where, code: error.code, error: error.message, advice: error.advice }, 'a stored snapshot is not whole');
  else log.info({ event: 'snapshot_verified', ...where, bytes: verdict.proof?.bytes, ms: elapsedMs(begun, clock) }, 'proved a stored snapshot again');
  const but = error ? 'a stored snapshot is not whole, and' : 'a stored snapshot is whole, but';
  for (const warning of warnings) log.warn({ event: 'verify_warning', ...where, warning }, but);
  return undefined;
}

function isUnread({ error }: Verdict): boolean {
  return error !== undefined && !isDamage(error) && error.code !== 'not_found' && error.code !== 'cluster_mismatch';
}

/** What is told of it apart from the log must say by itself which one it is. What Vault sent was whole: the advice of a round would mislead. */
function named(key: ObjectKey, cause: SnapshotError): SnapshotError {
  return new SnapshotError(cause.code, cause.message.includes(key) ? cause.message : `${key}: ${cause.message}`, { cause, advice: LEFT_THERE });
}
