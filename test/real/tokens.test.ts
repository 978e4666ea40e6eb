import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole, createToken, fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { type Running, run, start } from '../system/program.ts';
import { expectTidy, expectWhole, makeScene, type Settings, tree } from '../system/scene.ts';
import { Gate } from './gate.ts';
import { linesOf, nextLine, READABLE_LOG, reportOf } from './told.ts';

const LOGIN = 'POST auth/approle/login';
const RENEWAL = 'POST auth/token/renew-self';

describe('the token of a daemon', () => {
  let vault: VaultNode;
  let gate: Gate;

  beforeAll(async () => {
    vault = await startVault();
    await fill(vault, 2_000_000);
  });

  afterAll(() => removeVault(vault));

  beforeEach(async () => {
    gate = await Gate.open(vault.address);
    return () => gate.close();
  });

  async function startDaemon(role: AppRole, settings: Settings = {}) {
    const scene = await makeScene(gate.address, role, { ...READABLE_LOG, frequency: '1s', retain: 2, ...settings });
    return { scene, daemon: start(['--config', scene.config]) };
  }

  /** So many further rounds that delivered. */
  async function rounds(daemon: Running, count: number): Promise<void> {
    for (let number = 0; number < count; number++) await nextLine(daemon, 'round_done');
  }

  function failures(daemon: Running): readonly unknown[] {
    return linesOf(daemon).filter(({ event }) => event === 'round_failed' || event === 'vault_token_trouble');
  }

  it('of five seconds is renewed for as long as the daemon runs, from one use of a secret_id that allows one, and revoked at its end', async () => {
    const role = await appRole(vault, { role: 'short', settings: { token_ttl: '5s', token_max_ttl: '1h', secret_id_num_uses: 1 } });
    const { scene, daemon } = await startDaemon(role);
    await until('three renewals', async () => gate.count(RENEWAL) >= 3);
    await rounds(daemon, 3);
    const accessor = await accessorOf(vault, 'short');
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toMatchObject({ code: 0 });
    expect(gate.count(LOGIN)).toBe(1);
    expect(failures(daemon)).toEqual([]);
    expect(await isAccessorKnown(vault, accessor)).toBe(false);
    await expectTidy(scene, 2);
  });

  it('is replaced by a new login before its longest life ends', async () => {
    const role = await appRole(vault, { role: 'capped', settings: { token_ttl: '4s', token_max_ttl: '6s' } });
    const { daemon } = await startDaemon(role);
    await until('three logins', async () => gate.count(LOGIN) >= 3);
    await rounds(daemon, 2);
    expect(failures(daemon)).toEqual([]);
  });

  it('of a batch, or of few uses, is replaced when it is spent', async () => {
    const batch = await startDaemon(await appRole(vault, { role: 'batch', settings: { token_type: 'batch', token_ttl: '4s' } }));
    const limited = await startDaemon(await appRole(vault, { role: 'limited', settings: { token_num_uses: 2, token_ttl: '1h' } }));
    await rounds(batch.daemon, 6);
    await rounds(limited.daemon, 6);
    expect([failures(batch.daemon), failures(limited.daemon)]).toEqual([[], []]);
  });

  it('is replaced by one login when somebody has revoked it, and the round succeeds', async () => {
    const { daemon } = await startDaemon(await appRole(vault, { role: 'revoked' }));
    await rounds(daemon, 1);
    await vault.write('auth/token/revoke-accessor', { accessor: await accessorOf(vault, 'revoked') });
    await rounds(daemon, 3);
    expect(gate.count(LOGIN)).toBe(2);
    expect(failures(daemon)).toEqual([]);
  });

  it('may be revoked while the snapshot streams: that one is whole, and the next round logs in anew', async () => {
    const { scene, daemon } = await startDaemon(await appRole(vault, { role: 'midstream' }));
    await rounds(daemon, 1);
    const hold = gate.hold(500_000);
    await hold.reached;
    await vault.write('auth/token/revoke-accessor', { accessor: await accessorOf(vault, 'midstream') });
    hold.release();
    await rounds(daemon, 3);
    expect(gate.count(LOGIN)).toBe(2);
    expect(failures(daemon)).toEqual([]);
    await expectWhole(scene.destination);
  });

  it('cannot be had with a wrong secret_id: --once ends with 77, the daemon goes on and asks once a minute', async () => {
    const { roleId } = await appRole(vault, { role: 'wrong' });
    const wrong = { roleId, secretId: '00000000-1111-2222-3333-444444444444' };
    const { scene, daemon } = await startDaemon(wrong);
    for (let round = 0; round < 4; round++) {
      expect(await nextLine(daemon, 'round_failed')).toMatchObject({ level: 'error', code: 'vault_login_failed' });
    }
    expect(gate.count(LOGIN)).toBe(1);
    daemon.signal('SIGTERM');
    const { code, stderr } = await daemon.ended;
    expect(code).toBe(0);
    expect(stderr).not.toContain(wrong.secretId);

    const ended = await run(['--once', '--json', '--config', scene.config]);
    expect(ended.code).toBe(77);
    expect(reportOf(ended)).toMatchObject({ outcome: 'failed', code: 'vault_login_failed' });
    expect(await tree(scene.destination)).toEqual([]);
  });

  it('of a file is taken from it anew when it is replaced, and never revoked', async () => {
    const scene = await makeScene(gate.address, { roleId: '', secretId: '' });
    const file = join(scene.directory, 'token');
    const tokens = [await createToken(vault), await createToken(vault)] as const;
    await writeFile(file, `${tokens[0]}\n`, { mode: 0o600 });
    await scene.configure({ ...READABLE_LOG, frequency: '1s', retain: 2, token_path: file });
    const daemon = start(['--config', scene.config]);
    await rounds(daemon, 2);
    await writeFile(`${file}.new`, `${tokens[1]}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
    await vault.write('auth/token/revoke', { token: tokens[0] });
    await rounds(daemon, 3);
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toMatchObject({ code: 0 });
    expect(gate.count(LOGIN)).toBe(0);
    expect(failures(daemon)).toEqual([]);
    expect((await vault.request('GET', 'auth/token/lookup-self', undefined, tokens[1])).status).toBe(200);
  });
});

/** Of the one living token of that role. */
async function accessorOf(vault: VaultNode, role: string): Promise<string> {
  const { json } = await vault.request('LIST', 'auth/token/accessors', undefined, vault.rootToken);
  for (const accessor of (json.data as { readonly keys: readonly string[] }).keys) {
    const found = await vault.request('PUT', 'auth/token/lookup-accessor', { accessor }, vault.rootToken);
    const meta = (found.json.data as { readonly meta?: { readonly role_name?: string } } | undefined)?.meta;
    if (meta?.role_name === role) return accessor;
  }
  throw new Error(`no token of ${role}`);
}

async function isAccessorKnown(vault: VaultNode, accessor: string): Promise<boolean> {
  return (await vault.request('PUT', 'auth/token/lookup-accessor', { accessor }, vault.rootToken)).status === 200;
}
