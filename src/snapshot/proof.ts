/** What one pass over an archive proved. Only a verifier makes one. */
export interface Proof {
  readonly bytes: number;
  readonly sha256: string;
  readonly meta: ArchiveMeta;
  readonly stateBytes: number;
  /** Records in state.bin. */
  readonly entries: number;
  /** From `core/seal-config`, in clear in the archive; undefined where that is not there or not readable. */
  readonly seal: { readonly type: string; readonly shares: number; readonly threshold: number } | undefined;
  /** SHA-256 of `core/hsm/barrier-unseal-keys`: changed by a rekey, so it tells which unseal keys open this snapshot. */
  readonly sealFingerprint: string | undefined;
  /** Odd but storable: keys out of order, missing sentinels. Freezes pruning. */
  readonly suspicious: readonly string[];
}

export interface ArchiveMeta {
  readonly index: bigint;
  readonly term: bigint;
  readonly stateBytes: number;
  readonly servers: readonly { readonly id: string; readonly voter: boolean }[];
}
