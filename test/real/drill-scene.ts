import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { scratchDirectory } from '../fakes/scratch.ts';
import { serverBinary, VAULT } from '../servers/binaries.ts';
import { appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { type Ended, type Environment, type Running, run, start } from '../system/program.ts';
import { makeScene, type Scene, type Settings, unfinishedIn } from '../system/scene.ts';
import { reportOf } from './told.ts';

/** What `drill --json` prints, as far as tests look at it. */
export interface Drilled {
  readonly outcome: string;
  readonly level: string;
  readonly exit_code: number;
  readonly stage: string | null;
  readonly error: { readonly code: string; readonly message: string; readonly advice: string } | null;
  readonly destination: string | null;
  readonly steps: readonly { readonly name: string; readonly ok: boolean }[];
  readonly warnings: readonly string[];
  readonly left_behind: readonly string[];
  readonly isolated: boolean;
  readonly server: { readonly product: string; readonly version: string } | null;
  readonly seal: { readonly type: string; readonly shares: number; readonly threshold: number; readonly fingerprint: string } | null;
  readonly canary: { readonly value: string; readonly age_seconds: number; readonly equals_manifest: boolean } | null;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
  readonly rto_seconds: number | null;
  readonly proof: string | null;
  readonly token_way: string | null;
}

/** A cluster that a drill is about: its snapshots, with canaries. */
export interface DrillScene extends Scene {
  /** Takes a snapshot now; resolves with its name. */
  take(): Promise<string>;
  /** A host that drills, with these shares and these keys besides or instead; each has a state directory of its own. */
  host(shares: readonly string[], settings?: Settings): Promise<DrillHost>;
}

export interface DrillHost {
  readonly state: string;
  /** Where its snapshots come from. */
  readonly destination: string;
  /** To its end; whatever the end is, nothing must be left. */
  drill(flags?: readonly string[], env?: Environment): Promise<Told>;
  begin(flags?: readonly string[]): Running;
}

export interface Told {
  readonly ended: Ended;
  readonly told: Drilled;
}

const POLICY = `
path "sys/storage/raft/snapshot" { capabilities = ["read"] }
path "sys/storage/raft/configuration" { capabilities = ["read"] }
path "secret/data/check_timestamp" { capabilities = ["create", "update", "read"] }
path "old/check_timestamp" { capabilities = ["create", "update", "read"] }
`;

/** What a drill needs inside the snapshot, as docs/drill.md has it. */
const DRILL_POLICY = `
path "secret/data/*" { capabilities = ["read"] }
path "sys/mounts" { capabilities = ["read"] }
path "sys/auth" { capabilities = ["read"] }
path "sys/policies/acl/*" { capabilities = ["read"] }
`;

/** The two stores of canaries, and a secret. */
export async function fillSource(leader: VaultNode): Promise<void> {
  await leader.write('sys/mounts/secret', { type: 'kv', options: { version: '2' } });
  await leader.write('sys/mounts/old', { type: 'kv', options: { version: '1' } });
  const isReady = async () => (await leader.request('PUT', 'secret/data/app', { data: { value: 'kept' } }, leader.rootToken)).status === 200;
  await until('the new mount', isReady);
}

export async function makeDrillScene(leader: VaultNode, settings: Settings = {}): Promise<DrillScene> {
  const role = await appRole(leader, { role: 'taker', policy: POLICY });
  const drillRole = await appRole(leader, { role: 'drill', policy: DRILL_POLICY });
  const binary = await serverBinary(VAULT);
  const scene = await makeScene(leader.address, role, { canary: { mount: 'secret' }, ...settings });
  const take = async () => {
    const ended = await run(['--once', '--json', '--config', scene.config]);
    expect(ended).toMatchObject({ code: 0 });
    return reportOf(ended).snapshot.name;
  };
  const host = async (shares: readonly string[], { drill, ...rest }: Settings = {}) => {
    const directory = await scratchDirectory();
    const [state, config, shareFile] = [join(directory, 'state'), join(directory, 'recovery.json'), join(directory, 'shares')];
    await writeFile(shareFile, `${shares.join('\n')}\n`, { mode: 0o600 });
    const own = {
      addr: leader.address,
      spool_path: state,
      local_storage: { path: scene.destination },
      ...(shares.length > 0 && { recovery: { shares: [{ file: shareFile }] } }),
      drill: { binary, role_id: drillRole.roleId, secret_id: drillRole.secretId, ...(drill as Settings | undefined) },
      ...rest,
    };
    await writeFile(config, JSON.stringify(own), { mode: 0o600 });
    return makeHost(config, state, own.local_storage.path);
  };
  return { ...scene, take, host };
}

function makeHost(config: string, state: string, destination: string): DrillHost {
  const args = (flags: readonly string[]) => ['drill', '--config', config, '--json', ...flags];
  const drill = async (flags: readonly string[] = [], env: Environment = {}) => {
    const ended = await run(args(flags), env);
    if (ended.stdout === '') throw new Error(`drill told nothing: ${ended.code} ${ended.stderr}`);
    const told = JSON.parse(ended.stdout) as Drilled;
    expect(ended.code, ended.stderr).toBe(told.exit_code);
    await nothingLeft(state);
    return { ended, told };
  };
  return { state, destination, drill, begin: (flags = []) => start(args(flags)) };
}

/** Neither a process nor a directory nor a spool. */
export async function nothingLeft(state: string): Promise<void> {
  expect(await unfinishedIn(state)).toEqual([]);
  expect(await processesIn(state)).toEqual([]);
}

/** The command lines of all that names something below this directory. */
export async function processesIn(state: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command.includes(`${state}/.drill`)).map((command) => command.replaceAll('\0', ' '));
}
