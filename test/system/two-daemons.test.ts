import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { run, start } from './program.ts';
import { snapshotsIn, startIdle, tree } from './scene.ts';

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
});

afterAll(() => removeVault(vault));

const untilAnswering = (config: string) => until('the daemon to answer', async () => (await run(['status', '--config', config])).code === 0);

describe('a second daemon with one state directory', () => {
  it('refuses to work and names the first, which goes on; a snapshot by hand is welcome', async () => {
    const { scene, program } = await startIdle(vault.address, role);
    const second = await run(['--config', scene.config]);
    expect(second.code).toBe(75);
    expect(second.stderr).toContain(`daemon: ${scene.state}: another one is at work here: process ${program.pid} on `);
    expect(second.stderr).toContain('daemon_running');
    expect(await snapshotsIn(scene.destination)).toHaveLength(1);
    expect((await run(['--once', '--config', scene.config])).code).toBe(0);
    expect((await run(['status', '--config', scene.config])).code).toBe(0);
    program.signal('SIGTERM');
    expect((await program.ended).code).toBe(0);
    expect((await tree(scene.state)).filter((name) => name.includes('.lock'))).toEqual([]);
  });

  it('begins where the first was killed', async () => {
    const { scene, program } = await startIdle(vault.address, role);
    program.signal('SIGKILL');
    await program.ended;
    const next = start(['--config', scene.config]);
    await untilAnswering(scene.config);
    next.signal('SIGTERM');
    expect((await next.ended).code).toBe(0);
    expect((await tree(scene.state)).filter((name) => name.includes('.lock'))).toEqual([]);
  });

  it('is not made of a living one by a reload', async () => {
    const { scene, program } = await startIdle(vault.address, role);
    const other = join(scene.directory, 'other');
    await scene.configure({ spool_path: other });
    const second = start(['--config', scene.config]);
    await untilAnswering(scene.config);
    program.signal('SIGHUP');
    expect(await program.line(/event=reload_refused/)).toContain(`process ${second.pid} on `);
    await scene.configure({});
    second.signal('SIGTERM');
    await second.ended;
    program.signal('SIGHUP');
    await program.line(/event=config_reloaded/);
    program.signal('SIGTERM');
    expect((await program.ended).code).toBe(0);
  });
});
