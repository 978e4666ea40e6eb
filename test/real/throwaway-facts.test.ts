import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startEmptyVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';

const STAYS_MS = 10_000;

interface Combination {
  /** Of the throw-away, as it is initialised; the source has three of five. */
  readonly shares: number;
  readonly threshold: number;
  /** The snapshot knows `first`. */
  readonly nodeId: string;
  readonly isRestarted: boolean;
}

/** Why a drill restarts its server, and a bootstrap initialises with the numbers of the snapshot and does not. */
describe('a server that was filled with the snapshot of another cluster', () => {
  let source: VaultNode;
  let snapshot: Uint8Array<ArrayBuffer>;
  let clusterId: unknown;

  beforeAll(async () => {
    source = await startVault({ nodeId: 'first', shares: 5, threshold: 3 });
    clusterId = (await source.request('GET', 'sys/seal-status')).json.cluster_id;
    const answer = await fetch(`${source.address}/v1/sys/storage/raft/snapshot`, { headers: { 'x-vault-token': source.rootToken } });
    snapshot = new Uint8Array(await answer.arrayBuffer());
    await source.terminate();
  });

  afterAll(() => removeVault(source));

  // A few side by side, each with a server of its own: they wait most of the time.
  it.concurrent.for([
    { nodeId: 'first', isRestarted: false, shares: 5, threshold: 3, outcome: 'serves' },
    { nodeId: 'other', isRestarted: false, shares: 5, threshold: 3, outcome: 'serves' },
    { nodeId: 'first', isRestarted: true, shares: 5, threshold: 3, outcome: 'serves' },
    { nodeId: 'other', isRestarted: true, shares: 5, threshold: 3, outcome: 'serves' },
    { nodeId: 'first', isRestarted: false, shares: 1, threshold: 1, outcome: 'takes no shares of the source' },
    { nodeId: 'other', isRestarted: false, shares: 1, threshold: 1, outcome: 'takes no shares of the source' },
    { nodeId: 'first', isRestarted: true, shares: 1, threshold: 1, outcome: 'serves' },
    { nodeId: 'other', isRestarted: true, shares: 1, threshold: 1, outcome: 'serves' },
  ])(
    'with $threshold of $shares, as node $nodeId, restarted: $isRestarted: $outcome',
    { timeout: 120_000 },
    async ({ outcome, ...combination }, { onTestFinished }) => {
      const node = await startEmptyVault({ nodeId: combination.nodeId });
      onTestFinished(() => removeVault(node));
      expect(await outcomeOf(node, combination)).toBe(outcome);
    },
  );

  async function outcomeOf(node: VaultNode, { shares, threshold, isRestarted }: Combination): Promise<string> {
    await node.init(shares, threshold);
    await node.unseal();
    await until('it to lead', () => hasLedFor(node, 1_000));
    await sendTo(node);
    await until('the snapshot to be applied', () => isSealed(node));
    // A restored node tells the seal of the source only once it is started anew.
    expect((await sealStatus(node)).n).toBe(shares);
    if (isRestarted) {
      await node.kill();
      await node.start();
      expect(await sealStatus(node)).toMatchObject({ n: 5, t: 3, sealed: true });
    }
    for (const key of source.keys.slice(0, 3)) {
      const { status, text } = await node.request('PUT', 'sys/unseal', { key });
      if (status !== 200) return text.includes('invalid key size') ? 'takes no shares of the source' : text;
    }
    return await until('it to stay as it is', async () => {
      if (await isSealed(node))
        return (await readFile(node.logFile, 'utf8')).includes('removed from the HA cluster') && 'seals itself: removed from its cluster';
      return (await hasLedFor(node, STAYS_MS)) && (await sealStatus(node)).cluster_id === clusterId && 'serves';
    });
  }

  async function sendTo({ address, rootToken }: VaultNode): Promise<void> {
    const answer = await fetch(`${address}/v1/sys/storage/raft/snapshot-force`, { method: 'POST', headers: { 'x-vault-token': rootToken }, body: snapshot });
    expect(answer.status).toBe(204);
  }
});

async function sealStatus(node: VaultNode): Promise<Readonly<Record<string, unknown>>> {
  return (await node.request('GET', 'sys/seal-status')).json;
}

async function isSealed(node: VaultNode): Promise<boolean> {
  return (await sealStatus(node)).sealed === true;
}

async function hasLedFor(node: VaultNode, ms: number): Promise<boolean> {
  const { is_self: isLeader, active_time: since } = (await node.request('GET', 'sys/leader')).json;
  return isLeader === true && Date.now() - Date.parse(String(since)) >= ms;
}
