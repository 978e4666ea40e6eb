import { Secret } from '../config/secret.ts';
import { SnapshotError } from '../errors.ts';
import type { Fields, Grant, InitKeys, KnownNode, RaftServer, SealStatus, ServerHealth } from '../recovery/contract.ts';
import type { Answer } from './api.ts';
import { isRecord } from './auth/login.ts';

export function readSealStatus({ json }: Answer): SealStatus {
  if (typeof json.sealed !== 'boolean') throw badAnswer('sys/seal-status', 'whether it is sealed');
  return {
    // Before its init a server of some versions leaves the field out.
    isInitialized: json.initialized === true,
    isSealed: json.sealed,
    type: text(json.type),
    shares: count(json.n),
    threshold: count(json.t),
    progress: count(json.progress),
    version: text(json.version),
    hasRecoverySeal: json.recovery_seal === true,
    clusterId: text(json.cluster_id) || undefined,
    isRemoved: json.removed_from_cluster === true,
  };
}

export function readInitKeys({ json }: Answer): InitKeys {
  const keys = [json.keys_base64, json.recovery_keys_base64].find((list) => Array.isArray(list) && list.length > 0);
  if (!Array.isArray(keys) || typeof json.root_token !== 'string') throw badAnswer('sys/init', 'keys and a root token');
  return { shares: keys.map((key) => new Secret(text(key))), rootToken: new Secret(json.root_token) };
}

export function readGrant({ json }: Answer): Grant {
  const auth = isRecord(json.auth) ? json.auth : {};
  const token = text(auth.client_token);
  if (token === '') throw badAnswer('auth/token/create', 'a token');
  return { token: new Secret(token), isFresh: true, lifeMs: count(auth.lease_duration) * 1000 || undefined };
}

export function readRaftServers({ json }: Answer): readonly RaftServer[] {
  const config = isRecord(json.data) && isRecord(json.data.config) ? json.data.config : {};
  const servers: unknown = config.servers;
  if (!Array.isArray(servers) || servers.length === 0) throw badAnswer('sys/storage/raft/configuration', 'servers');
  return servers.filter(isRecord).map((server) => ({
    id: text(server.node_id),
    address: text(server.address),
    isLeader: server.leader === true,
    isVoter: server.voter === true,
  }));
}

export function readHealth({ servers }: Fields): readonly ServerHealth[] {
  const told = isRecord(servers) ? Object.values(servers).filter(isRecord) : [];
  return told.map(({ id, healthy, last_index }) => ({
    id: text(id),
    isHealthy: healthy === true,
    // Compared by people and with others of the same answer: rounding beyond 2^53 does no harm.
    lastIndex: typeof last_index === 'number' ? BigInt(Math.trunc(last_index)) : undefined,
  }));
}

export function readNodes({ nodes, Nodes }: Fields): readonly KnownNode[] {
  const told: unknown = nodes ?? Nodes;
  const list = Array.isArray(told) ? told.filter(isRecord) : [];
  return list.map(({ api_address, active_node }) => ({ apiAddress: text(api_address), isActive: active_node === true }));
}

function badAnswer(path: string, what: string): SnapshotError {
  return new SnapshotError('vault_bad_answer', `vault: ${path}: the answer does not hold ${what}`);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
}
