import { SnapshotError } from '../errors.ts';
import type { ClusterFacts } from '../vault/contract.ts';
import type { Hidden, RaftServer, SealStatus, ServerHealth, Target } from './contract.ts';

export const SNAPSHOT_PATH = 'sys/storage/raft/snapshot';
export const FORCE_PATH = 'sys/storage/raft/snapshot-force';

/** A server that is in use, before anything is done to it. */
export interface TargetFacts {
  readonly address: string;
  readonly status: SealStatus;
  readonly cluster: ClusterFacts;
  readonly appliedIndex: bigint | undefined;
  readonly servers: readonly RaftServer[];
  /** Undefined: nobody tells. */
  readonly health: readonly ServerHealth[] | undefined;
  readonly capabilities: ReadonlyMap<string, readonly string[]>;
}

/** Whether it is one to restore into at all; asked without a token, so that none goes to the wrong server. */
export async function checkTarget(target: Target, signal: AbortSignal): Promise<SealStatus> {
  const status = await target.sealStatus(signal);
  const refuse = (what: string, advice: string) => new SnapshotError('refused', `target: ${target.address}: ${what}`, { advice });
  if (!status.isInitialized) throw refuse('is not initialised', 'an empty server is filled with "vault-snapshotd bootstrap"');
  if (status.isSealed) throw refuse('is sealed', 'unseal it first: a sealed server accepts no snapshot');
  const { isSelf, leaderAddress } = await target.leader(signal);
  if (isSelf) return status;
  const leader = leaderAddress === '' ? 'nobody leads' : `the leader is ${leaderAddress}`;
  throw refuse(`is not the leader: ${leader}`, 'name the leader itself with --to, never a load balancer');
}

/** Where nobody knows us, it may be the wrong cluster. */
export function unlessKnown(error: unknown, { clusterId, wanted }: { readonly clusterId: string | undefined; readonly wanted: string | undefined }): unknown {
  if (!(error instanceof SnapshotError) || error.code !== 'vault_login_failed' || clusterId === undefined || wanted === undefined || clusterId === wanted)
    return error;
  const message = `${error.message}; it is a server of the cluster ${clusterId}, and the snapshot is of ${wanted}`;
  const advice = 'look at --to: is it the server you mean? If it is, the identity must be one that this server knows';
  return new SnapshotError('vault_login_failed', message, { cause: error, advice });
}

export async function askTarget(target: Target, token: Hidden, signal: AbortSignal): Promise<TargetFacts> {
  const [status, cluster, { appliedIndex }, capabilities, servers, health] = await Promise.all([
    target.sealStatus(signal),
    target.describe(signal),
    target.leader(signal),
    target.capabilities([SNAPSHOT_PATH, FORCE_PATH], token, signal),
    target.raftServers(token, signal).catch(explained),
    target.serverHealth(token, signal).catch(unlessDenied),
  ]);
  return { address: target.address, status, cluster, appliedIndex, servers, health, capabilities };
}

function explained(error: unknown): never {
  if (!(error instanceof SnapshotError) || error.code !== 'vault_denied') throw error;
  const advice = 'the token needs: path "sys/storage/raft/configuration" { capabilities = ["read"] }';
  throw new SnapshotError('vault_denied', error.message, { cause: error, advice });
}

function unlessDenied(error: unknown): undefined {
  if (error instanceof SnapshotError && error.code === 'vault_denied') return undefined;
  throw error;
}
