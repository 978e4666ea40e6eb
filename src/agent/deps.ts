import type { Log } from '../observability/contract.ts';
import type { NameTemplate } from '../snapshot/name.ts';
import type { Intents, SpoolDirectory } from '../spool/contract.ts';
import type { CanaryPlace, Leadership, Vault } from '../vault/contract.ts';
import type { Clock } from './clock.ts';
import type { Tell } from './events.ts';
import type { Progress } from './progress.ts';

/** What a round works with. */
export interface RoundDeps {
  readonly vault: Vault;
  readonly spools: SpoolDirectory;
  readonly intents: Intents;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly newRoundId: () => string;
  readonly tell: Tell;
  /** Is told how it goes, where somebody watches over the process. */
  readonly progress?: Progress;
  readonly settings: RoundSettings;
}

export interface RoundSettings {
  readonly node: string;
  readonly agentVersion: string;
  readonly nameTemplate: NameTemplate;
  /** What {cluster} stands for in names. */
  readonly clusterName: string;
  /** The one cluster this configuration is for, if it says so. */
  readonly clusterId: string | undefined;
  /** Undefined: none is wanted. */
  readonly canary: CanarySettings | undefined;
  readonly snapshotTimeoutMs: number;
  readonly stallTimeoutMs: number;
}

export interface CanarySettings extends CanaryPlace {
  /** No snapshot without it. */
  readonly isRequired: boolean;
}

export type Leader = Extract<Leadership, { role: 'leader' }>;
