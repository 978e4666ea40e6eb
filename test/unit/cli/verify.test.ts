import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { makeImmutable, scratchDirectory } from '../../fakes/scratch.ts';
import { nameAt, storedScene } from './stored.ts';

async function damage(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(path, bytes);
}

interface Told {
  readonly outcome: string;
  readonly exit_code: number;
  readonly results: readonly Record<string, unknown>[];
  readonly errors: readonly Record<string, unknown>[];
}

describe('verify', () => {
  it('reads the newest back without Vault, and records beside its manifest that it is proved', async () => {
    const { put, call, folderOf } = await storedScene();
    await put(2);
    await put(1);
    const { code, host } = await call('verify');
    expect(host.stdout).toMatch(new RegExp(`^ok {4}verify: local: ${nameAt(1)}: \\d+ B, index 999, 9 entries, taken .* ago, recorded\n$`));
    expect({ code, stderr: host.stderr }).toEqual({ code: 0, stderr: '' });
    const [record = '', ...others] = (await readdir(join(folderOf('local'), 'manifests'))).filter((name) => name.includes('.verified-'));
    expect({ record, others }).toEqual({ record: expect.stringMatching(new RegExp(`^${nameAt(1)}\\.verified-\\d{8}T\\d{6}Z\\.json$`)), others: [] });
    const written = JSON.parse(await readFile(join(folderOf('local'), 'manifests', record), 'utf8')) as object;
    expect(written).toMatchObject({ kind: 'verify', level: 'verified', by: 'vault-0', archive_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('writes nothing with --no-record', async () => {
    const { put, call, folderOf } = await storedScene();
    await put(1);
    expect((await call('verify', '--no-record')).code).toBe(0);
    expect(await readdir(join(folderOf('local'), 'manifests'))).toHaveLength(1);
  });

  it('names a damaged one and its check, leaves it there, and exits 65 although the others are whole', async () => {
    const { put, call, folderOf } = await storedScene();
    for (const hours of [3, 2, 1]) await put(hours);
    await damage(join(folderOf('local'), nameAt(2)));
    const { code, host } = await call('verify', '--all', '--json');
    expect(code).toBe(65);
    const told = JSON.parse(host.stdout) as Told;
    expect(told).toMatchObject({
      outcome: 'failed',
      level: 'none',
      exit_code: 65,
      errors: [],
      destination: 'local',
      snapshot: null,
      left_behind: [],
      warnings: expect.any(Array),
    });
    expect(told).toMatchObject({
      stage: 'read local',
      error: { code: 'archive_corrupt', advice: expect.any(String) },
      steps: [{ name: 'read local', ok: false }],
    });
    expect(told).toMatchObject({ run_id: expect.stringMatching(/^[0-9a-f-]{36}$/), steps: [{ seconds: expect.any(Number) }] });
    expect(told.results.map(({ key, ok, failed_check }) => [key, ok, failed_check])).toEqual([
      [nameAt(1), true, null],
      [nameAt(2), false, expect.stringMatching(/gzip|tar|state|sha256/)],
      [nameAt(3), true, null],
    ]);
    expect(await readdir(folderOf('local'))).toContain(nameAt(2));
    const names = await readdir(join(folderOf('local'), 'manifests'));
    expect(names.filter((name) => name.startsWith(`${nameAt(2)}.verified`))).toEqual([]);
  });

  it.each([
    { what: 'another whole archive', manifest: { stored_sha256: 'cd'.repeat(32) }, check: 'stored sha256' },
    { what: 'one of another size', manifest: { stored_bytes: 7 }, check: 'stored size' },
    { what: 'one of another index', manifest: { raft_index: 7 }, check: 'raft index' },
    { what: 'one with fewer entries', manifest: { entries: 8 }, check: 'entries' },
    { what: 'one for other unseal keys', manifest: { seal_fingerprint: 'cd'.repeat(32) }, check: 'seal fingerprint' },
  ])('refuses $what in place of the one that was proved', async ({ manifest, check }) => {
    const { put, call } = await storedScene();
    await put(1, { manifest });
    const { code, host } = await call('verify');
    expect(code).toBe(65);
    expect(host.stdout).toMatch(
      new RegExp(`^FAIL {2}verify: local: ${nameAt(1)}: ${check}: expected .* as its manifest says, found .* \\(archive_corrupt\\)\n`),
    );
  });

  it('refuses one that the manifest after it does not know', async () => {
    const { put, call } = await storedScene();
    await put(2);
    await put(1, { previous: 2 });
    const { code, host } = await call('verify');
    expect(code).toBe(65);
    expect(host.stdout).toContain('chain to previous');
  });

  it('warns of an index lower than the one before, which a rebuilt cluster has', async () => {
    const { put, call, folderOf } = await storedScene();
    await put(2, { archive: { index: 5000n } });
    const { archive_sha256 } = JSON.parse(await readFile(join(folderOf('local'), 'manifests', `${nameAt(2)}.json`), 'utf8')) as { archive_sha256: string };
    await put(1, { manifest: { previous: { key: nameAt(2), sha256: archive_sha256, raft_index: 5000 } } });
    const { code, host } = await call('verify');
    expect(code).toBe(0);
    expect(host.stdout).toContain(`warning: its index 999 is lower than 5000 of ${nameAt(2)}`);
  });

  it('proves one without a manifest whole, and says that nobody tells whose it is', async () => {
    const { put, call, folderOf } = await storedScene();
    await put(1, { isBare: true });
    expect((await call('verify')).code).toBe(1);
    const { code, host } = await call('verify', '--all');
    expect(code).toBe(0);
    expect(host.stdout).toContain('has no manifest');
    expect(await readdir(join(folderOf('local'), 'manifests'))).toEqual([]);
  });

  it('passes over snapshots of another cluster, unless asked for one by its name', async () => {
    const { put, call } = await storedScene();
    await put(2, { manifest: { cluster_id: 'id-2' } });
    await put(1);
    const all = await call('verify', '--all');
    expect(all.code).toBe(0);
    expect(all.host.stdout).not.toContain(nameAt(2));
    expect((await call('verify', '--snapshot', nameAt(2))).code).toBe(5);
  });

  it.each([
    { flags: ['--newest', '2'], count: 2 },
    { flags: ['--sample', '50'], count: 2 },
    { flags: ['--sample', '1%'], count: 1 },
    { flags: ['--all'], count: 4 },
    { flags: ['--snapshot', nameAt(3)], count: 1 },
  ])('reads $count of four with $flags', async ({ flags, count }) => {
    const { put, call } = await storedScene();
    for (const hours of [4, 3, 2, 1]) await put(hours);
    const { code, host } = await call('verify', ...flags, '--json');
    expect(code).toBe(0);
    const told = JSON.parse(host.stdout) as Told;
    expect(told.results).toHaveLength(count);
    expect(told).toMatchObject({ level: 'verified', stage: null, error: null, steps: [{ name: 'read local', ok: true }] });
    const only = {
      key: expect.stringMatching(/^raft_snapshot-/),
      cluster_id: expect.any(String),
      age_seconds: expect.any(Number),
      entries: expect.any(Number),
    };
    expect(told).toMatchObject({ snapshot: count === 1 ? only : null });
  });

  it('exits 4 when the newest is whole but too old, and 0 when it is young enough', async () => {
    const { put, call } = await storedScene();
    await put(49);
    const { code, host } = await call('verify', '--max-age', '2d');
    expect(code).toBe(4);
    expect(host.stdout).toMatch(/^ok .*\nFAIL {2}verify: local: .* is 2d old, at most 2d is wanted \(stale\)\n/);
    expect((await call('verify', '--max-age', '3d')).code).toBe(0);
  });

  it('exits 1 where there is none, or none of that name', async () => {
    const { call } = await storedScene();
    expect((await call('verify')).code).toBe(1);
    const { code, host } = await call('verify', '--snapshot', nameAt(1));
    expect(code).toBe(1);
    expect(host.stdout).toContain('(not_found)');
  });

  it('goes on where the object of the newest manifest is gone, and says so', async () => {
    const { put, call, folderOf } = await storedScene({ names: ['a', 'b'] });
    await put(1);
    await rm(join(folderOf('a'), nameAt(1)));
    const { code, host } = await call('verify');
    expect(code).toBe(1);
    expect(host.stdout).toMatch(/FAIL {2}verify: a: .*not_found/);
    expect(host.stdout).toMatch(/ok {4}verify: b: /);
  });

  it('does not let a destination that cannot be read hide that another one is damaged', async () => {
    const { put, call, folderOf } = await storedScene({ names: ['a', 'b'] });
    await put(1, { at: ['b'] });
    await damage(join(folderOf('b'), nameAt(1)));
    await rm(folderOf('a'), { recursive: true });
    await symlink(folderOf('a'), folderOf('a'));
    const { code, host } = await call('verify');
    expect(code).toBe(65);
    expect(host.stdout).toMatch(/FAIL {2}verify: a: /);
  });

  it('is proved all the same where no record can be written, with a warning', async () => {
    const { put, call, folderOf } = await storedScene();
    await put(1);
    await makeImmutable(join(folderOf('local'), 'manifests'));
    const { code, host } = await call('verify');
    expect(code).toBe(0);
    expect(host.stdout).toMatch(/^ok .*\n {6}warning: proved, but no record could be written/);
  });
});

describe('verify of a file', () => {
  async function verifyFile(path: string, ...flags: readonly string[]) {
    const host = new FakeHost({ argv: ['verify', path, ...flags] });
    return { code: await run(host), host };
  }

  it('needs no configuration, and goes by the manifest where one lies beside', async () => {
    const { put, folderOf, home } = await storedScene();
    const archive = await put(1);
    const beside = await verifyFile(join(folderOf('local'), nameAt(1)));
    expect(beside).toMatchObject({ code: 0 });
    expect(beside.host.stdout).not.toContain('warning');
    await writeFile(join(home, 'copy.snap'), archive);
    const alone = await verifyFile(join(home, 'copy.snap'));
    expect(alone.code).toBe(0);
    expect(alone.host.stdout).toContain('no manifest lies beside');
  });

  it('exits 65 for a damaged one, and 1 for one that is not there', async () => {
    const { put, folderOf } = await storedScene();
    await put(1);
    const path = join(folderOf('local'), nameAt(1));
    await damage(path);
    const { code, host } = await verifyFile(path, '--json');
    expect(code).toBe(65);
    expect(JSON.parse(host.stdout)).toMatchObject({ results: [{ destination: null, key: path, ok: false }] });
    expect((await verifyFile(join(await scratchDirectory(), 'none.snap'))).code).toBe(1);
  });
});
