import { toSnapshotError } from '../errors.ts';
import { prune } from '../retention/prune.ts';
import { elapsedMs } from './clock.ts';
import type { RoundDeps } from './deps.ts';
import type { Destination } from './destination.ts';
import { impatient } from './impatient.ts';
import type { Pruned } from './report.ts';

/** A delete that fails is told and tried again next round; it never makes the snapshot a failed one. */
export async function pruneHere(destination: Destination, clusterId: string, deps: RoundDeps, signal: AbortSignal): Promise<readonly Pruned[]> {
  const { storage, prefix, retain, maxDeletes, knownManifests: known } = destination;
  const { clock, log, tell, settings } = deps;
  const begun = clock.now();
  const where = { destination: storage.name };
  try {
    const ours = { template: settings.nameTemplate, clusterName: settings.clusterName, clusterId, known, maxDeletes, now: clock.now() };
    const { plan, removed, locked, postponed, errors } = await prune(impatient(storage, settings.stallTimeoutMs), prefix, retain, ours, signal);
    tell({ kind: 'stage_ended', stage: 'prune', ms: elapsedMs(begun, clock) });
    tell({ kind: 'pruned', ...where, count: removed.length, frozen: plan.frozen });
    if (plan.frozen !== undefined) log.warn({ event: 'prune_frozen', ...where, reason: plan.frozen }, 'nothing is deleted here until this is cleared up');
    for (const { key, reasons } of plan.keep) log.debug({ event: 'snapshot_kept', ...where, key, reasons }, 'kept');
    for (const { key, reason } of removed) log.info({ event: 'snapshot_pruned', ...where, key, reason }, 'deleted an old snapshot');
    const [firstLocked] = locked;
    if (firstLocked) {
      const fields = { event: 'snapshot_locked', ...where, count: locked.length, key: firstLocked.key, reason: firstLocked.error.message };
      log.info(fields, 'a lock at the destination keeps what would be deleted');
    }
    if (postponed > 0) log.warn({ event: 'prune_postponed', ...where, deleted: removed.length, postponed }, 'the rest is deleted in later rounds');
    for (const { key, error } of errors) {
      tell({ kind: 'prune_failed', ...where, error });
      log.warn({ event: 'prune_failed', ...where, key, code: error.code, error: error.message }, `Error when deleting snapshot ${key}`);
    }
    return removed.map((one) => ({ ...where, ...one }));
  } catch (thrown) {
    const error = toSnapshotError(thrown);
    const { code, message, advice } = error;
    tell({ kind: 'prune_failed', ...where, error });
    log.warn({ event: 'prune_failed', ...where, code, error: message, advice }, 'Error when retrieving existing snapshots for delete action.');
    return [];
  }
}
