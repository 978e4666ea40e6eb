import { afterEach, describe, expect, it } from 'vitest';
import { Cluster, startCluster } from '../servers/cluster.ts';
import { startVault } from '../servers/vault.ts';
import { until } from '../servers/wait.ts';
import { start } from '../system/program.ts';
import { snapshotsIn } from '../system/scene.ts';
import { readEverything, writeEverything } from './everything.ts';
import { everyNodeAgrees, has, makeRestoreScene, nothingInSpool } from './restore-scene.ts';

const SECRETS = 1000;
/** A leader that steps down for want of half a second, as on a busy machine, cannot finish a restore: Vault seals it. */
const PATIENCE = 4;

describe('restore into the cluster that the snapshot is of', () => {
  let cluster: Cluster | undefined;

  afterEach(async () => {
    await cluster?.remove();
  });

  it.each([{ nodes: 1 }, { nodes: 3 }])('brings back everything of $nodes servers, and all of them agree', async ({ nodes }) => {
    cluster = nodes === 1 ? new Cluster([await startVault({ shares: 5, threshold: 3 })]) : await startCluster(nodes, { patience: PATIENCE });
    const leader = await cluster.leader();
    await writeEverything(leader, SECRETS);
    const scene = await makeRestoreScene(leader);
    const name = await scene.take();
    const before = await readEverything(leader, SECRETS);
    await leader.write('app/data/later', { data: { value: 'later' } });
    await leader.write('app/data/first', { data: { value: 'changed' } });

    const { told } = await scene.restore(leader.address, '--snapshot', 'latest', '--confirm', scene.clusterName);
    expect(told).toMatchObject({ outcome: 'ok', level: 'unsealed', proof: 'token', error: null });
    expect(told.snapshot?.key).toBe(`local: ${name}`);
    everyNodeAgrees(cluster, told);
    expect(await readEverything(leader, SECRETS)).toEqual(before);
    expect(await has(leader, 'app/data/later')).toBe(false);
    await nothingInSpool(scene);

    // The way back: what was given up lies there whole, and "latest" never means it.
    expect(told.left_behind).toEqual([`safety snapshot: ${told.safety_snapshot}`]);
    const safety = told.safety_snapshot?.split('/').at(-1) ?? '';
    const again = await scene.restore(leader.address, '--snapshot', 'latest', '--dry-run');
    expect(again.told.snapshot?.key).toBe(`local: ${name}`);

    // Nor does the daemon: the restored state has a snapshot of its own as soon as it looks, and not an interval after that.
    const daemon = start(['--config', scene.config]);
    await until('the daemon to have taken one', async () => (await snapshotsIn(scene.destination)).length === 3);
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);

    const back = await scene.restore(leader.address, '--snapshot', safety, '--confirm', scene.clusterName, '--no-safety-snapshot');
    expect(back.told).toMatchObject({ outcome: 'ok', proof: 'token', safety_snapshot: null, left_behind: [] });
    expect(await has(leader, 'app/data/later')).toBe(true);
  });
});
