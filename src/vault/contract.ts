import type { ManifestFacts } from '../snapshot/manifest.ts';

/** What this node is to its cluster, and why we think so. */
export type Leadership =
  /** `isAssumed`: nothing tied the answer to this host (a balancer?); somebody else may have been told the same. */
  | { readonly role: 'leader'; readonly reason: string; readonly isAssumed: boolean; readonly appliedIndex: bigint | undefined }
  | { readonly role: 'standby'; readonly reason: string };

/** What Vault tells about the cluster; asked before the read, because the answer may be gone after it. */
export type ClusterFacts = ManifestFacts;

/** One Vault server with one identity there. Every error is a SnapshotError `vault_*` or `secret_unavailable`. */
export interface Vault {
  /** Asks the server named by `addr`; needs no token. A sealed, unreachable or leaderless Vault is an error, a standby is not. */
  leadership(signal: AbortSignal): Promise<Leadership>;
  describe(signal: AbortSignal): Promise<ClusterFacts>;
  /** Resolves when the first byte has arrived. Logs in as needed, once more after a 403. Ending the iteration closes the connection. A chunk is good until the next one is asked for. */
  openSnapshot(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Revokes the token if it is our own; never rejects, takes a few seconds at most. */
  close(): Promise<void>;
}
