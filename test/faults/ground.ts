import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { Storage } from '../../src/storage/contract.ts';
import { objectKey } from '../../src/storage/key.ts';
import { put } from '../contract/storage-steps.ts';
import type { Place } from '../real/places.ts';
import { Stores } from '../real/stores.ts';
import { AZURITE_KEY } from '../servers/azurite.ts';
import { Cluster, startCluster } from '../servers/cluster.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole, fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run } from '../system/program.ts';
import { makeScene, snapshotsIn } from '../system/scene.ts';
import type { Deed } from './declaration.ts';

const SNAPSHOT_BYTES = 2_000_000;
const DAY_MS = 86_400_000;
/** How long ago the good snapshots were taken that lie there before; a clock that jumps a day stays clear of them. */
const SEED_AGES_MS = [20 * DAY_MS, 10 * DAY_MS];

/** Cells whose Vault is left alone share one; those that disturb it have theirs, one after the other. */
export const LANES = ['quiet', 'restless', 'cluster'] as const;
export type Lane = (typeof LANES)[number];

export function laneOf(deed: Deed): Lane {
  if (deed === 'moved') return 'cluster';
  return deed === 'sealed' || deed === 'restarted' ? 'restless' : 'quiet';
}

/** One Vault or cluster of them, whom it knows, and a good snapshot of it. */
export class Post {
  readonly role: AppRole;
  readonly #nodes: Cluster;
  readonly #archive: Buffer;
  readonly #manifest: Readonly<Record<string, unknown>>;

  private constructor(nodes: Cluster, role: AppRole, archive: Buffer, manifest: Readonly<Record<string, unknown>>) {
    this.#nodes = nodes;
    this.role = role;
    this.#archive = archive;
    this.#manifest = manifest;
  }

  static async begin(nodes: Cluster): Promise<Post> {
    const leader = await nodes.leader();
    await fill(leader, SNAPSHOT_BYTES);
    const role = await appRole(leader);
    const { config, destination } = await makeScene(leader.address, role);
    const { code, stderr } = await run(['--once', '--config', config]);
    expect(code, stderr).toBe(0);
    const [name = ''] = await snapshotsIn(destination);
    const manifest = await readFile(join(destination, `manifests/${name}.json`), 'utf8');
    return new Post(nodes, role, await readFile(join(destination, name)), JSON.parse(manifest));
  }

  get size(): number {
    return this.#archive.length;
  }

  leader(): Promise<VaultNode> {
    return this.#nodes.leader();
  }

  async stepDown(): Promise<void> {
    await this.#nodes.stepDown();
  }

  /** Whatever was done to it, it serves again. */
  async mend(): Promise<void> {
    for (const node of this.#nodes.nodes) {
      if (!node.isRunning) await node.start();
      if ((await node.request('GET', 'sys/seal-status')).json.sealed === true) await node.unseal();
    }
    await this.#nodes.leader();
  }

  /** Nothing of this may be seen anywhere. */
  async secrets(): Promise<readonly string[]> {
    const { rootToken, keys } = await this.leader();
    return [this.role.secretId, rootToken, ...keys, AZURITE_KEY, 'test-secret-key-of-minio'];
  }

  /** Puts good snapshots where they were in earlier times; tells their names, oldest first. */
  async seed({ storage, prefix }: Place): Promise<readonly string[]> {
    const folder = prefix === '' ? '' : `${prefix}/`;
    const names: string[] = [];
    for (const ageMs of SEED_AGES_MS) names.push(await this.#seedOne(storage, folder, new Date(Date.now() - ageMs)));
    return names;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#nodes.nodes.map((node) => removeVault(node)));
  }

  async #seedOne(storage: Storage, folder: string, takenAt: Date): Promise<string> {
    const name = `raft_snapshot-${takenAt.getTime()}000000.snap`;
    const manifest = { ...this.#manifest, key: `${folder}${name}`, taken_at: takenAt.toISOString(), finished_at: takenAt.toISOString() };
    await put(storage, objectKey(`${folder}${name}`), this.#archive);
    await put(storage, objectKey(`${folder}manifests/${name}.json`), Buffer.from(JSON.stringify(manifest)));
    return name;
  }
}

/** All the servers; a Vault is started when a cell wants it. */
export class Ground {
  readonly stores: Stores;
  readonly #posts = new Map<Lane, Promise<Post>>();

  private constructor(stores: Stores) {
    this.stores = stores;
  }

  static async open(): Promise<Ground> {
    return new Ground(await Stores.start());
  }

  async post(lane: Lane): Promise<Post> {
    const post = this.#posts.get(lane) ?? beginPost(lane);
    this.#posts.set(lane, post);
    return await post;
  }

  async close(): Promise<void> {
    const posts = await Promise.allSettled(this.#posts.values());
    await Promise.all([this.stores.stop(), ...posts.map((post) => (post.status === 'fulfilled' ? post.value.remove() : undefined))]);
  }
}

async function beginPost(lane: Lane): Promise<Post> {
  return await Post.begin(lane === 'cluster' ? await startCluster(2) : new Cluster([await startVault()]));
}

const runFile = promisify(execFile);

/** A disk made with mountSmallDisk gets room. */
export async function enlargeDisk(path: string): Promise<void> {
  await runFile('mount', ['-o', 'remount,size=64m', path]);
}
