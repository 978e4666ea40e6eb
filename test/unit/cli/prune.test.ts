import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import { renderManifest } from '../../../src/snapshot/manifest.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { makeImmutable, scratchDirectory } from '../../fakes/scratch.ts';
import { LEADER, SEAL } from '../../fakes/vault/answering-vault.ts';
import { startHttpVault } from '../../fakes/vault/http-vault.ts';
import { nameOf } from '../retention/some-store.ts';
import { someManifest } from '../snapshot/some-manifest.ts';

const PINNED = 'd2e0a2ba-0000-4000-8000-000000000001';
const days = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** A destination with a proved snapshot on each of the days of January 2026, and a configuration that wants fewer. */
async function scene({
  proved = [] as readonly number[],
  bare = [] as readonly number[],
  safety = [] as readonly number[],
  clusterId = SEAL.cluster_id,
  others = [] as readonly object[],
  settings = {},
}) {
  const home = await scratchDirectory();
  const snapshots = join(home, 'snapshots');
  await mkdir(join(snapshots, 'manifests'), { recursive: true });
  for (const day of [...proved, ...bare]) await writeFile(join(snapshots, nameOf(day)), 'x'.repeat(10));
  for (const day of proved) {
    const schedule = safety.includes(day) ? 'before a restore' : 'default';
    const manifest = someManifest({ key: nameOf(day), cluster_id: clusterId, stored_bytes: 10, schedule });
    await writeFile(join(snapshots, 'manifests', `${nameOf(day)}.json`), renderManifest(manifest));
  }
  const vault = await startHttpVault(({ path }) => ({ status: 200, json: path === 'sys/leader' ? LEADER : SEAL }));
  onTestFinished(() => vault.close());
  const config = join(home, 'snapshot.json');
  const base = { addr: vault.address, token: 't0ken', retain: 2, spool_path: join(home, 'state'), local_storage: [{ path: snapshots }, ...others] };
  await writeFile(config, JSON.stringify({ ...base, ...settings }));
  const prune = async (...flags: readonly string[]) => {
    const host = new FakeHost({ argv: ['prune', '--config', config, ...flags], homeDirectory: home });
    return { code: await run(host), host };
  };
  const left = async () => (await readdir(snapshots)).filter((name) => name.endsWith('.snap')).sort();
  return { prune, left, snapshots, vault };
}

describe('prune --dry-run', () => {
  it('shows every snapshot with its fate and its reasons, newest first, and deletes nothing', async () => {
    const { prune, left, snapshots } = await scene({ proved: [2, 3, 4], bare: [1] });
    await writeFile(join(snapshots, 'notes.txt'), 'mine');
    const { code, host } = await prune('--dry-run');
    expect(code).toBe(0);
    const rows = host.stdout.split('\n').map((line) => line.replaceAll(/\s+/g, ' ').replace(/Z \d+[mhd] /, 'Z AGE '));
    expect(rows).toEqual([
      'destination local: keeps last 2',
      ` kept 2026-01-04 12:00:00Z AGE proved ${nameOf(4)} number 1 of the last 2, the newest proved one`,
      ` kept 2026-01-03 12:00:00Z AGE proved ${nameOf(3)} number 2 of the last 2`,
      ` goes 2026-01-02 12:00:00Z AGE proved ${nameOf(2)} kept by none of: last 2`,
      ` goes 2026-01-01 12:00:00Z AGE unproved ${nameOf(1)} kept by none of: last 2`,
      ' 2 kept, 2 to be deleted; not ours and untouched: 1',
      '',
    ]);
    expect(await left()).toEqual(days(1, 4).map(nameOf));
  });

  it('says which are of a state that a restore gave up, and keeps the newest other one', async () => {
    const { prune } = await scene({ proved: [1, 2, 3, 4], safety: [3, 4] });
    const { host } = await prune('--dry-run', '--json');
    const [{ snapshots }] = JSON.parse(host.stdout).destinations;
    expect(snapshots.map(({ standing, fate }: { standing: string; fate: string }) => `${standing} ${fate}`)).toEqual([
      'safety kept',
      'safety kept',
      'proved kept',
      'proved goes',
    ]);
  });

  it('tells what the fuse leaves for later', async () => {
    const { prune } = await scene({ proved: days(1, 28) });
    const { host } = await prune('--dry-run');
    expect(host.stdout).toMatch(/ {2}2 kept, 10 to be deleted, 16 left for later \(at most 10 at once; --max-deletes N raises it\)\n$/);
  });

  it('says the same as one JSON object', async () => {
    const { prune } = await scene({ proved: [1, 2, 3] });
    const { code, host } = await prune('--dry-run', '--json', '--max-deletes', '0');
    expect(code).toBe(0);
    expect(JSON.parse(host.stdout)).toEqual({
      destinations: [
        {
          destination: 'local',
          outcome: 'planned',
          policy: 'last 2',
          frozen: null,
          max_deletes: 0,
          strangers: 0,
          snapshots: [
            {
              key: nameOf(3),
              taken_at: '2026-01-03T12:00:00.000Z',
              standing: 'proved',
              fate: 'kept',
              reasons: ['number 1 of the last 2', 'the newest proved one'],
            },
            { key: nameOf(2), taken_at: '2026-01-02T12:00:00.000Z', standing: 'proved', fate: 'kept', reasons: ['number 2 of the last 2'] },
            { key: nameOf(1), taken_at: '2026-01-01T12:00:00.000Z', standing: 'proved', fate: 'goes', reasons: ['kept by none of: last 2'] },
          ],
          errors: [],
        },
      ],
    });
  });
});

describe('prune', () => {
  it('deletes what the plan says, with what was written about it', async () => {
    const { prune, left, snapshots } = await scene({ proved: [1, 2, 3, 4] });
    const { code, host } = await prune();
    expect(code).toBe(0);
    expect(await left()).toEqual([nameOf(3), nameOf(4)]);
    expect(await readdir(join(snapshots, 'manifests'))).toHaveLength(2);
    expect(host.stdout).toContain('2 kept, 2 deleted\n');
    expect(host.stdout).not.toContain(nameOf(4));
  });

  it.each([
    { settings: {}, flags: [], count: 18 },
    { settings: { max_deletes: 3 }, flags: [], count: 25 },
    { settings: { max_deletes: 3 }, flags: ['--max-deletes', '5'], count: 23 },
    { settings: { max_deletes: 3 }, flags: ['--max-deletes', '0'], count: 2 },
  ])('has the fuse of a round, unless told otherwise: $settings $flags', async ({ settings, flags, count }) => {
    const { prune, left } = await scene({ proved: days(1, 28), settings });
    expect((await prune(...flags)).code).toBe(0);
    expect(await left()).toHaveLength(count);
  });

  it('prunes only at the destination it is told, and knows no other', async () => {
    const { prune, left, snapshots } = await scene({ proved: [1, 2, 3] });
    const { code, host } = await prune('--destination', 'aws');
    expect(code).toBe(2);
    expect(host.stderr).toContain('--destination: there is no "aws", only local');
    expect(await left()).toHaveLength(3);
    expect((await prune('--destination', 'local')).code).toBe(0);
    expect(await readdir(join(snapshots, 'manifests'))).toHaveLength(2);
  });

  it.each([
    { what: 'nothing is proved', args: { bare: [1, 2, 3] }, reason: 'no snapshot here is proved yet' },
    { what: 'snapshots of another cluster are there', args: { proved: [1, 2, 3], clusterId: 'c-2' }, reason: 'two clusters share this place' },
  ])('deletes nothing while $what, says why and exits 5', async ({ args, reason }) => {
    const { prune, left } = await scene(args);
    const { code, host } = await prune();
    expect(code).toBe(5);
    expect(host.stdout).toContain('nothing is deleted here: ');
    expect(host.stdout).toContain(reason);
    expect(await left()).toHaveLength(3);
    expect((await prune('--dry-run')).code).toBe(0);
  });

  it('exits 3 when a delete failed, and names it', async () => {
    const { prune, left, snapshots } = await scene({ proved: [1, 2, 3, 4] });
    await makeImmutable(join(snapshots, nameOf(1)));
    const { code, host } = await prune();
    expect(code).toBe(3);
    expect(host.stdout).toMatch(new RegExp(`failed +2026-01-01 .*${nameOf(1)}`));
    expect(host.stdout).toContain('2 kept, 1 deleted, 1 not deleted');
    expect(await left()).toHaveLength(3);
  });

  it('exits 3 when one of several destinations cannot be listed, and prunes the others', async () => {
    const gone = join(await scratchDirectory(), 'loop');
    await symlink(gone, gone);
    const { prune, left } = await scene({ proved: [1, 2, 3], others: [{ name: 'gone', path: gone }] });
    const { code, host } = await prune();
    expect(host.stdout).toContain('destination gone: keeps last 2\n  FAIL  ');
    expect(code).toBe(3);
    expect(await left()).toHaveLength(2);
    expect((await prune('--destination', 'gone')).code).toBe(78);
  });

  it('goes by the pinned cluster while Vault is away, and says so', async () => {
    const { prune, left, vault } = await scene({ proved: [1, 2, 3], clusterId: PINNED, settings: { cluster: { id: PINNED } } });
    await vault.close();
    const { code, host } = await prune();
    expect(code).toBe(0);
    expect(host.stderr).toContain('event=cluster_assumed');
    expect(await left()).toHaveLength(2);
  });

  it('refuses while nobody says which cluster it is', async () => {
    const { prune, left, vault } = await scene({ proved: [1, 2, 3] });
    await vault.close();
    const { code, host } = await prune();
    expect(code).toBe(69);
    expect(host.stderr).toContain('nobody says which snapshots are ours');
    expect(host.stderr).toContain('set "cluster": {"id": …}');
    expect(await left()).toHaveLength(3);
  });

  it('refuses when Vault is another cluster than the pinned one', async () => {
    const { prune, left } = await scene({ proved: [1, 2, 3], settings: { cluster: { id: PINNED } } });
    expect((await prune()).code).toBe(5);
    expect(await left()).toHaveLength(3);
  });
});
