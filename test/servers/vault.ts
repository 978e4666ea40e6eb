import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverBinary, VAULT } from './binaries.ts';
import type { ServerTls } from './certificates.ts';
import { freePorts } from './ports.ts';
import { VaultNode } from './vault-node.ts';

export interface VaultOptions {
  /** A loopback address; 127.0.0.1 if not given. */
  readonly ip?: string;
  readonly port?: number;
  readonly nodeId?: string;
  readonly tls?: ServerTls;
  /** Unseal keys; one of one if not given. */
  readonly shares?: number;
  readonly threshold?: number;
  /** Of a leader in elections: see `VaultNodeSettings`. */
  readonly patience?: number;
  /** Where others join; without it a restore can never meet it at work, which leaves Vault 1.21 standing still for good. */
  readonly hasAutopilot?: boolean;
  readonly extraConfig?: string;
  /** Of a `vault` or `bao` to start instead of the one in the cache. */
  readonly binary?: string;
}

/** A node that is started and neither initialised nor unsealed, in a directory of its own. */
export async function startEmptyVault(options: VaultOptions = {}): Promise<VaultNode> {
  const { ip = '127.0.0.1', port, nodeId = 'node', tls, patience, hasAutopilot = false, extraConfig } = options;
  const env = hasAutopilot ? {} : { VAULT_RAFT_AUTOPILOT_DISABLE: '1' };
  const binary = options.binary ?? (await serverBinary(VAULT));
  const [freePort = 0, clusterPort = 0] = await freePorts(ip, 2);
  const dir = await mkdtemp(join(tmpdir(), 'vault-'));
  const node = new VaultNode({ binary, dir, nodeId, ip, port: port ?? freePort, clusterPort, tls, patience, extraConfig, env });
  try {
    await node.start();
    return node;
  } catch (error) {
    await node.kill();
    throw error;
  }
}

/** A single node: initialised, unsealed, leader of itself. End it with `removeVault`. */
export async function startVault(options: VaultOptions = {}): Promise<VaultNode> {
  const node = await startEmptyVault(options);
  try {
    const { shares = 1, threshold = shares } = options;
    await node.init(shares, threshold);
    await node.unseal();
    return node;
  } catch (error) {
    await node.kill();
    throw error;
  }
}

/** Ends the process and removes its data. Nothing in them is worth a graceful end. */
export async function removeVault(node: VaultNode): Promise<void> {
  await node.kill();
  await rm(node.settings.dir, { recursive: true, force: true });
}

export async function isLeader(node: VaultNode): Promise<boolean> {
  return node.isRunning && (await node.request('GET', 'sys/leader')).json.is_self === true;
}
