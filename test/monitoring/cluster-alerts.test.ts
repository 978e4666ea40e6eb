import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { failureKey, recordKey } from '../../src/snapshot/name.ts';
import { objectKey } from '../../src/storage/key.ts';
import { aCluster, type Cluster } from './nodes.ts';
import { firing } from './prometheus.ts';

async function alerts(names: readonly string[], story: (cluster: Cluster) => Promise<void>): Promise<readonly string[]> {
  const cluster = await aCluster(names);
  await story(cluster);
  await cluster.stop();
  return firing(cluster.scrapes);
}

const THREE = ['vault-0', 'vault-1', 'vault-2'];

describe('in a cluster of three', () => {
  it('a standby without a success of its own raises no alarm, however long', async () => {
    expect(await alerts(THREE, ({ pass }) => pass(200))).toEqual([]);
  });

  it('the death of the daemon on the leader is told, as long as nobody else leads', async () => {
    const fires = await alerts(THREE, async (cluster) => {
      await cluster.pass(70);
      await cluster.kill(cluster.nodes[0]!);
      await cluster.pass(20);
    });
    expect(fires).toEqual(['NoLeader', 'VaultSnapshotdNodeMissing']);
  });

  it('the death of the leader, and another one that takes over, leave one node missing and no gap', async () => {
    const fires = await alerts(THREE, async (cluster) => {
      await cluster.pass(10);
      await cluster.kill(cluster.nodes[0]!);
      cluster.lead(0);
      await cluster.pass(130);
    });
    expect(fires).toEqual(['VaultSnapshotdNodeMissing']);
  });

  it('a change of the leader raises no alarm, not even that there are two', async () => {
    const fires = await alerts(THREE, async (cluster) => {
      await cluster.pass(10);
      cluster.lead(1);
      await cluster.pass(8);
    });
    expect(fires).toEqual([]);
  });

  it('a drill that failed is told wherever it ran and whoever is started anew, until one goes well', async () => {
    const drilled = (cluster: Cluster, minute: number, error?: SnapshotError) => {
      const [key = ''] = [...cluster.good.objects.keys()].filter((name) => name.endsWith('.snap'));
      const at = new Date(Date.UTC(2026, 2, 1, 12, minute));
      const path = (error === undefined ? recordKey : failureKey)(objectKey(key), at);
      const text = JSON.stringify({ kind: 'drill', level: 'installed', at: at.toISOString(), rto_seconds: 3, error: error && { ...error, message: 'no' } });
      cluster.good.objects.set(path, { bytes: Buffer.from(text), modifiedAt: at });
    };
    const failed = async (cluster: Cluster) => {
      await cluster.pass(70);
      drilled(cluster, 20);
      drilled(cluster, 40, new SnapshotError('wrong_unseal_keys', 'no'));
      await cluster.kill(cluster.nodes[1]!);
      await cluster.start('vault-1');
      await cluster.pass(70);
    };
    expect(await alerts(THREE, failed)).toEqual(['DrillFailed']);
    const mended = async (cluster: Cluster) => {
      await failed(cluster);
      drilled(cluster, 140);
      await cluster.pass(70);
    };
    expect(await alerts(THREE, mended)).toEqual([]);
  });

  it('two that take themselves for the leader are told', async () => {
    const fires = await alerts(THREE, async (cluster) => {
      await cluster.pass(10);
      for (const { vault } of cluster.nodes.slice(1, 2)) vault.leaderships = cluster.nodes[0]!.vault.leaderships;
      await cluster.pass(10);
    });
    expect(fires).toEqual(['TwoLeaders']);
  });

  it('restarts one after the other raise no alarm and forget no success', async () => {
    const fires = await alerts(THREE, async (cluster) => {
      await cluster.pass(10);
      for (const name of THREE) {
        await cluster.kill(cluster.nodes.find((node) => node.name === name)!);
        await cluster.pass(2);
        await cluster.start(name);
        cluster.lead(0);
        await cluster.pass(5);
      }
      await cluster.pass(20);
    });
    expect(fires).toEqual([]);
  });

  it('the end of all of them is told', async () => {
    const fires = await alerts(['vault-0'], async (cluster) => {
      await cluster.pass(10);
      await cluster.kill(cluster.nodes[0]!);
      for (let minute = 0; minute < 20; minute++) cluster.scrapes['vault-0']?.push({ at: new Date(), text: undefined });
    });
    expect(fires).toEqual(['VaultSnapshotdAbsent']);
  });
});

describe('on one node', () => {
  it('a cluster that never had a snapshot is told of within minutes', async () => {
    const fires = await alerts(['vault-0'], async (cluster) => {
      for (const node of cluster.nodes) node.vault.archive = new SnapshotError('vault_denied', 'vault: 403');
      await cluster.kill(cluster.nodes[0]!);
      for (const { objects } of [cluster.bad, cluster.good]) objects.clear();
      const node = await cluster.start('vault-0');
      node.vault.archive = new SnapshotError('vault_denied', 'vault: 403');
      await cluster.pass(30);
    });
    expect(fires).toEqual(['DestinationStale', 'Failing at vault-0', 'Stale']);
  });

  it('what failed before the first scrape after a start is told all the same', async () => {
    const fires = await alerts(['vault-0'], async (cluster) => {
      const [node] = cluster.nodes;
      await cluster.pass(2);
      const text = node?.metrics().replace('_failures_total{cluster="prod",stage="verify"} 0', '_failures_total{cluster="prod",stage="verify"} 1');
      cluster.scrapes['vault-0'] = cluster.scrapes['vault-0']!.map((scrape) => ({ ...scrape, text }));
    });
    expect(fires).toEqual(['Corrupt at vault-0']);
  });

  it('an alarm ends when what failed works again', async () => {
    const fires = await alerts(['vault-0'], async (cluster) => {
      await cluster.pass(5);
      const [node] = cluster.nodes;
      const { archive } = node!.vault;
      node!.vault.archive = new SnapshotError('vault_denied', 'vault: 403');
      await cluster.pass(80);
      node!.vault.archive = archive;
      await cluster.pass(20);
    });
    expect(fires).toEqual([]);
  });
});
