import { SnapshotError, toSnapshotError } from '../errors.ts';
import type { Storage } from '../storage/contract.ts';
import { withDeadline } from './deadline.ts';
import { missed } from './delivery.ts';
import type { RoundDeps } from './deps.ts';
import type { Destination } from './destination.ts';

// The last snapshot may have grown by that much; what does not fit fails before Vault is asked.
const GROWTH = 1.25;

/** What this snapshot may need, going by the last ones. */
export function expectedBytes(destinations: readonly Destination[]): number {
  return Math.ceil(GROWTH * Math.max(0, ...destinations.map(({ newest }) => newest?.archive_bytes ?? 0)));
}

export async function checkSpoolRoom(needed: number, { spools, tell }: RoundDeps): Promise<void> {
  const room = await spools.room();
  tell({ kind: 'spool_room', freeBytes: room });
  if (room < needed) throw new SnapshotError('spool_no_space', `spool: ${room} bytes free, the next snapshot may need ${needed}`);
}

export async function checkDestinationRooms(all: readonly Destination[], needed: number, deps: RoundDeps, signal: AbortSignal) {
  const misses = await Promise.all(
    all.map(async (destination) => {
      try {
        await checkRoom(destination.storage, needed, deps.settings.stallTimeoutMs, signal);
        return undefined;
      } catch (error) {
        signal.throwIfAborted();
        return missed(destination, 'upload', toSnapshotError(error), deps);
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
