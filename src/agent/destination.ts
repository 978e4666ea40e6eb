import type { KnownManifests } from '../retention/appraise.ts';
import type { RetentionPolicy } from '../retention/plan.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import type { Storage } from '../storage/contract.ts';
import { type KeyPrefix, type ObjectKey, within } from '../storage/key.ts';
import type { ScheduleRule } from './schedule.ts';

/** A place named in the configuration, and what this process remembers of it. */
export interface Destination {
  readonly storage: Storage;
  readonly prefix: KeyPrefix;
  readonly rule: ScheduleRule;
  /** What `schedule` says in manifests: the destination's name if it has its own, else `default`. */
  readonly schedule: string;
  readonly retain: RetentionPolicy;
  /** The fuse of one round; 0: none, undefined: a share of what is there. */
  readonly maxDeletes: number | undefined;
  /** A name that always holds the newest snapshot; its object alone is ever replaced. */
  readonly alias: string | undefined;
  /** False: the alias is all there is and nothing is pruned, as the ancestor's static name has it. */
  readonly keepsHistory: boolean;
  readonly knownManifests: KnownManifests;
  /** The newest proved snapshot there; undefined until looked for, or where there is none. */
  newest: Manifest | undefined;
  /** When a round last tried to deliver here, or another node was found to have. */
  lastRound: Date | undefined;
  /** The newest record there when drills were last looked for among them. */
  drillsLookedForAt?: Date;
}

/** Where the alias lies, if there is one. */
export function aliasKey({ alias, prefix }: Destination): ObjectKey | undefined {
  return alias === undefined ? undefined : within(prefix, `${alias}.snap`);
}

/** The schedules that go on with these destinations. */
export function schedulesOf(destinations: readonly Destination[]): readonly string[] {
  return [...new Set(destinations.map(({ schedule }) => schedule))];
}
