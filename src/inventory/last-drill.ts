import type { Destination } from '../agent/destination.ts';
import type { SnapshotError } from '../errors.ts';
import type { NamedCluster } from '../retention/manifests.ts';
import { failureTime, manifestFolder, recordTime, subjectOf, takenAt } from '../snapshot/name.ts';
import { readRecord } from '../snapshot/record.ts';
import type { Watchdog } from '../snapshot/watchdog.ts';
import { baseName, type ObjectKey } from '../storage/key.ts';

/** What a record tells of a drill. */
export interface DrillFound {
  readonly at: Date;
  readonly level: string;
  readonly seconds: number;
  /** Undefined: it went well. */
  readonly error: SnapshotError | undefined;
}

/** Among the newest: where everything is verified often, an older drill is told of by the history of this node. */
const MOST_READ = 50;

/** The last drill of this cluster that left a record after `since`, whoever did it; before it, if it failed, the last one that went well. */
export async function findLastDrills(
  { storage, prefix }: Destination,
  ours: NamedCluster,
  since: Date | undefined,
  watchdog: Watchdog,
): Promise<readonly DrillFound[]> {
  const records: { readonly key: ObjectKey; readonly at: Date; readonly isFailure: boolean }[] = [];
  for await (const { key } of watchdog.each(storage.list(manifestFolder(prefix), watchdog.signal))) {
    const failedAt = failureTime(baseName(key));
    const at = failedAt ?? recordTime(baseName(key));
    const about = subjectOf(baseName(key));
    const isOurs = about !== undefined && takenAt(ours.template, ours.clusterName, about.name) !== undefined;
    if (at && isOurs && (since === undefined || at > since)) records.push({ key, at, isFailure: failedAt !== undefined });
  }
  const newest = records.sort((a, b) => b.at.getTime() - a.at.getTime()).slice(0, MOST_READ);
  let failed: DrillFound | undefined;
  for (const { key, isFailure } of newest) {
    // Of those that failed, the last alone matters.
    if (isFailure && failed !== undefined) continue;
    const found = await watchdog.watch(() => readRecord(storage, key, watchdog.signal));
    if (found?.kind !== 'drill') continue;
    const { at, level, seconds, error } = found;
    const drill = { at, level, seconds, error };
    if (error === undefined) return failed === undefined ? [drill] : [drill, failed];
    failed = drill;
  }
  return failed === undefined ? [] : [failed];
}
