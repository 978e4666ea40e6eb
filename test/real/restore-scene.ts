import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Cluster } from '../servers/cluster.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { type Ended, run } from '../system/program.ts';
import { makeScene, type Scene, type Settings } from '../system/scene.ts';
import { restoreRole } from './everything.ts';
import { reportOf } from './told.ts';

/** What `restore --json` prints, as far as tests look at it. */
export interface Restored {
  readonly outcome: string;
  readonly level: string;
  readonly exit_code: number;
  readonly stage: string | null;
  readonly error: { readonly code: string; readonly message: string; readonly advice: string } | null;
  readonly snapshot: { readonly key: string; readonly cluster_id: string } | null;
  readonly steps: readonly { readonly name: string; readonly ok: boolean }[];
  readonly warnings: readonly string[];
  readonly left_behind: readonly string[];
  readonly target: { readonly before?: { readonly cluster_name: string }; readonly nodes: readonly { readonly name: string; readonly state: string }[] };
  readonly safety_snapshot: string | null;
  readonly guards: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  readonly proof: string | null;
  readonly next_steps: readonly string[];
}

/** A host with an identity that may restore, its snapshots, and the name that is to be typed. */
export interface RestoreScene extends Scene {
  readonly clusterName: string;
  /** Takes a snapshot now; resolves with its name. */
  take(): Promise<string>;
  restore(address: string, ...flags: readonly string[]): Promise<{ readonly ended: Ended; readonly told: Restored }>;
}

export async function makeRestoreScene(leader: VaultNode, settings: Settings = {}): Promise<RestoreScene> {
  const scene = await makeScene(leader.address, await restoreRole(leader), settings);
  const clusterName = (await leader.request('GET', 'sys/seal-status')).json.cluster_name as string;
  const take = async () => {
    const ended = await run(['--once', '--json', '--config', scene.config]);
    expect(ended).toMatchObject({ code: 0 });
    return reportOf(ended).snapshot.name;
  };
  const restore = async (address: string, ...flags: readonly string[]) => {
    const ended = await run(['restore', '--config', scene.config, '--to', address, '--json', ...flags]);
    if (ended.stdout === '') throw new Error(`restore told nothing: ${ended.code} ${ended.stderr}`);
    const told = JSON.parse(ended.stdout) as Restored;
    expect(ended.code, ended.stderr).toBe(told.exit_code);
    return { ended, told };
  };
  return { ...scene, clusterName, take, restore };
}

/** Whether anything lies at that path. */
export async function has(node: VaultNode, path: string): Promise<boolean> {
  return (await node.request('GET', path, undefined, node.rootToken)).status === 200;
}

export async function nothingInSpool(scene: Scene): Promise<void> {
  const left = await readdir(join(scene.state));
  expect(left.filter((name) => name.includes('spool'))).toEqual([]);
}

export function everyNodeAgrees(cluster: Cluster, told: Restored): void {
  expect([...told.target.nodes].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(cluster.nodes.map(({ address: name }) => ({ name, state: 'agrees' })));
}
