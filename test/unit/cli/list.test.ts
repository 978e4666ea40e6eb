import { readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nameAt, storedScene, timeAt } from './stored.ts';

interface Told {
  readonly cluster_id: string | null;
  readonly snapshots: readonly Record<string, unknown>[];
  readonly destinations: readonly Record<string, unknown>[];
}

async function listed(scene: Awaited<ReturnType<typeof storedScene>>, ...flags: readonly string[]): Promise<Told & { readonly code: number }> {
  const { code, host } = await scene.call('list', '--json', ...flags);
  return { ...(JSON.parse(host.stdout) as Told), code };
}

const column = (told: Told, field: string) => told.snapshots.map((row) => row[field]);

describe('list', () => {
  it('shows every snapshot once, newest first, with where it is', async () => {
    const scene = await storedScene({ names: ['a', 'b'] });
    await scene.put(2, { previous: 3 });
    await scene.put(1, { at: ['a'], previous: 2 });
    const told = await listed(scene);
    expect(told).toMatchObject({ code: 0, cluster_id: 'id-1' });
    expect(column(told, 'name')).toEqual([nameAt(1), nameAt(2)]);
    expect(column(told, 'present')).toEqual([['a'], ['a', 'b']]);
    expect(column(told, 'missing')).toEqual([['b'], []]);
    expect(told.snapshots[0]).toMatchObject({
      taken_at: timeAt(1).toISOString(),
      raft_index: 999,
      standing: 'proved',
      proved_at: timeAt(1).toISOString(),
      gaps: [],
    });
    const { host } = await scene.call('list');
    const rows = host.stdout.split('\n').map((line) => line.replaceAll(/\s+/g, ' '));
    expect(rows[0]).toBe('cluster id-1');
    expect(rows[1]).toBe('TAKEN AGE SIZE INDEX STANDING PROVED AT MISSING NAME');
    expect(rows[2]).toMatch(new RegExp(`Z \\d+m \\d+ B 999 proved \\d+m ago a b ${nameAt(1)}$`));
    expect(rows.slice(4, 7)).toEqual(['', 'a: 2 snapshots', 'b: 1 snapshot']);
  });

  it('does not call missing what that destination would have pruned, has its own schedule for, or never was to have', async () => {
    const settings = { retain: 2 };
    const scene = await storedScene({ names: ['a', 'b'], settings });
    for (const hours of [4, 3]) await scene.put(hours, { at: ['a'] });
    for (const hours of [5, 2, 1]) await scene.put(hours);
    expect(column(await listed(scene), 'missing')).toEqual([[], [], [], [], []]);
    const young = await storedScene({ names: ['a', 'b'] });
    await young.put(5, { at: ['a'] });
    await young.put(4);
    await young.put(3, { at: ['a'], manifest: { schedule: 'b' } });
    await young.put(2, { at: ['a'], manifest: { schedule: 'a' } });
    await young.put(1, { at: ['b'] });
    expect(column(await listed(young), 'missing')).toEqual([['a'], [], [], [], []]);
  });

  it('tells which ones were taken right before a restore, for "latest" is none of them', async () => {
    const scene = await storedScene();
    await scene.put(2);
    await scene.put(1, { manifest: { schedule: 'before a restore' } });
    expect(column(await listed(scene), 'safety')).toEqual([true, false]);
    const { host } = await scene.call('list');
    expect(host.stdout.split('\n').slice(2, 4)).toEqual([
      expect.stringContaining(nameAt(1)),
      '  ^ safety snapshot, taken right before a restore: "latest" passes it over; to go back, restore it by its name',
    ]);
  });

  it('shows what the old agent made as not proved, and counts what is not ours', async () => {
    const scene = await storedScene();
    await scene.put(1, { isBare: true });
    await writeFile(join(scene.folderOf('local'), 'notes.txt'), 'mine');
    const told = await listed(scene);
    expect(told.snapshots).toEqual([expect.objectContaining({ standing: 'unproved', proved_at: null, raft_index: null, missing: [] })]);
    expect(told.destinations).toEqual([expect.objectContaining({ snapshots: 1, strangers: 1, foreign: 0 })]);
    const { host } = await scene.call('list');
    expect(host.stdout).toContain('not proved');
    expect(host.stdout).toContain('local: 1 snapshot, other objects, not ours: 1\n');
    expect(host.stdout).not.toContain('notes.txt');
  });

  it('counts snapshots of another cluster and never shows them; ours is the pinned one, else that of the newest', async () => {
    const scene = await storedScene();
    await scene.put(2, { manifest: { cluster_id: 'id-2' } });
    await scene.put(1);
    const told = await listed(scene);
    expect(column(told, 'name')).toEqual([nameAt(1)]);
    expect(told.destinations).toEqual([expect.objectContaining({ snapshots: 1, foreign: 1 })]);
    const id = 'd2e0a2ba-0000-4000-8000-000000000001';
    const pinned = await storedScene({ settings: { cluster: { id } } });
    await pinned.put(2, { manifest: { cluster_id: id } });
    await pinned.put(1);
    expect(await listed(pinned)).toMatchObject({ cluster_id: id, snapshots: [{ name: nameAt(2) }] });
  });

  it('marks a gap by what the manifest says came before, not by what was pruned', async () => {
    const scene = await storedScene();
    await scene.put(30, { previous: 31 });
    await scene.put(10, { previous: 11 });
    await scene.put(2, { previous: 10 });
    await scene.put(1, { previous: 2 });
    expect(column(await listed(scene), 'gaps')).toEqual([[], [{ destination: 'local', since: timeAt(10).toISOString(), seconds: 28_800 }], [], []]);
    const { host } = await scene.call('list');
    expect(host.stdout).toMatch(new RegExp(`${nameAt(2)}\n {2}\\^ gap of 8h at local: nothing after `));
  });

  it('says that the next one is overdue', async () => {
    const scene = await storedScene();
    await scene.put(5);
    const told = await listed(scene);
    expect(told.destinations).toEqual([expect.objectContaining({ overdue_since: timeAt(4).toISOString() })]);
    expect((await scene.call('list')).host.stdout).toMatch(/warning: the next one is overdue for 4h\n/);
    // That of a state which was given up since makes it no less so.
    await scene.put(1, { manifest: { schedule: 'before a restore' } });
    expect((await scene.call('list')).host.stdout).toMatch(/warning: the next one is overdue for 4h\n/);
  });

  it('names a copy damaged that was found so when it was read back, although its size is right, until it is proved again', async () => {
    const scene = await storedScene({ names: ['a', 'b'] });
    const whole = await scene.put(2);
    await scene.put(1);
    const path = join(scene.folderOf('a'), nameAt(2));
    await writeFile(path, Buffer.from(whole.map((byte, at) => (at === 600 ? byte ^ 1 : byte))));
    expect((await scene.call('verify', '--all', '--destination', 'a')).code).toBe(65);
    const told = await listed(scene);
    expect(told.code).toBe(0);
    expect(column(told, 'standing')).toEqual(['proved', 'damaged']);
    expect(told.snapshots[1]?.failures).toEqual([
      { destination: 'a', kind: 'verify', level: 'none', at: expect.stringMatching(/Z$/), code: 'archive_corrupt', message: expect.any(String) },
    ]);
    expect((await scene.call('list')).host.stdout).toMatch(/ {2}\^ verification of the copy at a: failed \d+m ago: .+ \(archive_corrupt\)\n/);
    expect(column(await listed(scene, '--destination', 'b'), 'standing')).toEqual(['proved', 'proved']);
  });

  it('marks the first snapshot after a rekey or a new seal: those before it need the keys of before', async () => {
    const scene = await storedScene();
    const keys: readonly (readonly [string, string | null])[] = [
      ['awskms', 'cc'.repeat(32)],
      ['shamir', 'bb'.repeat(32)],
      // A server that keeps none tells nothing, and hides no change.
      ['shamir', null],
      ['shamir', 'aa'.repeat(32)],
      ['shamir', 'aa'.repeat(32)],
    ];
    for (const [at, [seal_type, seal_fingerprint]] of keys.entries()) await scene.put(at + 1, { manifest: { seal_type, seal_fingerprint } });
    await scene.put(6, { isBare: true });
    const told = await listed(scene);
    expect(column(told, 'keys_changed')).toEqual([true, true, false, false, false, false]);
    expect(column(told, 'seal').slice(2)).toEqual([
      { type: 'shamir', fingerprint: null },
      { type: 'shamir', fingerprint: 'aa'.repeat(32) },
      { type: 'shamir', fingerprint: 'aa'.repeat(32) },
      null,
    ]);
    const marks = (await scene.call('list')).host.stdout.split('\n').filter((line) => line.startsWith('  ^'));
    expect(marks).toEqual([
      '  ^ the first with these unseal keys (awskms, fingerprint cccccccccccc): the snapshots before it need the keys of before',
      '  ^ the first with these unseal keys (shamir, fingerprint bbbbbbbbbbbb): the snapshots before it need the keys of before',
    ]);
  });

  it('shows the last time it was verified', async () => {
    const scene = await storedScene();
    await scene.put(40);
    expect((await scene.call('verify')).code).toBe(0);
    const [row] = (await listed(scene)).snapshots;
    expect(Date.parse(row?.proved_at as string)).toBeGreaterThan(timeAt(1).getTime());
  });

  it('tells one of another size than was proved, a lost one and an unreadable manifest', async () => {
    const scene = await storedScene();
    for (const hours of [3, 2, 1]) await scene.put(hours);
    const folder = scene.folderOf('local');
    await truncate(join(folder, nameAt(3)), 10);
    await rm(join(folder, nameAt(2)));
    await writeFile(join(folder, 'manifests', `${nameAt(1)}.json`), '{');
    const told = await listed(scene);
    expect(column(told, 'standing')).toEqual(['unreadable', 'damaged']);
    expect(told.destinations).toEqual([expect.objectContaining({ lost: [nameAt(2)], errors: [expect.objectContaining({ code: 'storage_mismatch' })] })]);
  });

  it('lists the others when one destination cannot be listed, and exits 3', async () => {
    const scene = await storedScene({ names: ['a', 'b'] });
    await scene.put(1);
    await rm(scene.folderOf('a'), { recursive: true });
    await symlink(scene.folderOf('a'), scene.folderOf('a'));
    const { code, host } = await scene.call('list');
    expect(code).toBe(3);
    expect(host.stdout).toMatch(/^a: FAIL {2}/m);
    expect(host.stdout).toContain(nameAt(1));
    expect((await scene.call('list', '--destination', 'a')).code).toBe(78);
    expect((await scene.call('list', '--destination', 'c')).code).toBe(2);
  });

  it('takes the alias for no stranger', async () => {
    const scene = await storedScene({ each: { latest_alias: 'newest' } });
    await scene.put(1);
    await writeFile(join(scene.folderOf('local'), 'newest.snap'), await readFile(join(scene.folderOf('local'), nameAt(1))));
    expect((await listed(scene)).destinations).toEqual([expect.objectContaining({ snapshots: 1, strangers: 0 })]);
  });

  it('says so where there is nothing', async () => {
    const scene = await storedScene();
    const { code, host } = await scene.call('list');
    expect({ code, stdout: host.stdout, stderr: host.stderr }).toEqual({ code: 0, stdout: 'no snapshots\n\nlocal: 0 snapshots\n', stderr: '' });
  });
});
