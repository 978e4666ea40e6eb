/** What was proved about one snapshot, written last beside it and never rewritten. Field names are public (docs/manifest.md). */
export interface Manifest {
  readonly format: 1;
  readonly key: string;
  readonly cluster_id: string;
  readonly cluster_name: string;
  readonly product: 'vault' | 'openbao';
  readonly server_version: string;
  /** The host that took it. */
  readonly node: string;
  readonly round_id: string;
  readonly schedule: string;
  /** RFC 3339 UTC. */
  readonly taken_at: string;
  readonly finished_at: string;
  readonly agent_version: string;
  readonly seal_type: string;
  readonly seal_shares: number;
  readonly seal_threshold: number;
  readonly recovery_seal: boolean;
  readonly seal_fingerprint: string | null;
  readonly raft_index: number | string;
  readonly raft_term: number | string;
  readonly raft_servers: readonly { readonly id: string; readonly voter: boolean }[];
  readonly entries: number;
  readonly state_bytes: number;
  readonly archive_bytes: number;
  readonly archive_sha256: string;
  readonly stored_bytes: number;
  readonly stored_sha256: string;
  readonly encryption: null;
  readonly canary: null;
  readonly previous: { readonly key: string; readonly sha256: string; readonly raft_index: number | string } | null;
  readonly suspicious: readonly string[];
  /** What happened to Vault while we read, if anything: a leader change, a seal, silence. */
  readonly notes: readonly string[];
}
