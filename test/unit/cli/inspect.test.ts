import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import { buildArchive, initialisedVault } from '../../fakes/archive.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';
import { nameAt, storedScene } from './stored.ts';

async function inspect(...args: readonly string[]) {
  const host = new FakeHost({ argv: ['inspect', ...args] });
  return { code: await run(host), host };
}

async function fileOf(archive: Buffer): Promise<string> {
  const path = join(await scratchDirectory(), 'a.snap');
  await writeFile(path, archive);
  return path;
}

const json = (text: string) => JSON.parse(text) as Record<string, Record<string, unknown>>;

describe('inspect', () => {
  it.each([
    { versions: ['1.21.0', '1.9.3'], product: 'vault', words: 'vault, led by 1.21.0, 1.9.3' },
    { versions: ['2.5.5'], product: null, words: 'Vault or OpenBao, led by 2.5.5' },
    { versions: [], product: null, words: undefined },
  ])('tells the server as far as the state does: $versions', async ({ versions, product, words }) => {
    const entries = [...initialisedVault(), ...versions.map((version) => ({ key: `core/versions/${version}`, value: '{}' }))];
    const path = await fileOf(buildArchive({ entries }));
    expect(json((await inspect(path, '--json')).host.stdout).server).toEqual({ product, versions });
    const { host } = await inspect(path);
    expect(host.stdout).toMatch(words === undefined ? /^server$/m : new RegExp(`^server +${words}$`, 'm'));
  });

  it('shows keys as people wrote them, the largest prefix first', async () => {
    const entries = [...initialisedVault(), { key: 'logical/ü/x', value: Buffer.alloc(50) }, { key: 'logical/ü/y', value: Buffer.alloc(50) }];
    const { host } = await inspect(await fileOf(buildArchive({ entries })), '--json');
    const { prefixes } = json(host.stdout).state as { prefixes: readonly object[] };
    expect(prefixes[1]).toMatchObject({ prefix: 'logical/ü', entries: 2 });
  });

  it.each([
    { what: 'cut in the state', archive: buildArchive({ level: 0 }).subarray(0, 1800), members: ['meta.json'] },
    { what: 'with a byte behind it', archive: buildArchive({ after: (gzip) => Buffer.concat([gzip, Buffer.alloc(1)]) }), members: undefined },
    { what: 'empty', archive: Buffer.alloc(0), members: [] },
  ])('goes as far as it can in one that is damaged: $what', async ({ archive, members }) => {
    const { code, host } = await inspect(await fileOf(archive), '--json');
    expect(code).toBe(65);
    const told = json(host.stdout);
    expect(told).toMatchObject({ complete: false, archive: { bytes: archive.length, sha256: null }, problems: [expect.stringMatching(/^archive: /)] });
    const seen = (told.archive?.members as readonly { readonly name: string }[]).map(({ name }) => name);
    expect(seen).toEqual(members ?? ['meta.json', 'state.bin', 'SHA256SUMS', 'SHA256SUMS.sealed']);
  });

  it('tells the seal of a state that was cut behind it', async () => {
    const whole = buildArchive({ level: 0, padStateTo: 400_000 });
    const { host } = await inspect(await fileOf(whole.subarray(0, 200_000)), '--json');
    expect(json(host.stdout)).toMatchObject({ complete: false, seal: { type: 'shamir', fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) } });
  });

  it('tells what is suspicious in a whole one', async () => {
    const { code, host } = await inspect(await fileOf(buildArchive({ entries: [{ key: 'core/keyring', value: 'x' }] })), '--json');
    const told = json(host.stdout);
    expect(code).toBe(0);
    expect(told.state).toMatchObject({ suspicious: ['missing core/mounts', 'missing core/seal-config', 'missing core/hsm/barrier-unseal-keys'] });
    expect(told.problems).toEqual(told.state?.suspicious);
  });

  it('says when a file is another archive than the manifest beside it is about', async () => {
    const { put, folderOf } = await storedScene();
    await put(1, { manifest: { archive_sha256: 'cd'.repeat(32) } });
    const { code, host } = await inspect(join(folderOf('local'), nameAt(1)));
    expect(code).toBe(0);
    expect(host.stdout).toContain(`problem: its manifest is of an archive with the sha256 ${'cd'.repeat(32)}`);
  });

  it('takes the newest of all destinations, and goes on where one cannot be looked at', async () => {
    const scene = await storedScene({ names: ['a', 'b'] });
    await scene.put(2, { at: ['a'] });
    await scene.put(1, { at: ['b'] });
    expect((await scene.call('inspect', 'latest')).host.stdout).toContain(join(scene.folderOf('b'), nameAt(1)));
    expect((await scene.call('inspect', 'latest', '--destination', 'a')).host.stdout).toContain(join(scene.folderOf('a'), nameAt(2)));
    await rm(scene.folderOf('a'), { recursive: true });
    await symlink(scene.folderOf('a'), scene.folderOf('a'));
    const { code, host } = await scene.call('inspect', 'latest');
    expect(code).toBe(0);
    expect(host.stderr).toContain('event=look_failed');
  });

  it('finds one without a manifest by its name', async () => {
    const scene = await storedScene();
    await scene.put(1, { isBare: true });
    const { code, host } = await scene.call('inspect', nameAt(1), '--json');
    expect(code).toBe(0);
    expect(json(host.stdout)).toMatchObject({ complete: true, manifest: null });
    expect((await scene.call('inspect', nameAt(2))).code).toBe(1);
  });

  it('tells only what differs between two, the largest change first', async () => {
    const one = await fileOf(buildArchive({ index: 10n }));
    const other = await fileOf(buildArchive({ index: 20n, padStateTo: 5000 }));
    const { code, host } = await inspect(one, other, '--json');
    expect(code).toBe(0);
    expect(json(host.stdout).difference).toEqual([{ prefix: 'logical/11111111-1111-1111-1111-111111111111', entries: 1, bytes: expect.any(Number) }]);
    expect((await inspect(one, one)).host.stdout).toContain('no prefix has more or fewer');
  });

  it('exits 1 for a file that is not there, and 2 for a directory', async () => {
    const directory = await scratchDirectory();
    expect((await inspect(join(directory, 'none.snap'))).code).toBe(1);
    expect((await inspect(directory)).code).toBe(2);
  });
});

describe('what lies around a snapshot', () => {
  const OLD = 'ab'.repeat(32);
  const since = (text: string) => (JSON.parse(text) as { readonly seal: { readonly since: unknown } }).seal.since;

  it('is when it was proved again, and the oldest snapshot with the same unseal keys', async () => {
    const { put, call } = await storedScene({ names: ['local', 'nas'] });
    // Rekeyed between the eighth and the seventh hour; one destination has kept less.
    for (const hours of [12, 11, 10, 9, 8]) await put(hours, { manifest: { seal_fingerprint: OLD } });
    for (const hours of [7, 6]) await put(hours, { at: ['nas'] });
    for (const hours of [5, 4, 3, 2, 1]) await put(hours);
    expect((await call('verify', '--destination', 'local')).code).toBe(0);
    const { code, host } = await call('inspect', 'latest', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(host.stdout)).toMatchObject({ records: [{ key: expect.stringContaining(`manifests/${nameAt(1)}.verified-`), at: expect.any(String) }] });
    expect(since(host.stdout)).toEqual({ destination: 'nas', key: nameAt(7), taken_at: expect.any(String) });
    const text = (await call('inspect', 'latest')).host.stdout;
    expect(text).toMatch(new RegExp(`^these unseal keys +since .*Z at least: ${nameAt(7)} at nas$`, 'm'));
    expect(text).toMatch(/^proved again +\d{4}-.*Z$/m);
  });

  it('is told of a file too where a configuration is given, also of one from before a rekey', async () => {
    const { put, call } = await storedScene();
    const archives: Buffer[] = [];
    for (const hours of [9, 8, 7]) archives.push(await put(hours));
    for (const hours of [6, 5, 4, 3, 2, 1]) await put(hours, { manifest: { seal_fingerprint: OLD } });
    const path = await fileOf(archives[1]!);
    expect(since((await call('inspect', path, '--json')).host.stdout)).toMatchObject({ key: nameAt(9) });
    expect(since((await inspect(path, '--json')).host.stdout)).toBeNull();
  });

  it('is not there where no manifest has these keys, or they are of another cluster or cannot be read', async () => {
    const { put, call, folderOf } = await storedScene();
    await put(3, { manifest: { cluster_id: 'another' } });
    await put(2);
    await writeFile(join(folderOf('local'), 'manifests', `${nameAt(2)}.json`), '{');
    await put(1);
    expect(since((await call('inspect', nameAt(1), '--json')).host.stdout)).toMatchObject({ key: nameAt(1) });
  });

  it('costs nothing but a warning where a destination is away', async () => {
    const { put, call, folderOf } = await storedScene({ names: ['local', 'nas'] });
    await put(1);
    await rm(join(folderOf('nas'), 'manifests'), { recursive: true });
    // A link to itself.
    await symlink('manifests', join(folderOf('nas'), 'manifests'));
    const { code, host } = await call('inspect', nameAt(1), '--json', '--destination', 'local');
    expect(code).toBe(0);
    const all = await call('inspect', nameAt(1), '--json');
    expect({ code: all.code, since: since(all.host.stdout) }).toEqual({ code: 0, since: since(host.stdout) });
    expect(all.host.stderr).toContain('event=look_failed');
  });
});
