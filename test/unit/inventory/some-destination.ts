import type { Destination } from '../../../src/agent/destination.ts';
import type { Storage } from '../../../src/storage/contract.ts';
import { PREFIX } from '../retention/some-store.ts';

const KEEP_ALL = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };

/** A destination of the default schedule, once a day, that keeps everything. */
export function someDestination(storage: Storage, changes: Partial<Destination> = {}): Destination {
  return {
    storage,
    prefix: PREFIX,
    rule: { kind: 'interval', everyMs: 86_400_000 },
    schedule: 'default',
    retain: KEEP_ALL,
    maxDeletes: undefined,
    alias: undefined,
    keepsHistory: true,
    knownManifests: new Map(),
    newest: undefined,
    lastRound: undefined,
    ...changes,
  };
}
