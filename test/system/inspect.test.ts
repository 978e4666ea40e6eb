import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverBinary, VAULT } from '../servers/binaries.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole, fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run } from './program.ts';
import { makeScene, snapshotsIn } from './scene.ts';

const execute = promisify(execFile);

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault({ shares: 5, threshold: 3 });
  role = await appRole(vault);
});

afterAll(() => removeVault(vault));

interface Told {
  readonly archive: { readonly name: string; readonly bytes: number; readonly sha256: string | null; readonly members: readonly { readonly name: string }[] };
  readonly meta: { readonly index: number; readonly term: number; readonly servers: readonly { readonly id: string }[] };
  readonly state: { readonly entries: number; readonly prefixes: readonly { readonly prefix: string; readonly entries: number; readonly bytes: number }[] };
}

interface ToldByVault {
  readonly Meta: { readonly Index: number; readonly Term: number };
  readonly TotalCountKV: number;
  readonly StatsKV: readonly { readonly Name: string; readonly Count: number; readonly Size: number }[];
}

async function scene() {
  const made = await makeScene(vault.address, role);
  const take = async () => {
    const before = await snapshotsIn(made.destination);
    expect((await run(['--once', '--config', made.config])).code).toBe(0);
    const name = (await snapshotsIn(made.destination)).find((each) => !before.includes(each))!;
    return { name, path: join(made.destination, name) };
  };
  return { ...made, take };
}

describe('inspect', () => {
  it.each([0, 1, 2, 3])('counts by %i parts of a key exactly as the command of Vault does', async (depth) => {
    const { take } = await scene();
    const { path } = await take();
    const binary = await serverBinary(VAULT);
    const { stdout } = await execute(binary, ['operator', 'raft', 'snapshot', 'inspect', `-depth=${depth}`, '-format=json', path]);
    const theirs = JSON.parse(stdout) as ToldByVault;
    const ours = JSON.parse((await run(['inspect', path, '--prefix-depth', `${depth}`, '--json'])).stdout) as Told;
    expect(ours.meta).toMatchObject({ index: theirs.Meta.Index, term: theirs.Meta.Term });
    expect(ours.state.entries).toBe(theirs.TotalCountKV);
    const sorted = (rows: readonly (readonly [string, number, number])[]) => rows.toSorted(([a], [b]) => (a < b ? -1 : 1));
    expect(sorted(ours.state.prefixes.map(({ prefix, entries, bytes }) => [prefix, entries, bytes]))).toEqual(
      sorted(theirs.StatsKV.map(({ Name, Count, Size }) => [Name, Count, Size])),
    );
  });

  it('tells of a plain file whose cluster and seal it is, without configuration or Vault', async () => {
    const { take, directory } = await scene();
    const copy = join(directory, 'copy.snap');
    await writeFile(copy, await readFile((await take()).path));
    const { code, stdout, stderr } = await run(['inspect', copy, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      complete: true,
      archive: { members: [{ name: 'meta.json' }, { name: 'state.bin' }, { name: 'SHA256SUMS' }, { name: 'SHA256SUMS.sealed' }] },
      meta: { servers: [{ id: 'node', voter: true }] },
      seal: { type: 'shamir', shares: 5, threshold: 3, fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) },
      server: { product: 'vault', versions: ['1.21.0'] },
      manifest: null,
      problems: [],
    });
  });

  it('finds the newest one by itself, and one by its name, with what its manifest says', async () => {
    const { take, config } = await scene();
    const first = await take();
    const second = await take();
    const latest = await run(['inspect', '--config', config]);
    expect(latest.code).toBe(0);
    expect(latest.stdout).toContain(second.path);
    expect(latest.stdout).toMatch(/^seal +shamir, 3 of 5 shares$/m);
    expect(latest.stdout).toMatch(/^cluster +vault-cluster-/m);
    expect((await run(['inspect', first.name, '--config', config])).stdout).toContain(first.path);
    expect(await run(['inspect', 'none.snap', '--config', config])).toMatchObject({ code: 1, stderr: expect.stringContaining('(not_found)') });
  });

  it('tells what came before the damage, and exits 65', async () => {
    const { take, directory } = await scene();
    const whole = await readFile((await take()).path);
    const cut = join(directory, 'cut.snap');
    await writeFile(cut, whole.subarray(0, whole.length - 500));
    const { code, stdout } = await run(['inspect', cut, '--json']);
    expect(code).toBe(65);
    const told = JSON.parse(stdout) as Told;
    expect(told).toMatchObject({ complete: false, archive: { sha256: null }, problems: [expect.stringMatching(/^archive: .*: expected .*, found /)] });
    expect(told.meta.index).toBeGreaterThan(0);
    expect(told.archive.members.map(({ name }) => name)).toContain('meta.json');
  });

  it('sets two side by side', async () => {
    const { take } = await scene();
    const first = await take();
    await fill(vault, 3_000_000, 'more');
    const second = await take();
    const { code, stdout } = await run(['inspect', first.path, second.path]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\* +raft index/m);
    expect(stdout).toMatch(/^ {3}seal fingerprint/m);
    expect(stdout).toMatch(/^logical\/\S+ +\+\d+ +\+3\d{6}$/m);
  });
});
