import type { Destination } from '../agent/destination.ts';
import { SnapshotError } from '../errors.ts';
import type { NamedCluster } from '../retention/manifests.ts';
import { manifestFolder, recordTime, subjectOf, takenAt } from '../snapshot/name.ts';
import type { Watchdog } from '../snapshot/watchdog.ts';
import type { Storage } from '../storage/contract.ts';
import { baseName, type ObjectKey } from '../storage/key.ts';

/** What a record tells of a drill that went well. */
export interface DrillFound {
  readonly at: Date;
  readonly level: string;
  readonly seconds: number;
}

/** Among the newest: where everything is verified often, an older drill is told of by the history of this node. */
const MOST_READ = 50;
const LIMIT_BYTES = 64 * 1024;

/** The last drill of this cluster that left a record after `since`, whoever did it. */
export async function findLastDrill(
  { storage, prefix }: Destination,
  ours: NamedCluster,
  since: Date | undefined,
  watchdog: Watchdog,
): Promise<DrillFound | undefined> {
  const records: { readonly key: ObjectKey; readonly at: Date }[] = [];
  for await (const { key } of watchdog.each(storage.list(manifestFolder(prefix), watchdog.signal))) {
    const at = recordTime(baseName(key));
    const about = subjectOf(baseName(key));
    const isOurs = about !== undefined && takenAt(ours.template, ours.clusterName, about.name) !== undefined;
    if (at && isOurs && (since === undefined || at > since)) records.push({ key, at });
  }
  const newest = records.sort((a, b) => b.at.getTime() - a.at.getTime()).slice(0, MOST_READ);
  for (const { key } of newest) {
    const found = await watchdog.watch(() => readDrill(storage, key, watchdog.signal));
    if (found) return found;
  }
  return undefined;
}

/** Undefined for a record of something else, and for what nobody can read. */
async function readDrill(storage: Storage, key: ObjectKey, signal: AbortSignal): Promise<DrillFound | undefined> {
  let text = '';
  try {
    for await (const chunk of storage.read(key, signal)) if (text.length < LIMIT_BYTES) text += Buffer.from(chunk).toString('latin1');
    const { kind, at, level, rto_seconds: seconds } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const time = new Date(String(at));
    if (kind !== 'drill' || typeof level !== 'string' || Number.isNaN(time.getTime())) return undefined;
    return { at: time, level, seconds: typeof seconds === 'number' ? seconds : 0 };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    // Pruned meanwhile.
    if (error instanceof SnapshotError && error.code === 'not_found') return undefined;
    throw error;
  }
}
