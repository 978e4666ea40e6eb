import type { CanarySettings } from '../agent/deps.ts';
import type { VerifyPlan } from '../agent/verify-turn.ts';
import type { ListenSettings } from '../observability/listen-config.ts';
import type { NotifySettings } from '../observability/notify/config.ts';
import type { RetentionPolicy } from '../retention/plan.ts';
import type { AzureSettings } from '../storage/azure/config.ts';
import type { GcsSettings } from '../storage/gcs/config.ts';
import type { S3Settings } from '../storage/s3/config.ts';
import type { DrillSettings } from '../throwaway/drill-config.ts';
import type { SecretSource } from './secret.ts';

/** The whole configuration, parsed once at the door: every value is right, every default filled in. */
export interface Config {
  /** The file it came from. */
  readonly path: string;
  readonly cluster: { readonly name: string | undefined; readonly id: string | undefined };
  readonly vault: VaultConfig;
  readonly schedule: ScheduleConfig;
  readonly jitterMs: number;
  readonly snapshotTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly stopGraceMs: number;
  /** Undefined: wherever the state directory is found. */
  readonly spoolPath: string | undefined;
  readonly nameTemplate: string;
  /** Undefined: the daemon reads nothing back between its rounds. */
  readonly verification: VerifyPlan | undefined;
  readonly log: LogConfig;
  /** What opens a restored server; empty for every daemon. */
  readonly recovery: { readonly shares: readonly SecretSource[] };
  /** Undefined: none is written. */
  readonly canary: CanarySettings | undefined;
  readonly drill: DrillSettings;
  /** Undefined: the daemon tries none out by itself. */
  readonly drillSchedule: ScheduleConfig | undefined;
  readonly notify: NotifySettings;
  /** Undefined: only the socket in the state directory answers. */
  readonly listen: ListenSettings | undefined;
  /** For the textfile collector of node_exporter. */
  readonly textfile: string | undefined;
  readonly destinations: readonly DestinationConfig[];
  /** `daemon: false` of a fork: one round, then the end. */
  readonly isOneShot: boolean;
  /** What an operator should be told at every start: literal secrets, TLS off, keys without effect. */
  readonly warnings: readonly string[];
}

export interface VaultConfig {
  readonly address: string;
  /** Sent with logins only, never with sys/storage/raft. */
  readonly namespace: string | undefined;
  readonly leaderCheck: 'auto' | 'ip' | 'is_self' | 'off';
  readonly tls: TlsConfig;
  readonly auth: AuthConfig;
}

export interface TlsConfig {
  readonly caCertFile: string | undefined;
  readonly caDirectory: string | undefined;
  readonly clientCertFile: string | undefined;
  readonly clientKeyFile: string | undefined;
  readonly serverName: string | undefined;
  readonly isVerificationOff: boolean;
}

export type AuthConfig =
  | {
      readonly method: 'approle';
      readonly mount: string;
      readonly roleId: SecretSource;
      readonly secretId: SecretSource | undefined;
      readonly isSecretIdWrapped: boolean;
    }
  | { readonly method: 'kubernetes'; readonly mount: string; readonly role: string; readonly jwtFile: string }
  | { readonly method: 'token_file'; readonly path: string }
  | { readonly method: 'token'; readonly token: SecretSource }
  | { readonly method: 'none' };

export type ScheduleConfig =
  | { readonly kind: 'interval'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly expression: string; readonly timezone: string };

export interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** auto: text. */
  readonly format: 'auto' | 'text' | 'json';
}

interface DestinationBase {
  /** Unique over all destinations. */
  readonly name: string;
  readonly schedule: ScheduleConfig;
  readonly retain: RetentionPolicy;
  /** The fuse of one round; 0: none, undefined: a share of what is there. */
  readonly maxDeletes: number | undefined;
  /** A name, without `.snap`, that always holds the newest snapshot. */
  readonly alias: string | undefined;
  /** False where the alias is all there is. */
  readonly keepsHistory: boolean;
}

export interface LocalDestinationConfig extends DestinationBase {
  readonly kind: 'local';
  readonly path: string;
}

export interface S3DestinationConfig extends DestinationBase {
  readonly kind: 'aws';
  readonly settings: S3Settings;
}

export interface AzureDestinationConfig extends DestinationBase {
  readonly kind: 'azure';
  readonly settings: AzureSettings;
}

export interface GcsDestinationConfig extends DestinationBase {
  readonly kind: 'gcp';
  readonly settings: GcsSettings;
}

export type DestinationConfig = LocalDestinationConfig | GcsDestinationConfig | S3DestinationConfig | AzureDestinationConfig;
