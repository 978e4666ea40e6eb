import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { HostileProxy } from '../fakes/proxy.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole, fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { start } from './program.ts';
import { expectTidy, expectWhole, makeScene, type Scene, type Settings, type Started, snapshotsIn, startIdle, tree, unfinishedIn } from './scene.ts';

/** Of the archive: by then it is on its way to the destination. */
const MIDDLE = 500_000;
const READY = /is ready/;
const DONE = /round done/;

let vault: VaultNode;
let role: AppRole;
let proxy: HostileProxy;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
  await fill(vault, 1_000_000);
  proxy = await HostileProxy.start(vault.address);
});

afterAll(async () => {
  await proxy.close();
  await removeVault(vault);
});

beforeEach(() => {
  proxy.fault = { kind: 'none' };
});

/** In the middle of reading the archive; it goes on only when `release` is called. */
async function startInRound(args: readonly string[], settings: Settings = {}): Promise<Started & { readonly release: () => void }> {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  proxy.fault = { kind: 'hold', at: MIDDLE, until: promise };
  const scene = await makeScene(proxy.address, role, settings);
  const asked = proxy.snapshotsAsked;
  const program = start([...args, '--config', scene.config]);
  await until('the archive to be asked for', async () => proxy.snapshotsAsked > asked);
  await program.line(READY);
  await until('an upload to be under way', async () => (await tree(scene.destination)).some((path) => path.startsWith('.partial-')));
  return { scene, program, release };
}

async function expectNothing({ destination, state }: Scene): Promise<void> {
  expect((await tree(destination)).filter((path) => path !== 'manifests')).toEqual([]);
  expect(await unfinishedIn(state)).toEqual([]);
}

async function hasPendingSignal(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return !/^ShdPnd:\s*0+$/m.test(status);
}

describe('SIGTERM and SIGINT', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s ends an idle daemon with 0', async (signal) => {
    const { scene, program } = await startIdle(proxy.address, role);
    program.signal(signal);
    expect(await program.ended).toMatchObject({ code: 0, signal: null });
    await expectTidy(scene, 1);
  });

  it('lets the daemon finish its round within the grace period', async () => {
    const { scene, program, release } = await startInRound([]);
    program.signal('SIGTERM');
    release();
    expect(await program.ended).toMatchObject({ code: 0, stderr: expect.stringMatching(DONE) });
    await expectTidy(scene, 1);
  });

  it('aborts the round of a daemon that outlasts the grace period, and leaves nothing of it', async () => {
    const { scene, program } = await startInRound([], { stop_grace: '300ms' });
    program.signal('SIGTERM');
    const { code, stderr } = await program.ended;
    expect(code).toBe(0);
    expect(stderr).toContain('code=stopped ');
    await expectNothing(scene);
  });

  it.each([
    { args: [], signal: 'SIGTERM', expected: 0 },
    { args: [], signal: 'SIGINT', expected: 0 },
    { args: ['--once'], signal: 'SIGTERM', expected: 143 },
    { args: ['--once'], signal: 'SIGINT', expected: 130 },
  ] as const)('a second $signal to $args ends the round at once, with $expected', async ({ args, signal, expected }) => {
    const { scene, program } = await startInRound(args);
    program.signal(signal);
    // Two of a kind that wait together are one. No third: it would kill a process that has ended but for its last steps.
    await until('the first to be taken', async () => !(await hasPendingSignal(program.pid)));
    program.signal(signal);
    expect((await program.ended).code).toBe(expected);
    await expectNothing(scene);
  });

  it.each([
    { signal: 'SIGTERM', expected: 143, name: 'stopped' },
    { signal: 'SIGINT', expected: 130, name: 'stopped_int' },
  ] as const)('$signal ends a --once that outlasts the grace period with $expected', async ({ signal, expected, name }) => {
    const { scene, program } = await startInRound(['--once', '--json'], { stop_grace: '300ms' });
    program.signal(signal);
    const { code, stdout } = await program.ended;
    expect(code).toBe(expected);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'failed', code: name, delivered: [] });
    await expectNothing(scene);
  });

  it('ends a daemon that waits for an answer of Vault, before there is one', async () => {
    const { scene, program } = await startIdle(proxy.address, role, { frequency: '1s' });
    vault.pause();
    onTestFinished(() => vault.resume());
    const { asked } = proxy;
    await until('Vault to be asked', async () => proxy.asked > asked);
    program.signal('SIGTERM');
    // Five seconds go to giving the token back; an answer would be waited for fifteen.
    const patience = setTimeout(() => program.signal('SIGKILL'), 14_000);
    const { code, stderr } = await program.ended;
    clearTimeout(patience);
    expect(code).toBe(0);
    expect(stderr).not.toContain(' error ');
    await expectWhole(scene.destination);
  });

  it('lets a --once finish within the grace period, with 0', async () => {
    const { scene, program, release } = await startInRound(['--once']);
    program.signal('SIGTERM');
    release();
    expect((await program.ended).code).toBe(0);
    await expectTidy(scene, 1);
  });
});

describe('SIGUSR1', () => {
  it('takes a snapshot now', async () => {
    const { scene, program } = await startIdle(proxy.address, role);
    program.signal('SIGUSR1');
    await program.line(DONE);
    await expectTidy(scene, 2);
  });

  it('is refused while a round runs', async () => {
    const { scene, program, release } = await startInRound([]);
    program.signal('SIGUSR1');
    await program.line(/a round is running already/);
    release();
    await program.line(DONE);
    await expectTidy(scene, 1);
  });

  it('opens no debugger in a --once', async () => {
    const { program, release } = await startInRound(['--once']);
    program.signal('SIGUSR1');
    release();
    const { code, stderr } = await program.ended;
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/debugger/i);
  });
});

it('goes on when whoever read its log is gone', async () => {
  const { scene, program } = await startIdle(proxy.address, role);
  program.closeLog();
  await until('three snapshots more', async () => {
    program.signal('SIGUSR1');
    return (await snapshotsIn(scene.destination)).length >= 4;
  });
  program.signal('SIGTERM');
  expect((await program.ended).code).toBe(0);
  await expectTidy(scene, (await snapshotsIn(scene.destination)).length);
});
