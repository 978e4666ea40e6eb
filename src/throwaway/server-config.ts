import { SnapshotError } from '../errors.ts';
import type { ServerFacts } from '../recovery/contract.ts';

/** The socket of the server, in its own directory. */
export const SOCKET = 's';
/** The kernel takes no longer names for a socket. */
const LONGEST_SOCKET = 107;

export interface ServerSettings {
  readonly directory: string;
  readonly nodeId: string;
  readonly facts: ServerFacts;
  readonly ports: readonly [api: number, cluster: number];
  /** A stanza in the words of the server. */
  readonly seal: string;
}

/** By the stanza; undefined: there are several, and only the server itself knows what it makes of them. */
export function sealTypeOf(stanzas: string): string | undefined {
  const types = [...stanzas.matchAll(/^\s*seal\s+"?(\w+)"?\s*\{/gm)].map(([, type]) => type);
  return types.length > 1 ? undefined : (types[0] ?? 'shamir');
}

/** As open as only a server can be that nobody else reaches and that lives for minutes. */
export function renderServerConfig({ directory, nodeId, facts: { product, version }, ports: [api, cluster], seal }: ServerSettings): string {
  const socket = `${directory}/${SOCKET}`;
  if (Buffer.byteLength(socket) > LONGEST_SOCKET) {
    throw new SnapshotError('spool_failed', `${socket}: too long for a socket`, { advice: 'set "spool_path" to a directory with a shorter path' });
  }
  // Without these the server makes no root token from shares.
  const isVault2 = product === 'vault' && !/^[01]\./.test(version);
  const opening = isVault2 ? 'enable_unauthenticated_access = ["generate-root"]\n' : '';
  const inListener = product === 'openbao' ? '\n  disable_unauthed_generate_root_endpoints = false' : '';
  return `${opening}disable_mlock = true
ui = false
api_addr = "http://127.0.0.1:${api}"
cluster_addr = "https://127.0.0.1:${cluster}"
storage "raft" {
  path = ${JSON.stringify(`${directory}/data`)}
  node_id = ${JSON.stringify(nodeId)}
  performance_multiplier = 1
}
listener "tcp" {
  address = "127.0.0.1:${api}"
  cluster_address = "127.0.0.1:${cluster}"
  tls_disable = true${inListener}
}
listener "unix" {
  address = ${JSON.stringify(socket)}
  socket_mode = "600"
  tls_disable = true
  http_read_timeout = "1h"${inListener}
}
${seal}`;
}
