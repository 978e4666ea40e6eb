import type { ManifestFacts } from '../snapshot/manifest.ts';

/** What this node is to its cluster, and why we think so. */
export type Leadership =
  /** `isAssumed`: nothing tied the answer to this host (a balancer?); somebody else may have been told the same. */
  | { readonly role: 'leader'; readonly reason: string; readonly isAssumed: boolean; readonly appliedIndex: bigint | undefined }
  | { readonly role: 'standby'; readonly reason: string };

/** What Vault tells about the cluster; asked before the read, because the answer may be gone after it. */
export type ClusterFacts = ManifestFacts;

/** A path in a KV store. */
export interface CanaryPlace {
  readonly mount: string;
  readonly path: string;
  /** Undefined: the root namespace. */
  readonly namespace: string | undefined;
  readonly field: string;
  /** Undefined: Vault is asked. */
  readonly kvVersion: 1 | 2 | undefined;
}

/** One Vault server with one identity there. Every error is a SnapshotError `vault_*` or `secret_unavailable`. */
export interface Vault {
  /** Asks the server named by `addr`; needs no token. A sealed, unreachable or leaderless Vault is an error, a standby is not. */
  leadership(signal: AbortSignal): Promise<Leadership>;
  describe(signal: AbortSignal): Promise<ClusterFacts>;
  /** Puts these fields there, in place of what was there; resolves with the version of that store. */
  writeCanary(place: CanaryPlace, fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<1 | 2>;
  /** Resolves when the first byte has arrived. Logs in as needed, once more after a 403. Ending the iteration closes the connection. A chunk is good until the next one is asked for. */
  openSnapshot(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Revokes the token if it is our own; never rejects, takes a few seconds at most. */
  close(): Promise<void>;
}
