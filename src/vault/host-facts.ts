import { SnapshotError } from '../errors.ts';
import { abortable } from './abortable.ts';
import type { Answer } from './api.ts';
import { isRecord } from './auth/login.ts';
import { hostOf, type LeadershipFacts, type Peer, type ResolvedHost } from './leadership.ts';

/** The addresses of a host name; an IP address is its own. Rejects when the name is not known. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** A name that does not resolve names no host of ours. */
export async function resolveHost(text: string, resolve: Resolve, signal: AbortSignal): Promise<ResolvedHost> {
  const host = hostOf(text);
  if (host === undefined) return { text, addresses: [] };
  const addresses = await abortable(resolve(host), signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof Error && 'code' in error) return [];
    throw error;
  });
  return { text, addresses };
}

/** Both addresses of the leader, as far as Vault tells them. */
export async function leaderHosts({ json }: Answer, resolve: Resolve, signal: AbortSignal): Promise<readonly ResolvedHost[]> {
  const texts = [json.leader_address, json.leader_cluster_address].filter((text) => typeof text === 'string' && text !== '');
  return await Promise.all(texts.map((text) => resolveHost(String(text), resolve, signal)));
}

export async function readPeers({ json }: Answer, resolve: Resolve, signal: AbortSignal): Promise<LeadershipFacts['peers']> {
  const config = isRecord(json.data) ? json.data.config : undefined;
  const servers = isRecord(config) && Array.isArray(config.servers) ? config.servers.filter(isRecord) : [];
  if (servers.length === 0) return 'unreadable';
  const peers = servers.map(async (server): Promise<Peer> => {
    const host = await resolveHost(typeof server.address === 'string' ? server.address : '', resolve, signal);
    return { ...host, isLeader: server.leader === true };
  });
  return await Promise.all(peers);
}

/** Kept to its last digit: JSON.parse rounds beyond 2^53. Undefined where the server leaves it out. */
export function readAppliedIndex(text: string): bigint | undefined {
  const found = /"raft_applied_index"\s*:\s*(\d+)/.exec(text);
  return found?.[1] === undefined ? undefined : BigInt(found[1]);
}

/** A refusal tells us to decide without the raft configuration; a Vault that is away or sealed ends the round. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof SnapshotError)) return false;
  return ['vault_denied', 'vault_login_failed', 'secret_unavailable', 'vault_error', 'vault_not_raft', 'vault_standby'].includes(error.code);
}
