import { SnapshotError } from '../errors.ts';
import type { Answer, VaultApi } from './api.ts';
import type { ClusterFacts } from './contract.ts';

/** What a manifest needs to know of the cluster; all of it without a token. */
export async function askCluster(api: VaultApi, signal: AbortSignal): Promise<ClusterFacts> {
  const [seal, leader] = await Promise.all([
    api.call({ method: 'GET', path: 'sys/seal-status' }, signal),
    api.call({ method: 'GET', path: 'sys/leader' }, signal),
  ]);
  checkUsable(seal);
  return readCluster(seal, leader);
}

/** Initialised, unsealed, and on raft: else the error that says which is missing. */
export function checkUsable({ json }: Answer): void {
  if (json.initialized === false) throw new SnapshotError('vault_uninitialized', 'vault: it is not initialised');
  if (json.sealed === true) throw new SnapshotError('vault_sealed', 'vault: it is sealed');
  if (json.sealed !== false) throw new SnapshotError('vault_bad_answer', 'vault: sys/seal-status: the answer does not say whether it is sealed');
  checkStorage(json.storage_type);
}

function checkStorage(type: unknown): void {
  if (type === undefined || type === 'raft') return;
  throw new SnapshotError('vault_not_raft', `vault: its storage is ${JSON.stringify(type)}, not "raft"`);
}

function readCluster({ json }: Answer, leader: Answer): ClusterFacts {
  const clusterId = text(json.cluster_id);
  if (clusterId === '') throw new SnapshotError('vault_bad_answer', 'vault: sys/seal-status: the answer holds no cluster_id');
  return {
    clusterId,
    clusterName: text(json.cluster_name),
    product: productOf(json, leader.json),
    version: text(json.version),
    sealType: text(json.type),
    sealShares: count(json.n),
    sealThreshold: count(json.t),
    hasRecoverySeal: json.recovery_seal === true,
  };
}

/** Version numbers of both overlap; these fields belong to one of them. */
function productOf(seal: Answer['json'], leader: Answer['json']): ClusterFacts['product'] {
  if ('performance_standby' in leader) return 'vault';
  if ('commit_date' in seal) return 'openbao';
  return text(seal.version).startsWith('2.') ? 'openbao' : 'vault';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}
