import type { SnapshotError } from '../errors.ts';
import type { Storage } from '../storage/contract.ts';
import { baseName, type ObjectKey } from '../storage/key.ts';
import { failureTime, recordTime } from './name.ts';
import { type FoundRecord, readRecord } from './record.ts';

/** A verification or drill of a snapshot that failed, and none after it went well. */
export type Failure = FoundRecord & { readonly error: NonNullable<FoundRecord['error']> };

/** Of a snapshot that is verified daily and damaged for long. */
const MOST_READ = 20;

/** What is still wrong by the records of one snapshot; read only where one of them tells of a failure. */
export async function findFailures(storage: Storage, records: readonly ObjectKey[], signal: AbortSignal): Promise<readonly Failure[]> {
  const timeOf = (key: ObjectKey) => (failureTime(baseName(key)) ?? recordTime(baseName(key)))?.getTime() ?? 0;
  // Within a second nobody knows which came first: the failure counts.
  const isFailure = (key: ObjectKey) => failureTime(baseName(key)) !== undefined;
  const newestFirst = records.toSorted((a, b) => timeOf(b) - timeOf(a) || Number(isFailure(b)) - Number(isFailure(a)));
  const lastFailure = newestFirst.findLastIndex(isFailure);
  const found: FoundRecord[] = [];
  for (const key of newestFirst.slice(0, Math.min(lastFailure + 1, MOST_READ))) {
    const record = await readRecord(storage, key, signal);
    if (record) found.push(record);
  }
  return judge(found);
}

/** Whether the object itself is not what was proved: a place that does not answer says nothing about what is there. */
export function isDamage({ code }: SnapshotError): boolean {
  return code === 'archive_corrupt' || code === 'storage_mismatch';
}

/** The newest first. Whatever went well has proved the archive whole; that a drill works only a drill shows. */
function judge(records: readonly FoundRecord[]): readonly Failure[] {
  const ofArchive = records.find(({ error }) => error === undefined || isDamage(error));
  const ofDrills = records.find(({ kind }) => kind === 'drill');
  return [...new Set([ofArchive, ofDrills])].filter((record): record is Failure => record?.error !== undefined);
}
