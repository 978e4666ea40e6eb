import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ApiServer } from '../../fakes/kubernetes/api-server.ts';
import { bootstrapScene } from './bootstrap-scene.ts';

let api: ApiServer;

beforeAll(async () => {
  api = await ApiServer.start();
});

afterEach(() => {
  api.remove('begin');
  api.allowed = ['get', 'create', 'update'];
  api.onAsked = () => undefined;
});

afterAll(() => api.close());

/** A pod beside an empty server, and what it says with `--lease begin`. */
async function pod(...options: Parameters<typeof bootstrapScene>) {
  const scene = await bootstrapScene(...options);
  await scene.put(1);
  const host = { env: api.env, serviceAccountDirectory: api.accountDirectory };
  const bootstrap = (...flags: readonly string[]) => scene.bootstrapOn(host, '--lease', 'begin', ...flags);
  return { ...scene, bootstrap };
}

describe('a bootstrap with a lease', () => {
  it('fills the server while it holds it, and gives it back', async () => {
    const { vault, bootstrap } = await pod();
    const holders: unknown[] = [];
    vault.onStep = () => holders.push(api.lease('begin')?.spec.holderIdentity);
    const { told, stderr } = await bootstrap();
    expect(told).toMatchObject({ exit_code: 0, reason: 'restored', level: 'unsealed' });
    expect(holders).toEqual([`vault-0_${told.run_id}`, `vault-0_${told.run_id}`]);
    expect(api.lease('begin')?.spec.holderIdentity).toBe('');
    expect(stderr).not.toContain(api.token);
  }, 30_000);

  it('leaves the server to whoever holds it', async () => {
    const { vault, bootstrap, phase } = await pod();
    let beat = 0;
    const live = () => api.put('begin', { holderIdentity: 'vault-1', leaseDurationSeconds: 15, renewTime: `2026-03-01T12:00:0${beat}.000000Z` });
    live();
    api.onAsked = () => {
      beat += 1;
      live();
    };
    expect((await bootstrap()).told).toMatchObject({ exit_code: 0, reason: 'not_mine', acted: false });
    expect([vault.done, await phase()]).toEqual([[], undefined]);
    expect(api.lease('begin')?.spec.holderIdentity).toBe('vault-1');
  });

  it('goes on after a run that was killed while it held it', async () => {
    api.put('begin', { holderIdentity: 'vault-0_killed', leaseDurationSeconds: 1, renewTime: '2026-03-01T12:00:00.000000Z' });
    expect((await (await pod()).bootstrap()).told).toMatchObject({ exit_code: 0, reason: 'restored' });
  }, 30_000);

  it('does not wait for a dead holder longer than --wait, and says whom it waits for', async () => {
    api.put('begin', { holderIdentity: 'stranger', leaseDurationSeconds: 2_000_000, renewTime: '2026-03-01T12:00:00.000000Z' });
    const { vault, bootstrap } = await pod();
    const { told, stderr } = await bootstrap('--wait', '1s');
    expect(told).toMatchObject({ exit_code: 5, stage: 'claim', error: { code: 'refused' } });
    expect(stderr).toContain('bootstrap: lease begin: held by stranger: watched for a sign of life, 1s at most\n');
    expect(vault.done).toEqual([]);
  });

  it.each([
    { before: 'init', asked: 2, done: [], left: undefined, stage: 'claim' },
    { before: 'the upload', asked: 3, done: ['init', 'unseal'], left: 'initialised', stage: 'lead' },
  ])('ends before $before where another has taken it', async ({ asked, done, left, stage }) => {
    const { vault, bootstrap, phase } = await pod();
    let writings = 0;
    api.onAsked = (verb) => {
      if (verb === 'get') return;
      writings += 1;
      if (writings === asked) api.put('begin', { holderIdentity: 'vault-1' });
    };
    expect((await bootstrap()).told).toMatchObject({ exit_code: 5, stage, error: { code: 'lease_lost' } });
    expect([vault.done, await phase()]).toEqual([done, left]);
    expect(api.lease('begin')?.spec.holderIdentity).toBe('vault-1');
  });

  it('goes on to the end where it is lost after the snapshot was sent, and says so', async () => {
    const { vault, bootstrap } = await pod();
    vault.onStep = (step) => void (step === 'upload' && api.put('begin', { holderIdentity: 'vault-1' }));
    const { told } = await bootstrap();
    expect(told).toMatchObject({ exit_code: 0, reason: 'restored' });
    expect(told.warnings).toContainEqual(expect.stringContaining('the lease was lost after the snapshot had been sent'));
  }, 30_000);

  it('touches nothing without the right to ask for it', async () => {
    api.allowed = [];
    const { vault, bootstrap, phase } = await pod();
    const { told, stderr } = await bootstrap();
    expect(told).toMatchObject({ exit_code: 77, stage: 'claim', error: { code: 'lease_denied' } });
    expect(stderr).toMatch(/^hint: .*the verbs get, create and update on leases/m);
    expect([vault.done, await phase()]).toEqual([[], undefined]);
  });

  it('takes none to try', async () => {
    expect((await (await pod()).bootstrap('--dry-run')).told).toMatchObject({ exit_code: 0, reason: 'dry_run' });
    expect(api.lease('begin')).toBeUndefined();
  });

  it.each([
    { flags: ['--lease', 'Begin'], says: '--lease' },
    { flags: ['--lease', 'a/../b'], says: '--lease' },
    { flags: ['--lease', 'begin', '--ordinal', '0'], says: 'does not go with' },
    { flags: ['--lease', 'begin'], says: 'this is no pod of Kubernetes' },
  ])('is refused as $flags', async ({ flags, says }) => {
    const { vault, call } = await bootstrapScene();
    const { code, host } = await call('bootstrap', ...flags);
    expect(code).toBe(2);
    expect(host.stderr).toContain(says);
    expect(vault.done).toEqual([]);
  });
});
