import type { ClusterFacts } from '../vault/contract.ts';

/** A text that prints as `[secret]`: a share, a token. config/secret.ts makes them. */
export interface Hidden {
  reveal(): string;
}

/** What a server tells anybody, sealed or not. */
export interface SealStatus {
  readonly isInitialized: boolean;
  readonly isSealed: boolean;
  /** `shamir`, `awskms`, `transit` … */
  readonly type: string;
  readonly shares: number;
  readonly threshold: number;
  /** Shares given so far of an unsealing under way. */
  readonly progress: number;
  readonly version: string;
  readonly hasRecoverySeal: boolean;
  /** Only of an unsealed server. */
  readonly clusterId: string | undefined;
  /** It found itself put out of its cluster; only newer servers tell. */
  readonly isRemoved: boolean;
}

/** A program that a snapshot could be restored with. */
export interface ServerFacts {
  /** Undefined: an empty server does not tell. */
  readonly product: 'vault' | 'openbao' | undefined;
  readonly version: string;
}

export interface LeaderAnswer {
  readonly isSelf: boolean;
  /** Empty where nobody leads, or where it is hidden. */
  readonly leaderAddress: string;
  readonly appliedIndex: bigint | undefined;
}

export interface RaftServer {
  readonly id: string;
  /** Host and port for the other servers, not for clients. */
  readonly address: string;
  readonly isLeader: boolean;
  readonly isVoter: boolean;
}

/** One server as the leader sees it. */
export interface ServerHealth {
  readonly id: string;
  readonly isHealthy: boolean;
  readonly lastIndex: bigint | undefined;
}

/** One server as it is known to clients. */
export interface KnownNode {
  readonly apiAddress: string;
  readonly isActive: boolean;
}

export interface InitKeys {
  /** Unseal keys, or recovery keys under auto-unseal. */
  readonly shares: readonly Hidden[];
  readonly rootToken: Hidden;
}

/** A token of our own or of somebody who gave it. */
export interface Grant {
  readonly token: Hidden;
  /** Made for us just now; it can and should be revoked. */
  readonly isFresh: boolean;
  /** Undefined: it ends by use, or nobody has told when. */
  readonly lifeMs: number | undefined;
}

export interface Sending {
  readonly token: Hidden;
  /** Of the whole archive. */
  readonly bytes: number;
  /** To the path that lets an archive of other unseal keys pass. */
  readonly isForced: boolean;
  readonly stallTimeoutMs: number;
  onProgress(bytes: number): void;
}

/** `unanswered`: the server may have all it needs, and is to be watched as if it had accepted. */
export type Sent = 'accepted' | 'unanswered';

/**
 * One server that is restored into. Each call is one try with a deadline of its own, and follows no redirect. Every error is a SnapshotError; a
 * standby that sends us elsewhere is `vault_standby`, silence is `vault_unreachable`.
 */
export interface Target {
  readonly address: string;
  /** Waits five seconds at most: a server that applies a snapshot can be silent as long. */
  sealStatus(signal: AbortSignal): Promise<SealStatus>;
  /** Unsealed, active, and with its work taken up; never rejects but for the signal. */
  isServing(signal: AbortSignal): Promise<boolean>;
  leader(signal: AbortSignal): Promise<LeaderAnswer>;
  /** Of an unsealed server on raft; else the error that says which it is not. */
  describe(signal: AbortSignal): Promise<ClusterFacts>;

  init(keys: { readonly shares: number; readonly threshold: number; readonly areRecoveryKeys: boolean }, signal: AbortSignal): Promise<InitKeys>;
  /** Gives one share. Refused with the last one: `wrong_unseal_keys`, and none counts any more. */
  unseal(share: Hidden, signal: AbortSignal): Promise<SealStatus>;
  /** Forgets the shares given so far. */
  resetUnseal(signal: AbortSignal): Promise<void>;

  /** As the configuration says. */
  login(signal: AbortSignal): Promise<Grant>;
  /**
   * The rights of root for minutes, from a threshold of shares; `no_token` where the server does not let us. Leaves no attempt behind.
   * `remains` hears the accessor, if it is known, of a root token without an end that could not be revoked.
   */
  generateRoot(shares: readonly Hidden[], remains: (accessor: string | undefined) => void, signal: AbortSignal): Promise<Hidden>;
  /** A child that lives for minutes, with no more rights than to look at itself. */
  createToken(parent: Hidden, signal: AbortSignal): Promise<Grant>;
  /** False once the server knows it no more, or if it may not even look at itself. */
  isAlive(token: Hidden, signal: AbortSignal): Promise<boolean>;
  revoke(token: Hidden, signal: AbortSignal): Promise<void>;
  /** What the token may do, by path. */
  capabilities(paths: readonly string[], token: Hidden, signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>>;

  raftServers(token: Hidden, signal: AbortSignal): Promise<readonly RaftServer[]>;
  /** Undefined: nobody has told it yet, as just after an election. */
  serverHealth(token: Hidden, signal: AbortSignal): Promise<readonly ServerHealth[] | undefined>;
  knownNodes(token: Hidden, signal: AbortSignal): Promise<readonly KnownNode[]>;
  /** The fields of a GET answer, `data` where it has one; undefined for what is not there. */
  read(path: string, from: { readonly token: Hidden; readonly namespace?: string | undefined }, signal: AbortSignal): Promise<Fields | undefined>;
  write(path: string, fields: Fields, as: { readonly token: Hidden; readonly namespace?: string | undefined }, signal: AbortSignal): Promise<void>;

  /** Rejects only where nothing was changed. */
  sendSnapshot(archive: AsyncIterable<Uint8Array>, sending: Sending, signal: AbortSignal): Promise<Sent>;
  /** Safe twice; tokens are the caller's to revoke. */
  close(): void;
}

export type Fields = Readonly<Record<string, unknown>>;
