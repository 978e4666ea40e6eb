import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fault, HostileProxy } from '../fakes/proxy.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole, fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { type Running, run, start } from './program.ts';
import { expectTidy, makeScene, type Scene, tree, unfinishedIn } from './scene.ts';

const IS_FULL = process.env.VAULT_SNAPSHOTD_TEST_FULL === '1';
const NEVER = new Promise<void>(() => undefined);
/** So many that the first bytes are at the destination long before the last have left Vault. */
const LARGE_BYTES = 1_600_000;
/** What stands before the first bit that a checksum covers. */
const GZIP_HEADER_BYTES = 10;

let vault: VaultNode;
let role: AppRole;
let proxy: HostileProxy;
let scene: Scene;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
  proxy = await HostileProxy.start(vault.address);
});

afterAll(async () => {
  await proxy.close();
  await removeVault(vault);
});

/** A destination with one good snapshot, made over the same line. */
beforeEach(async () => {
  proxy.fault = { kind: 'none' };
  scene = await makeScene(proxy.address, role, { stall_timeout: '2s' });
  expect((await run(['--once', '--config', scene.config])).code).toBe(0);
  await expectTidy(scene, 1);
});

/** What every archive has at least: those of one Vault differ by a few bytes, and a fault behind the end is none. */
function commonBytes(): number {
  return proxy.lastArchive.length - 64;
}

function everyKilobyte(): readonly number[] {
  const step = IS_FULL ? 16 : 1024;
  return Array.from({ length: Math.ceil(commonBytes() / step) }, (_, index) => index * step);
}

function expectNoSecret(output: string): void {
  expect(output).not.toMatch(/hv[sb]\./);
  expect(output).not.toContain(role.secretId);
}

/** A daemon takes a round over each of these spoiled lines in turn; none may leave a trace. Then it succeeds over a good one. */
async function expectSurvived(faults: readonly Fault[], codeOf: (fault: Fault) => string): Promise<void> {
  const daemon = start(['--config', scene.config]);
  await daemon.line(/is ready/);
  const before = await tree(scene.destination);
  for (const fault of faults) {
    proxy.fault = fault;
    const line = await nextRound(daemon, /Unable to generate snapshot/);
    expect({ fault, line }).toEqual({ fault, line: expect.stringContaining(` code=${codeOf(fault)} `) });
    expect({ fault, tree: await tree(scene.destination) }).toEqual({ fault, tree: before });
  }
  proxy.fault = { kind: 'none' };
  await nextRound(daemon, /round done/);
  expect(daemon.lines.filter((line) => / error /.test(line) && !line.includes('Unable to generate snapshot'))).toEqual([]);
  daemon.signal('SIGTERM');
  const { code, stderr } = await daemon.ended;
  expect(code).toBe(0);
  expectNoSecret(stderr);
  await expectTidy(scene, 2);
}

/** Asks until it is heard: the round before tells its end a moment before it is over, and on a slow machine the daemon may be trying again by itself. */
async function nextRound(daemon: Running, end: RegExp): Promise<string> {
  for (;;) {
    daemon.signal('SIGUSR1');
    const line = await daemon.line(new RegExp(`${end.source}|a round is running already`));
    if (end.test(line)) return line;
  }
}

describe('a line that spoils the snapshot', () => {
  it('leaves no trace when it is cut, wherever that is', async () => {
    const faults = everyKilobyte().map((at): Fault => ({ kind: 'cut', at }));
    await expectSurvived([...faults, { kind: 'cut', at: -1 }], () => 'vault_cut');
  });

  it('leaves no trace when the body ends early and looks whole to HTTP', async () => {
    const faults = [...everyKilobyte(), -1].map((at): Fault => ({ kind: 'short', at }));
    await expectSurvived(faults, (fault) => ('at' in fault && fault.at === 0 ? 'vault_cut' : 'archive_corrupt'));
  });

  it('leaves no trace when a single bit is another', async () => {
    const bits = (commonBytes() - GZIP_HEADER_BYTES) * 8;
    const count = IS_FULL ? bits : 24;
    const faults = Array.from({ length: count }, (_, n): Fault => ({ kind: 'flip', bit: GZIP_HEADER_BYTES * 8 + Math.floor((n * (bits - 1)) / count) }));
    await expectSurvived(faults, () => 'archive_corrupt');
  });

  it('leaves no trace when the connection is reset', async () => {
    const faults = everyKilobyte().map((at): Fault => ({ kind: 'reset', at }));
    await expectSurvived(faults, () => 'vault_cut');
  });

  const json = { 'content-type': 'application/json' };
  const answer = (status: number, body: string, headers: Readonly<Record<string, string>> = json): Fault => ({ kind: 'answer', status, headers, body });

  it.each<{ name: string; fault: Fault; code: string; exitCode: number }>([
    { name: 'a cut', fault: { kind: 'cut', at: 5000 }, code: 'vault_cut', exitCode: 69 },
    { name: 'a reset', fault: { kind: 'reset', at: 5000 }, code: 'vault_cut', exitCode: 69 },
    { name: 'a lying 200', fault: { kind: 'short', at: 5000 }, code: 'archive_corrupt', exitCode: 65 },
    { name: 'an empty 200', fault: { kind: 'short', at: 0 }, code: 'vault_cut', exitCode: 69 },
    { name: 'another bit', fault: { kind: 'flip', bit: 40_001 }, code: 'archive_corrupt', exitCode: 65 },
    { name: 'a byte too many', fault: { kind: 'append', bytes: Buffer.from('\n') }, code: 'archive_corrupt', exitCode: 65 },
    { name: 'zeros behind the end', fault: { kind: 'append', bytes: Buffer.alloc(512) }, code: 'archive_corrupt', exitCode: 65 },
    { name: 'a second gzip member', fault: { kind: 'append', bytes: gzipSync('more') }, code: 'archive_corrupt', exitCode: 65 },
    { name: 'an empty second gzip member', fault: { kind: 'append', bytes: gzipSync('') }, code: 'archive_corrupt', exitCode: 65 },
    { name: 'a stall', fault: { kind: 'hold', at: 5000, until: NEVER }, code: 'vault_stalled', exitCode: 69 },
    { name: 'a stall one byte before the end', fault: { kind: 'hold', at: -1, until: NEVER }, code: 'vault_stalled', exitCode: 69 },
    { name: 'a web page', fault: answer(200, '<!doctype html><p>sign in', { 'content-type': 'text/html' }), code: 'vault_bad_answer', exitCode: 69 },
    { name: 'a redirect', fault: answer(307, '', { location: 'http://127.0.0.1:9/v1/sys/storage/raft/snapshot' }), code: 'vault_standby', exitCode: 69 },
    { name: 'a 403', fault: answer(403, '{"errors":["permission denied"]}'), code: 'vault_denied', exitCode: 77 },
    { name: 'a 429', fault: answer(429, '{"errors":["request path \\"x\\": rate limit quota exceeded"]}'), code: 'vault_rate_limited', exitCode: 75 },
    { name: 'a 500', fault: answer(500, '{"errors":["internal error"]}'), code: 'vault_error', exitCode: 69 },
    { name: 'a 502 of a proxy', fault: answer(502, '<html>Bad Gateway</html>', { 'content-type': 'text/html' }), code: 'vault_bad_answer', exitCode: 69 },
    { name: 'a 503', fault: answer(503, '{"errors":["Vault is sealed"]}'), code: 'vault_sealed', exitCode: 69 },
  ])('ends --once for $name with $exitCode and the code $code', async ({ fault, code, exitCode }) => {
    const before = await tree(scene.destination);
    proxy.fault = fault;
    const ended = await run(['--once', '--json', '--config', scene.config]);
    expect(ended.code).toBe(exitCode);
    expect(JSON.parse(ended.stdout)).toMatchObject({ outcome: 'failed', delivered: [], missed: [], pruned: [], code });
    expect(ended.stderr.split('\n').filter((line) => / error /.test(line))).toEqual([expect.stringContaining('Unable to generate snapshot')]);
    expectNoSecret(ended.stdout + ended.stderr);
    expect(await tree(scene.destination)).toEqual(before);
    expect(await unfinishedIn(scene.state)).toEqual([]);
  });

  it('takes its time over one that drips', async () => {
    proxy.fault = { kind: 'drip', bytes: 1000, everyMs: 100 };
    expect((await run(['--once', '--config', scene.config])).code).toBe(0);
    await expectTidy(scene, 2);
  });
});

describe('a line that spoils a snapshot that is on its way to the destination already', () => {
  beforeAll(() => fill(vault, LARGE_BYTES));

  const places = [300_000, 500_000, 800_000, -1];

  it.each<{ name: string; faults: readonly Fault[]; code: string }>([
    { name: 'it is cut', faults: places.map((at) => ({ kind: 'cut', at })), code: 'vault_cut' },
    { name: 'it is reset', faults: places.map((at) => ({ kind: 'reset', at })), code: 'vault_cut' },
    { name: 'it ends early', faults: places.map((at) => ({ kind: 'short', at })), code: 'archive_corrupt' },
    { name: 'a bit is another', faults: [2_400_001, 4_000_002, 6_400_003].map((bit) => ({ kind: 'flip', bit })), code: 'archive_corrupt' },
    { name: 'there is more behind it', faults: [1, 512, 300_000].map((bytes) => ({ kind: 'append', bytes: Buffer.alloc(bytes) })), code: 'archive_corrupt' },
    { name: 'nothing more comes', faults: places.map((at) => ({ kind: 'hold', at, until: NEVER })), code: 'vault_stalled' },
  ])('leaves no trace when $name', async ({ faults, code }) => {
    await expectSurvived(faults, () => code);
  });

  it('shows nothing while it is on its way, and all of it afterwards', async () => {
    const { promise, resolve: release } = Promise.withResolvers<void>();
    const before = await tree(scene.destination);
    proxy.fault = { kind: 'hold', at: -1, until: promise };
    const once = start(['--once', '--config', scene.config]);
    await until('an upload to be under way', async () => (await tree(scene.destination)).some((path) => path.startsWith('.partial-')));
    expect((await tree(scene.destination)).filter((path) => !path.startsWith('.partial-'))).toEqual(before);
    release();
    expect((await once.ended).code).toBe(0);
    await expectTidy(scene, 2);
  });
});
