import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseManifest } from '../../src/snapshot/manifest.ts';
import { scratchDirectory } from '../fakes/scratch.ts';
import type { AppRole } from '../servers/vault-data.ts';
import { until } from '../servers/wait.ts';
import { verifyArchive } from '../unit/snapshot/verify-archive.ts';
import { type Running, run, start } from './program.ts';

export type Settings = Readonly<Record<string, unknown>>;

/** A host of its own for one test: a configuration, a destination and a state directory. */
export interface Scene {
  readonly directory: string;
  readonly destination: string;
  readonly state: string;
  readonly config: string;
  /** Writes the configuration anew, with these keys besides or instead. */
  configure(settings: Settings): Promise<void>;
}

export async function makeScene(address: string, { roleId, secretId }: AppRole, settings: Settings = {}): Promise<Scene> {
  const directory = await scratchDirectory();
  const [destination, state, config] = [join(directory, 'snapshots'), join(directory, 'state'), join(directory, 'snapshot.json')];
  const base = { addr: address, role_id: roleId, secret_id: secretId, spool_path: state, local_storage: { path: destination }, ...settings };
  const configure = async (changed: Settings) => writeFile(config, JSON.stringify({ ...base, ...changed }), { mode: 0o600 });
  await configure({});
  return { directory, destination, state, config, configure };
}

export interface Started {
  readonly scene: Scene;
  readonly program: Running;
}

/** A daemon with its first round behind it and the next one far away. */
export async function startIdle(address: string, role: AppRole, settings: Settings = {}): Promise<Started> {
  const scene = await makeScene(address, role, settings);
  const program = start(['--config', scene.config]);
  await program.line(/round done/);
  return { scene, program };
}

/** Everything below a directory, hidden files and empty directories too; empty where there is none. */
export async function tree(directory: string): Promise<readonly string[]> {
  return existsSync(directory) ? (await readdir(directory, { recursive: true })).sort() : [];
}

export async function snapshotsIn(destination: string): Promise<readonly string[]> {
  return (await tree(destination)).filter((path) => path.endsWith('.snap'));
}

/** So many rounds, one after the other; resolves with all the snapshots that are there then. */
export async function taken(scene: Scene, count: number): Promise<readonly string[]> {
  for (let turn = 0; turn < count; turn++) expect((await run(['--once', '--config', scene.config])).code).toBe(0);
  return await snapshotsIn(scene.destination);
}

/** Everything in sight is a whole snapshot; with a manifest, it is also the one that manifest is about. */
export async function expectWhole(destination: string): Promise<void> {
  const all = await tree(destination);
  for (const name of all.filter((path) => path.endsWith('.snap'))) {
    const proof = await verifyArchive(await readFile(join(destination, name)));
    const manifest = `manifests/${name}.json`;
    if (!all.includes(manifest)) continue;
    expect(parseManifest(await readFile(join(destination, manifest), 'utf8')).archive_sha256).toBe(proof.sha256);
  }
}

/** What lies in the state directory besides what belongs there. */
export async function unfinishedIn(state: string): Promise<readonly string[]> {
  return (await tree(state)).filter((path) => !/^(intents|history-[0-9a-f]{16}\.json|status\.sock|\.daemon-[0-9a-f]{16}-[0-9a-f]{16}\.lock)$/.test(path));
}

/** As a round leaves it that ended well: these snapshots, each with its manifest, and nothing else at all. */
export async function expectTidy({ destination, state }: Scene, snapshots: number): Promise<void> {
  const names = await snapshotsIn(destination);
  expect(names).toHaveLength(snapshots);
  expect(await tree(destination)).toEqual(['manifests', ...names.map((name) => `manifests/${name}.json`), ...names]);
  // A daemon that lives may be writing down what happened.
  await until('nothing unfinished to be left', async () => (await unfinishedIn(state)).length === 0);
  await expectWhole(destination);
}
