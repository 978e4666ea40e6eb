import type { RetentionPolicy } from '../retention/plan.ts';
import type { KnownManifests } from '../retention/prune.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import type { Storage } from '../storage/contract.ts';
import type { KeyPrefix } from '../storage/key.ts';
import type { ScheduleRule } from './schedule.ts';

/** A place named in the configuration, and what this process remembers of it. */
export interface Destination {
  readonly storage: Storage;
  readonly prefix: KeyPrefix;
  readonly rule: ScheduleRule;
  /** What `schedule` says in manifests: the destination's name if it has its own, else `default`. */
  readonly schedule: string;
  readonly retain: RetentionPolicy;
  readonly knownManifests: KnownManifests;
  /** The newest proved snapshot there; undefined until looked for, or where there is none. */
  newest: Manifest | undefined;
  /** When a round last tried to deliver here, or another node was found to have. */
  lastRound: Date | undefined;
}
