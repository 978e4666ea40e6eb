import type { Destination } from '../agent/destination.ts';
import type { Composed } from '../compose.ts';
import type { Config, DestinationConfig } from '../config/config.ts';
import { SnapshotError } from '../errors.ts';
import type { Asked } from './grammar/verbs.ts';

const SAFETY = 'safety snapshot';

type Flags = Asked<'restore'>['flags'];

export function safetyKind({ safety, 'no-safety-snapshot': isUnwanted }: Flags): 'none' | 'destination' | 'path' {
  if (isUnwanted) return 'none';
  return safety?.includes('/') ? 'path' : 'destination';
}

/** Those of the configuration, and the directory for the safety snapshot if there is to be one. */
export function destinationsOf({ destinations, schedule }: Config, flags: Flags): readonly DestinationConfig[] {
  const { safety } = flags;
  if (safety === undefined) return destinations;
  if (safetyKind(flags) !== 'path') {
    if (destinations.some(({ name }) => name === safety)) return destinations;
    throw new SnapshotError('usage', `--safety: there is no destination ${JSON.stringify(safety)}; a directory has a "/" in it`);
  }
  const everything = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };
  const base = { name: SAFETY, schedule, retain: everything, maxDeletes: undefined, alias: undefined, keepsHistory: true };
  return [...destinations, { ...base, kind: 'local', path: safety }];
}

/** If nothing is said, where the snapshot itself lies: that place is known to work. */
export function safetyPlace({ destinations }: Composed, from: Destination | undefined, flags: Flags): Destination {
  const wanted = safetyKind(flags) === 'path' ? SAFETY : (flags.safety ?? from?.storage.name ?? destinations[0]?.storage.name);
  const place = destinations.find(({ storage }) => storage.name === wanted);
  if (place) return place;
  throw new SnapshotError('internal', `safety snapshot: ${wanted} is no destination`);
}
