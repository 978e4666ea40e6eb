import { readFileSync } from 'node:fs';
import type { ServerTls } from './certificates.ts';
import { isLeader, removeVault, startEmptyVault, startVault, type VaultOptions } from './vault.ts';
import type { VaultNode } from './vault-node.ts';
import { until } from './wait.ts';

export interface ClusterOptions extends Pick<VaultOptions, 'shares' | 'threshold' | 'patience' | 'extraConfig'> {
  /** A certificate must name all the addresses of the nodes: 127.0.0.2, 127.0.0.3 and so on. */
  readonly tls?: ServerTls;
}

/** Nodes of one raft cluster, each on a loopback address of its own: 127.0.0.2 and up. */
export class Cluster {
  readonly nodes: readonly VaultNode[];

  constructor(nodes: readonly VaultNode[]) {
    this.nodes = nodes;
  }

  get rootToken(): string {
    return this.nodes[0]?.rootToken ?? '';
  }

  /** Waits for an election to end; `except` is one that led until just now. */
  async leader(except?: VaultNode): Promise<VaultNode> {
    return until('a leader', async () => {
      for (const node of this.nodes) {
        if (node === except || !node.isRunning) continue;
        const health = await node.request('GET', 'sys/health');
        if (health.status === 200 && (await isLeader(node))) return node;
      }
      return undefined;
    });
  }

  async followers(): Promise<readonly VaultNode[]> {
    const leader = await this.leader();
    return this.nodes.filter((node) => node !== leader && node.isRunning);
  }

  /** The leader hands over; resolves with the new one. */
  async stepDown(): Promise<VaultNode> {
    const leader = await this.leader();
    await leader.write('sys/step-down');
    return this.leader(leader);
  }

  /** SIGKILL to the leader; resolves when another one leads. `killed.start()` and `unseal()` bring it back. */
  async killLeader(): Promise<{ readonly killed: VaultNode; readonly leader: VaultNode }> {
    const killed = await this.leader();
    await killed.kill();
    return { killed, leader: await this.leader(killed) };
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => removeVault(node)));
  }
}

/** The first node leads at the start; all are unsealed and voters when it resolves. */
export async function startCluster(size = 3, options: ClusterOptions = {}): Promise<Cluster> {
  const first = await startVault({ ...options, hasAutopilot: size > 1, ip: '127.0.0.2', nodeId: 'node-1' });
  const nodes = [first];
  try {
    // As it comes, a node that joined waits ten seconds before it may vote. And it tells only every five how far it is:
    // by then a test may have written more than the thousand entries that make it count as sick.
    if (size > 1) await first.write('sys/storage/raft/autopilot/configuration', { server_stabilization_time: '1s', max_trailing_logs: 100_000 });
    for (let number = 2; number <= size; number++) {
      const node = await startEmptyVault({ ...options, hasAutopilot: true, ip: `127.0.0.${number + 1}`, nodeId: `node-${number}` });
      nodes.push(node);
      await join(node, first, options.tls);
    }
    if (size > 1) await until(`${size} healthy voters`, async () => (await healthyVoters(first)) === size);
    return new Cluster(nodes);
  } catch (error) {
    await new Cluster(nodes).remove();
    throw error;
  }
}

async function join(node: VaultNode, leader: VaultNode, tls: ServerTls | undefined): Promise<void> {
  const trust = tls && { leader_ca_cert: readFileSync(tls.caFile, 'utf8') };
  const identity = tls?.client && {
    leader_client_cert: readFileSync(tls.client.certFile, 'utf8'),
    leader_client_key: readFileSync(tls.client.keyFile, 'utf8'),
  };
  const { json, text } = await node.request('PUT', 'sys/storage/raft/join', { leader_api_addr: leader.address, ...trust, ...identity });
  if (json.joined !== true) throw new Error(`${node.settings.nodeId} could not join: ${text}`);
  node.adopt(leader);
  await node.unseal();
}

/** That vote, and that the leader has heard of lately: a node that has just joined counts as sick until its first echo. */
async function healthyVoters(node: VaultNode): Promise<number> {
  const { json } = await node.request('GET', 'sys/storage/raft/autopilot/state', undefined, node.rootToken);
  const { servers = {} } = (json.data ?? {}) as { readonly servers?: Readonly<Record<string, { readonly healthy: boolean; readonly status: string }>> };
  return Object.values(servers).filter(({ healthy, status }) => healthy && ['leader', 'voter'].includes(status)).length;
}
