import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HostileProxy } from '../fakes/proxy.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { start } from './program.ts';
import { expectTidy, makeScene, snapshotsIn, startIdle } from './scene.ts';

const READY = /is ready/;
const DONE = /round done/;

let vault: VaultNode;
let role: AppRole;
let proxy: HostileProxy;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
  proxy = await HostileProxy.start(vault.address);
});

afterAll(async () => {
  await proxy.close();
  await removeVault(vault);
});

beforeEach(() => {
  proxy.fault = { kind: 'none' };
});

describe('SIGHUP', () => {
  it('brings in another frequency', async () => {
    const { scene, program } = await startIdle(proxy.address, role, { frequency: '1h' });
    await scene.configure({ frequency: '1s' });
    program.signal('SIGHUP');
    await program.line(/new configuration is in effect/);
    await program.line(DONE);
    await program.line(DONE);
    expect((await snapshotsIn(scene.destination)).length).toBeGreaterThanOrEqual(3);
  });

  it('brings in another destination, and forgets the one that is no longer named', async () => {
    const { scene, program } = await startIdle(proxy.address, role);
    const other = join(scene.directory, 'other');
    await scene.configure({ local_storage: [{ name: 'second', path: other }] });
    program.signal('SIGHUP');
    expect(await program.line(/Successfully created local snapshot to/)).toContain(other);
    await program.line(DONE);
    program.signal('SIGUSR1');
    await program.line(DONE);
    expect(await snapshotsIn(other)).toHaveLength(2);
    expect(await snapshotsIn(scene.destination)).toHaveLength(1);
  });

  it('forgets a key that was taken out of the file', async () => {
    const { scene, program } = await startIdle(proxy.address, role, { retain: 1 });
    program.signal('SIGUSR1');
    await program.line(DONE);
    expect(await snapshotsIn(scene.destination)).toHaveLength(1);
    await scene.configure({ retain: undefined });
    program.signal('SIGHUP');
    await program.line(/new configuration is in effect/);
    program.signal('SIGUSR1');
    await program.line(DONE);
    expect(await snapshotsIn(scene.destination)).toHaveLength(2);
  });

  it.each([
    { name: 'a wrong value', text: '{"frequency":"hourly"}', says: /frequency/ },
    { name: 'no JSON', text: '{"frequency":', says: /snapshot\.json/ },
    { name: 'nothing', text: '', says: /is empty/ },
  ])('refuses a file with $name by its name, and goes on with the old one', async ({ text, says }) => {
    const { scene, program } = await startIdle(proxy.address, role);
    await writeFile(scene.config, text);
    program.signal('SIGHUP');
    const line = await program.line(/the new configuration is refused/);
    expect(line).toMatch(says);
    expect(line).toContain('snapshot.json');
    program.signal('SIGUSR1');
    await program.line(DONE);
    await expectTidy(scene, 2);
    program.signal('SIGTERM');
    expect((await program.ended).code).toBe(0);
  });

  it('is heard every time, ten times in a row and in the middle of a round', async () => {
    const { scene, program } = await startIdle(proxy.address, role);
    for (let turn = 1; turn <= 10; turn++) {
      program.signal('SIGHUP');
      await program.line(/new configuration is in effect/);
    }
    const { promise, resolve: release } = Promise.withResolvers<void>();
    proxy.fault = { kind: 'hold', at: 8000, until: promise };
    const asked = proxy.snapshotsAsked;
    program.signal('SIGUSR1');
    await until('the round to begin', async () => proxy.snapshotsAsked > asked);
    for (let turn = 1; turn <= 10; turn++) {
      program.signal('SIGHUP');
      await program.line(READY);
    }
    release();
    await program.line(DONE);
    await program.line(/new configuration is in effect/);
    expect(program.lines.filter((line) => / (warn|error) /.test(line))).toEqual([]);
    await expectTidy(scene, 2);
    program.signal('SIGTERM');
    expect((await program.ended).code).toBe(0);
  });

  it('does not end a daemon that is still starting', async () => {
    const scene = await makeScene(proxy.address, role);
    const program = start(['--config', scene.config]);
    await program.line(READY);
    program.signal('SIGHUP');
    await program.line(/new configuration is in effect/);
    // Before that line or after it: the first round may be of either configuration.
    await until('the first round to be done', async () => program.lines.some((line) => DONE.test(line)));
    await expectTidy(scene, 1);
  });

  it('brings nothing in any more once the daemon is told to end', async () => {
    const { scene, program } = await startIdle(proxy.address, role, { stop_grace: '100ms' });
    proxy.fault = { kind: 'hold', at: 8000, until: new Promise(() => undefined) };
    const asked = proxy.snapshotsAsked;
    program.signal('SIGUSR1');
    await until('the round to begin', async () => proxy.snapshotsAsked > asked);
    program.signal('SIGHUP');
    await program.line(READY);
    program.signal('SIGTERM');
    const { code, stderr } = await program.ended;
    expect(code).toBe(0);
    expect(stderr).not.toContain('new configuration is in effect');
    await expectTidy(scene, 1);
  });
});
