import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { onTestFinished } from '../fakes/test-end.ts';
import { removeVault, startEmptyVault, startVault, type VaultOptions } from '../servers/vault.ts';
import { type AppRole, appRole, SNAPSHOT_POLICY } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { type Ended, type Running, run, start } from '../system/program.ts';
import { makeScene, type Scene, type Settings, tree, unfinishedIn } from '../system/scene.ts';
import { ROOT } from '../unit/source-tree.ts';
import type { Report } from './told.ts';

const POLICY = `${SNAPSHOT_POLICY}
path "secret/data/check_timestamp" { capabilities = ["create", "update", "read"] }
`;

/** What `bootstrap --json` prints, as far as tests look at it. */
export interface Told {
  readonly run_id: string;
  readonly outcome: string;
  readonly level: string;
  readonly exit_code: number;
  readonly stage: string | null;
  readonly error: { readonly code: string; readonly message: string; readonly advice: string } | null;
  readonly snapshot: { readonly key: string } | null;
  readonly warnings: readonly string[];
  readonly acted: boolean;
  readonly reason: string | null;
  readonly peers: readonly { readonly address: string; readonly state: string }[];
  readonly skipped: readonly { readonly key: string; readonly reason: string }[];
  readonly phase: string | null;
  readonly waiting_for: string | null;
}

/** A cluster with a secret, a canary and snapshots of it, for all tests of a file. */
export interface Source {
  readonly node: VaultNode;
  readonly role: AppRole;
  /** Where its snapshots lie. */
  readonly snapshots: string;
  /** Writes that value and takes a snapshot; resolves with its name. */
  take(value: string): Promise<string>;
  remove(): Promise<void>;
}

export async function makeSource(node: VaultNode): Promise<Source> {
  const directory = await mkdtemp(join(tmpdir(), 'source-'));
  const [config, snapshots] = [join(directory, 'snapshot.json'), join(directory, 'snapshots')];
  await node.write('sys/mounts/secret', { type: 'kv', options: { version: '2' } });
  await node.write('sys/mounts/app', { type: 'kv', options: { version: '1' } });
  const role = await appRole(node, { policy: POLICY });
  const login = { role_id: role.roleId, secret_id: role.secretId };
  const settings = { addr: node.address, ...login, spool_path: join(directory, 'state'), canary: { mount: 'secret', required: true } };
  await writeFile(config, JSON.stringify({ ...settings, local_storage: { path: snapshots } }), { mode: 0o600 });
  // A mount of version 2 is made ready behind its answer.
  await until('the mount', async () => (await node.request('GET', 'secret/data/none', undefined, node.rootToken)).status === 404);
  const take = async (value: string) => {
    await node.write('app/secret', { value });
    const { stdout } = await promisify(execFile)(join(ROOT, 'bin/vault-snapshotd'), ['--once', '--json', '--config', config], {
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: '/nonexistent' },
    });
    return (JSON.parse(stdout) as Report).snapshot.name;
  };
  const remove = async () => {
    await removeVault(node);
    await rm(directory, { recursive: true });
  };
  return { node, role, snapshots, take, remove };
}

export async function shamirSource(): Promise<Source> {
  return await makeSource(await startVault({ shares: 3, threshold: 2, nodeId: 'first' }));
}

/** The host beside a server that is to be filled. */
export interface Bootstrapping extends Scene {
  begin(...flags: readonly string[]): Running;
  bootstrap(...flags: readonly string[]): Promise<{ readonly ended: Ended; readonly told: Told }>;
  /** From now on it has the shares of the source, a reference to a file in its configuration. */
  giveShares(settings?: Settings): Promise<void>;
  /** What is noted on disk, and nothing while nothing is. */
  phase(): Promise<string | undefined>;
}

export async function beside(node: VaultNode, { node: { keys }, role, snapshots }: Source, settings: Settings = {}): Promise<Bootstrapping> {
  const scene = await makeScene(node.address, role, { local_storage: { path: snapshots }, ...settings });
  const giveShares = async (changed: Settings = {}) => {
    const file = join(scene.directory, 'shares');
    await writeFile(file, `${keys.join('\n')}\n`, { mode: 0o600 });
    await scene.configure({ recovery: { shares: [{ file }] }, ...changed });
  };
  const args = ['bootstrap', '--config', scene.config, '--json'];
  const begin = (...flags: readonly string[]) => start([...args, ...flags]);
  const bootstrap = async (...flags: readonly string[]) => {
    const ended = await run([...args, ...flags]);
    if (ended.stdout === '') throw new Error(`bootstrap told nothing: ${ended.code} ${ended.stderr}`);
    const told = JSON.parse(ended.stdout) as Told;
    expect(ended.code, ended.stderr).toBe(told.exit_code);
    return { ended, told };
  };
  const phase = async () => {
    const name = (await tree(scene.state)).find((one) => /^bootstrap-\w+\.json$/.test(one));
    if (name === undefined) return undefined;
    const text = await readFile(join(scene.state, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    return text === undefined ? undefined : (JSON.parse(text) as { readonly phase: string }).phase;
  };
  return { ...scene, begin, bootstrap, giveShares, phase };
}

/** What an ended bootstrap leaves on this host: nothing. */
export async function leavesNothing({ state }: Scene): Promise<void> {
  expect(await unfinishedIn(state)).toEqual([]);
}

/** What a server serves to those whom the source knew. */
export async function secretOf(node: VaultNode, source: Source): Promise<unknown> {
  node.adopt(source.node);
  return ((await node.request('GET', 'app/secret', undefined, node.rootToken)).json.data as { readonly value?: string } | undefined)?.value;
}

export async function isInitialised(node: VaultNode): Promise<boolean> {
  return (await node.request('GET', 'sys/seal-status')).json.initialized === true;
}

/** A server that nobody has initialised; it ends with the test. */
export async function empty(options: VaultOptions = {}): Promise<VaultNode> {
  const node = await startEmptyVault({ nodeId: 'first', ...options });
  onTestFinished(() => removeVault(node));
  return node;
}
