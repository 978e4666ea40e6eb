import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Cluster, startCluster } from '../servers/cluster.ts';
import { removeVault, startEmptyVault, startVault } from '../servers/vault.ts';
import { appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { run } from '../system/program.ts';
import { expectTidy, makeScene } from '../system/scene.ts';
import { manifestsIn, reportOf } from './told.ts';

const SECRETS = 300;

const SOURCES = [
  { source: 'a single node with one share of one', shares: 1, threshold: 1, nodes: 1 },
  { source: 'a single node with three shares of five', shares: 5, threshold: 3, nodes: 1 },
  { source: 'three nodes with two shares of three', shares: 3, threshold: 2, nodes: 3 },
];

describe('a snapshot of ours', () => {
  let source: Cluster | undefined;
  let fresh: VaultNode | undefined;

  afterEach(async () => {
    await source?.remove();
    if (fresh !== undefined) await removeVault(fresh);
  });

  it.each(SOURCES)('of $source is accepted by a fresh server and brings everything back', async ({ shares, threshold, nodes }) => {
    source = nodes === 1 ? new Cluster([await startVault({ shares, threshold })]) : await startCluster(nodes, { shares, threshold });
    const leader = await source.leader();
    await writeEverything(leader);
    const before = await readEverything(leader);

    const scene = await makeScene(leader.address, await appRole(leader));
    const ended = await run(['--once', '--json', '--config', scene.config]);
    expect(ended).toMatchObject({ code: 0 });
    await expectTidy(scene, 1);
    const { snapshot } = reportOf(ended);
    const [manifest] = await manifestsIn(scene.destination);
    const file = join(scene.destination, snapshot.name);

    const inspected = JSON.parse((await leader.cli(['operator', 'raft', 'snapshot', 'inspect', '-format=json', file])).stdout) as Inspected;
    expect([inspected.Meta.Index, inspected.Meta.Term].map(Number)).toEqual([manifest?.raft_index, manifest?.raft_term]);
    expect(manifest).toMatchObject({ seal_shares: shares, seal_threshold: threshold, raft_servers: source.nodes.map(() => ({ voter: true })) });

    // The source is gone, as when it matters. Else a restored standby would forward to it what we ask.
    await Promise.all(source.nodes.map((node) => node.kill()));
    // Under an id that the snapshot does not know, the restored server may find itself removed from the cluster and seal itself.
    fresh = await startEmptyVault({ nodeId: leader.settings.nodeId });
    await restoreInto(fresh, file, leader);
    expect(await readEverything(fresh)).toEqual(before);
  });
});

/** The part of `vault operator raft snapshot inspect` that we tell as well. */
interface Inspected {
  readonly Meta: { readonly Index: number | string; readonly Term: number | string };
}

/** As an operator does it by hand. The fresh server is given the source's number of shares: only then it takes the source's own without a restart. */
async function restoreInto(fresh: VaultNode, file: string, source: VaultNode): Promise<void> {
  await fresh.init(source.keys.length, source.threshold);
  await fresh.unseal();
  await fresh.cli(['operator', 'raft', 'snapshot', 'restore', '-force', file]);
  await until('the restored server to seal itself', async () => (await fresh.request('GET', 'sys/seal-status')).json.sealed === true);
  fresh.adopt(source);
  await fresh.unseal();
  await until('the restored server to lead', async () => (await fresh.request('GET', 'sys/health')).status === 200);
}

async function writeEverything(node: VaultNode): Promise<void> {
  await node.write('sys/mounts/app', { type: 'kv', options: { version: '2' } });
  await node.write('sys/mounts/legacy', { type: 'kv', options: { version: '1' } });
  await node.write('sys/policies/acl/readers', { policy: 'path "app/data/*" { capabilities = ["read"] }' });
  // A mount of version 2 is made ready behind its answer.
  await until('the new mount', async () => (await node.request('PUT', 'app/data/first', { data: { value: 'first' } }, node.rootToken)).status === 200);
  for (let number = 0; number < SECRETS; number++) {
    await node.write(`app/data/team-${number % 7}/secret-${number}`, { data: { password: `pass ${number} ü "${'x'.repeat(number)}"`, number } });
    if (number % 10 === 0) await node.write(`legacy/secret-${number}`, { value: `old ${number}` });
  }
}

/** All that was written, as a client reads it. */
async function readEverything(node: VaultNode): Promise<Readonly<Record<string, unknown>>> {
  const paths = ['app/data/first', 'sys/policies/acl/readers', 'sys/mounts/app/tune', 'sys/mounts/legacy/tune'];
  for (let number = 0; number < SECRETS; number++) {
    paths.push(`app/data/team-${number % 7}/secret-${number}`);
    if (number % 10 === 0) paths.push(`legacy/secret-${number}`);
  }
  const found: Record<string, unknown> = {};
  for (const path of paths) {
    const { status, json, text } = await node.request('GET', path, undefined, node.rootToken);
    if (status !== 200) throw new Error(`read ${path}: ${status} ${text}`);
    found[path] = json.data;
  }
  return found;
}
