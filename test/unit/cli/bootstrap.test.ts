import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHttpVault } from '../../fakes/vault/http-vault.ts';
import { bootstrapScene, CANARY } from './bootstrap-scene.ts';
import { nameAt } from './stored.ts';

describe('a bootstrap', () => {
  it('initialises, unseals, sends, unseals again and looks for the canary', async () => {
    const { vault, put, bootstrap, phase } = await bootstrapScene({ canary: { value: CANARY.value, round_id: 'r-1' } });
    await put(1, { manifest: { canary: CANARY } });
    const { told, stderr } = await bootstrap();
    expect(told).toMatchObject({ exit_code: 0, reason: 'restored', level: 'canary-read', warnings: [] });
    expect(stderr).toMatch(new RegExp(`^bootstrap: ${nameAt(1)}, \\d+m old, restored in \\d+ s: canary-read$`, 'm'));
    expect(vault.done).toEqual(['init', 'unseal', 'upload', 'unseal']);
    expect(await phase()).toBeUndefined();
  }, 30_000);

  it('fails where the restored server holds another canary', async () => {
    const { put, bootstrap, phase } = await bootstrapScene({ canary: { value: '1', round_id: 'r-0' } });
    await put(1, { manifest: { canary: CANARY } });
    expect((await bootstrap()).told).toMatchObject({ exit_code: 1, level: 'unsealed', error: { code: 'canary_differs' } });
    expect(await phase()).toBe('restored');
  }, 30_000);

  it('fails where the server opens as another cluster than the snapshot, and nothing of it is cleaned away', async () => {
    const { home, put, bootstrap, phase } = await bootstrapScene({ clusterId: 'id-2' });
    await put(1);
    expect((await bootstrap()).told).toMatchObject({
      exit_code: 1,
      stage: 'identity',
      error: { code: 'half_done', advice: expect.not.stringContaining('--clean') },
    });
    expect((await bootstrap('--clean', '--data-dir', home)).told).toMatchObject({ exit_code: 0, reason: 'nothing_to_clean' });
    expect(await phase()).toBe('restored');
  }, 30_000);

  it.each([
    {
      what: '--address',
      flags: ['--address', 'http://127.0.0.1:1'],
      code: 'vault_unreachable',
      advice: 'check that Vault runs and that --address is its listener',
    },
    {
      what: '--state-dir',
      flags: ['--state-dir', '/dev/null/state'],
      code: 'spool_failed',
      advice: 'check the directory of --state-dir: it must exist, be writable and lie on a sound disk',
    },
  ])('speaks of $what where that is what is wrong', async ({ flags, code, advice }) => {
    const { put, bootstrap } = await bootstrapScene();
    await put(1);
    expect((await bootstrap(...flags)).told.error).toMatchObject({ code, advice });
  });

  it('is the business of one host of the set', async () => {
    const { vault, put, bootstrap } = await bootstrapScene();
    await put(1);
    expect((await bootstrap('--ordinal', '1')).told).toMatchObject({ exit_code: 0, reason: 'not_mine', acted: false });
    expect((await bootstrap('--ordinal', '0', '--dry-run')).told).toMatchObject({ exit_code: 0, reason: 'dry_run', level: 'verified', acted: false });
    expect(vault.done).toEqual([]);
  });

  it.each([
    { what: 'an older server', options: { version: '1.20.9' }, code: 'server_too_old', says: 'is 1.20.9, the snapshot is of 1.21.0' },
    { what: 'another seal', options: { sealType: 'awskms' }, code: 'refused', says: 'has a awskms seal' },
  ])('refuses $what before it touches anything', async ({ options, code, says }) => {
    const { vault, put, bootstrap, phase } = await bootstrapScene(options);
    await put(1);
    const { told } = await bootstrap();
    expect(told).toMatchObject({ exit_code: 5, stage: 'guards', acted: false, error: { code } });
    expect(told.error?.message).toContain(says);
    expect([vault.done, await phase()]).toEqual([[], undefined]);
  });

  it.each([
    { what: 'another product', options: { isOpenBao: true, version: '2.5.0' }, says: 'is openbao, the snapshot is of vault' },
    { what: 'a server that others have joined', options: { servers: ['node1', 'node2'] }, says: 'has 2 raft servers already' },
    { what: 'a name that the snapshot does not know', options: { servers: ['stranger'] }, says: 'its node_id is stranger' },
  ])('sends nothing to $what', async ({ options, says }) => {
    const { vault, put, bootstrap, phase } = await bootstrapScene(options);
    await put(1);
    const { told } = await bootstrap();
    expect(told).toMatchObject({ exit_code: 5, stage: 'lead', error: { code: 'refused' } });
    expect(told.error?.message).toContain(says);
    expect(told.error?.advice).toContain('--clean --data-dir DIR');
    expect(vault.done).not.toContain('upload');
    expect(await phase()).toBe('initialised');
    expect((await bootstrap()).told).toMatchObject({ exit_code: 1, error: { code: 'half_done' } });
  });

  it.each([
    { what: 'has begun a cluster of its own', later: { initialized: true, sealed: false, cluster_id: 'id-rival' }, exit: 5, sends: false },
    { what: 'answers no more', later: undefined, exit: 5, sends: false },
    { what: 'waits to join', later: { initialized: true, sealed: true }, exit: 0, sends: true },
    { what: 'has joined', later: { initialized: true, sealed: false, cluster_id: 'id-own' }, exit: 0, sends: true },
  ])('looks at its peers once more before it sends: one that $what', async ({ what, later, exit, sends }) => {
    const { vault, put, bootstrap, phase } = await bootstrapScene();
    await put(1);
    const peer = await startHttpVault(() => {
      const known = { type: 'shamir', n: 1, t: 1, progress: 0, version: '1.21.0' };
      if (!vault.done.includes('init')) return { status: 200, json: { ...known, initialized: false, sealed: true } };
      return later === undefined ? { status: 503, json: { errors: [] } } : { status: 200, json: { ...known, ...later } };
    });
    onTestFinished(() => peer.close());
    const { told } = await bootstrap('--peers', peer.address);
    expect([told.exit_code, vault.done.includes('upload')]).toEqual([exit, sends]);
    if (sends) return;
    expect(told).toMatchObject({ stage: 'lead', error: { code: 'refused' } });
    expect(told.error?.message).toContain(what);
    expect(await phase()).toBe('initialised');
  }, 30_000);

  it('tells in one line, once, at which step a silent peer ended it', async () => {
    const { put, bootstrap } = await bootstrapScene();
    await put(1);
    const { told, stderr } = await bootstrap('--peers', 'http://127.0.0.1:1');
    expect(told).toMatchObject({ exit_code: 5, stage: 'peers', error: { code: 'refused' } });
    expect(stderr).toMatch(/^peers: http:\/\/127\.0\.0\.1:1: no answer within 1s \(refused\)$/m);
  });

  it.each([
    { what: 'somebody else was quicker to initialise', fault: { at: 'init', by: 400 }, code: 'server_refused', left: undefined },
    { what: 'the connection ends in the init', fault: { at: 'init', by: 'hang-up' }, code: 'vault_unreachable', left: 'initialising' },
    { what: 'the answer to the init is lost', fault: { at: 'init', by: 'hang-up-after' }, code: 'vault_unreachable', left: 'initialising' },
    { what: 'the server refuses the snapshot', fault: { at: 'upload', by: 400 }, code: 'server_refused', left: 'initialised' },
  ] as const)('notes what is left where $what', async ({ fault, code, left }) => {
    const { vault, put, bootstrap, phase } = await bootstrapScene({ fault });
    await put(1);
    expect((await bootstrap()).told).toMatchObject({ error: { code } });
    expect(await phase()).toBe(left);
    // Asked twice, the server would say that somebody else was quicker.
    expect(vault.done.filter((step) => step === 'init').length).toBeLessThan(2);
  });

  it('goes on where only the answer to the upload is lost', async () => {
    const { put, bootstrap, phase } = await bootstrapScene({ fault: { at: 'upload', by: 'hang-up-after' } });
    await put(1);
    expect((await bootstrap()).told).toMatchObject({ exit_code: 0, reason: 'restored', level: 'unsealed' });
    expect(await phase()).toBeUndefined();
  }, 30_000);

  it('begins anew where its note is older than the server', async () => {
    const { home, put, bootstrap } = await bootstrapScene({ fault: { at: 'init', by: 'hang-up' } });
    await put(1);
    await bootstrap();
    expect((await bootstrap()).told).toMatchObject({ stage: 'init', error: { code: 'vault_unreachable' } });
    expect(await readdir(join(home, 'state'))).not.toContain(expect.stringContaining('partial'));
  });

  it('decides nothing by a note that cannot be read', async () => {
    const { home, vault, put, bootstrap } = await bootstrapScene({ fault: { at: 'init', by: 'hang-up-after' } });
    await put(1);
    await bootstrap();
    const [name] = (await readdir(join(home, 'state'))).filter((one) => one.startsWith('bootstrap-'));
    for (const text of ['{', 'null', '{}', '{"phase":"ended","cluster_id":"id-1"}']) {
      await writeFile(join(home, 'state', name!), text);
      expect((await bootstrap()).told, text).toMatchObject({ error: { code: 'spool_failed', message: expect.stringContaining('not readable as a marker') } });
    }
    expect(vault.done).toEqual(['init']);
  });

  it('finds its note again however the address of the server is spelled', async () => {
    const { vault, put, bootstrap } = await bootstrapScene({ fault: { at: 'upload', by: 400 } });
    await put(1);
    await bootstrap();
    expect((await bootstrap('--address', `${vault.address}/`)).told).toMatchObject({ exit_code: 1, error: { code: 'half_done' } });
  });
});

describe('the choice of a snapshot', () => {
  it('is left to the operator where there are several clusters', async () => {
    const { vault, put, bootstrap } = await bootstrapScene();
    await put(1);
    await put(2, { manifest: { cluster_id: 'id-2' } });
    expect((await bootstrap()).told).toMatchObject({ exit_code: 5, error: { code: 'cluster_mismatch' } });
    expect(vault.done).toEqual([]);
  });

  it('passes over what is suspicious, and takes it where it is named', async () => {
    const { put, bootstrap } = await bootstrapScene();
    await put(1, { manifest: { suspicious: ['keys out of order'] } });
    await put(2);
    const { told } = await bootstrap('--dry-run');
    expect(told).toMatchObject({ exit_code: 0, snapshot: { key: nameAt(2) }, skipped: [{ key: `local: ${nameAt(1)}` }] });
    expect((await bootstrap('--dry-run', '--snapshot', nameAt(1))).told).toMatchObject({ exit_code: 0, snapshot: { key: nameAt(1) } });
  });

  it('falls back no further than is said', async () => {
    const { put, bootstrap } = await bootstrapScene();
    for (const hours of [1, 2, 3]) await put(hours, { manifest: { suspicious: ['odd'] } });
    await put(4);
    expect((await bootstrap('--dry-run', '--fallback', '2')).told).toMatchObject({ exit_code: 1, error: { code: 'no_good_snapshot' } });
    expect((await bootstrap('--dry-run')).told).toMatchObject({ exit_code: 0, snapshot: { key: nameAt(4) } });
  });

  it('takes the whole copy of the newest before any older one', async () => {
    const { put, bootstrap } = await bootstrapScene({}, {}, ['one', 'two']);
    await put(1, { at: ['one'], manifest: { stored_bytes: 1 } });
    await put(1, { at: ['two'] });
    await put(2);
    const { told } = await bootstrap('--dry-run');
    expect(told).toMatchObject({ exit_code: 0, destination: 'two', snapshot: { key: nameAt(1) }, skipped: [{ key: `one: ${nameAt(1)}` }] });
    expect(told.skipped[0]?.reason).toMatch(/^stored size: expected 1 as its manifest says/);
  });

  it('is told by a dry run', async () => {
    const { put, bootstrap } = await bootstrapScene();
    await put(1);
    expect((await bootstrap('--dry-run')).stderr).toMatch(new RegExp(`^bootstrap: ${nameAt(1)}, \\d+m old, would be sent: dry run, nothing was touched$`, 'm'));
  });

  it('says which name is not there', async () => {
    const { bootstrap } = await bootstrapScene();
    const { told } = await bootstrap('--snapshot', nameAt(1));
    expect(told).toMatchObject({ exit_code: 1, error: { code: 'no_good_snapshot', message: `no good snapshot: local: ${nameAt(1)}: is not there` } });
    expect(told.error?.advice).toContain('damaged or not there');
  });

  it('does not take "nothing there" for an answer while a place cannot be seen', async () => {
    const { folderOf, vault, bootstrap } = await bootstrapScene({}, {}, ['one', 'two']);
    await writeFile(join(folderOf('two'), 'manifests', `${nameAt(1)}.json`), '{}');
    await writeFile(join(folderOf('two'), nameAt(1)), '');
    const { told } = await bootstrap('--if-no-snapshot', 'initialise-nothing');
    expect(told).toMatchObject({ exit_code: 1, reason: null, error: { code: 'no_good_snapshot' } });
    expect(vault.done).toEqual([]);
  });
});
