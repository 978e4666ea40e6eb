import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itAlongside } from '../fakes/test-end.ts';
import { until } from '../servers/wait.ts';
import { tree } from '../system/scene.ts';
import { beside, empty, isInitialised, leavesNothing, type Source, secretOf, shamirSource } from './bootstrap-scene.ts';

let source: Source;
let newest: string;

beforeAll(async () => {
  source = await shamirSource();
  await source.take('older');
  newest = await source.take('newest');
  await source.node.terminate();
});

afterAll(() => source.remove());

describe('a fresh server', () => {
  itAlongside('is filled with the newest snapshot, unsealed and proved, and then left alone', async () => {
    const node = await empty();
    const host = await beside(node, source);
    await host.giveShares();
    const { ended, told } = await host.bootstrap();
    expect(told).toMatchObject({ exit_code: 0, outcome: 'ok', reason: 'restored', acted: true, level: 'canary-read', phase: 'restored', warnings: [] });
    expect(told.snapshot?.key).toBe(newest);
    expect(await secretOf(node, source)).toBe('newest');
    await leavesNothing(host);
    // Nothing in it says any more that its keys are lost.
    expect(await readFile(join(node.settings.dir, 'vault.db'), 'latin1')).not.toContain(told.run_id);
    for (const key of [...source.node.keys, 'hvs.']) expect(`${ended.stdout}${ended.stderr}`).not.toContain(key);

    await node.write('app/secret', { value: 'later' });
    expect((await host.bootstrap()).told).toMatchObject({ exit_code: 0, reason: 'already_initialised', acted: false });
    expect(await secretOf(node, source)).toBe('later');
  });

  itAlongside('waits for people, and holds no key while it does', async () => {
    const node = await empty();
    const host = await beside(node, source);
    const going = host.begin();
    const line = await going.line(/the snapshot is in place/);
    expect(line).toContain(`unseal ${node.address} with 2 of 3 shares of the fingerprint `);
    for (const name of await tree(host.state)) {
      const text = (await readFile(join(host.state, name)).catch(() => Buffer.of())).toString('latin1');
      expect(text).not.toMatch(/hvs\.|"keys|root_token/);
    }
    expect(await host.phase()).toBe('restored');
    going.signal('SIGTERM');
    const stopped = await going.ended;
    expect(stopped.code).toBe(143);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ level: 'installed', phase: 'restored', error: { code: 'stopped' } });

    const again = host.begin();
    await again.line(/the snapshot is in place/);
    node.adopt(source.node);
    await node.unseal();
    const told = JSON.parse((await again.ended).stdout);
    expect(told).toMatchObject({ exit_code: 0, reason: 'restored', level: 'canary-read', waiting_for: null });
    await leavesNothing(host);
  });

  itAlongside('is left sealed with --no-wait, and opened by the next run with shares', async () => {
    const node = await empty();
    const host = await beside(node, source);
    const { told } = await host.bootstrap('--no-wait');
    expect(told).toMatchObject({ exit_code: 11, level: 'installed', stage: 'unseal', phase: 'restored' });
    expect(told.waiting_for).toContain('2 of 3 shares');
    await host.giveShares();
    // No destination is needed any more.
    expect((await host.bootstrap()).told).toMatchObject({ exit_code: 0, reason: 'restored', level: 'canary-read' });
    expect(await secretOf(node, source)).toBe('newest');
    await leavesNothing(host);
  });

  itAlongside('that snapshots do not know is refused before anything is sent, and is emptied only when it is down', async () => {
    const node = await empty({ nodeId: 'stranger' });
    const host = await beside(node, source);
    const refused = (await host.bootstrap()).told;
    expect(refused).toMatchObject({ exit_code: 5, stage: 'lead', error: { code: 'refused' }, phase: 'initialised' });
    expect(refused.error?.advice).toContain('set "node_id" of its storage to one of first');
    expect((await host.bootstrap()).told).toMatchObject({ exit_code: 1, error: { code: 'half_done' } });
    const clean = () => host.bootstrap('--clean', '--data-dir', node.settings.dir);
    expect((await clean()).told).toMatchObject({ exit_code: 5, error: { code: 'refused' } });
    await node.terminate();
    // It has started and stopped since, as by a supervisor, and nobody could open it.
    await node.start();
    await node.terminate();
    expect((await clean()).told).toMatchObject({ exit_code: 0, reason: 'cleaned' });
    expect((await tree(node.settings.dir)).filter((name) => /^(vault\.db|raft)/.test(name))).toEqual([]);
    expect((await clean()).told).toMatchObject({ exit_code: 0, reason: 'nothing_to_clean' });
    await node.start();
    expect(await isInitialised(node)).toBe(false);
  });
});

itAlongside('does not clean away a cluster that people have made since where a run was cut off', async () => {
  const node = await empty({ nodeId: 'stranger' });
  const host = await beside(node, source);
  expect((await host.bootstrap()).told).toMatchObject({ exit_code: 5, phase: 'initialised' });
  await node.terminate();
  for (const name of ['vault.db', 'raft']) await rm(join(node.settings.dir, name), { recursive: true });
  await node.start();
  await node.init(1, 1);
  await node.unseal();
  await node.write('sys/mounts/app', { type: 'kv', options: { version: '1' } });
  await node.write('app/secret', { value: 'of people' });
  await node.terminate();
  const { told } = await host.bootstrap('--clean', '--data-dir', node.settings.dir);
  expect(told).toMatchObject({ exit_code: 5, stage: 'clean', error: { code: 'refused' } });
  await node.start();
  await node.unseal();
  expect((await node.request('GET', 'app/secret', undefined, node.rootToken)).json.data).toEqual({ value: 'of people' });
});

describe('an empty server stays empty', () => {
  it.each([
    { what: 'while a peer has a cluster', peers: 'initialised' as const, exit: 0, reason: 'peer_initialised', code: undefined },
    { what: 'while a peer is silent', peers: 'silent' as const, exit: 5, reason: null, code: 'refused' },
  ])('$what', async ({ peers, exit, reason, code }) => {
    const [node, peer] = [await empty(), await empty({ ip: '127.0.0.2', nodeId: 'second' })];
    if (peers === 'initialised') await peer.init(1, 1);
    else await peer.kill();
    const host = await beside(node, source);
    const { told } = await host.bootstrap('--peers', peer.address, '--wait', '1s');
    expect(told).toMatchObject({ exit_code: exit, reason, acted: false, peers: peers === 'silent' ? [] : [{ address: peer.address, state: peers }] });
    expect(told.error?.code).toBe(code);
    expect(await isInitialised(node)).toBe(false);
    await leavesNothing(host);
  });

  it.each([
    { flags: ['--if-no-snapshot', 'initialise-nothing'], exit: 0, reason: 'no_snapshot', code: undefined },
    { flags: [], exit: 1, reason: null, code: 'no_snapshot' },
  ])('without any snapshot, and that ends with $exit after $flags', async ({ flags, exit, reason, code }) => {
    const node = await empty();
    const host = await beside(node, source, { local_storage: { path: '/nonexistent/nothing' } });
    await host.configure({ local_storage: { path: join(host.directory, 'none') } });
    const { told } = await host.bootstrap(...flags);
    expect(told).toMatchObject({ exit_code: exit, reason, acted: false });
    expect(told.error?.code).toBe(code);
    expect(await isInitialised(node)).toBe(false);
    await leavesNothing(host);
  });

  it('while the source still serves, and after a dry run', async () => {
    const node = await empty();
    const host = await beside(node, source);
    expect((await host.bootstrap('--dry-run', '--source', source.node.address)).told).toMatchObject({ exit_code: 0, reason: 'dry_run', level: 'verified' });
    await source.node.start();
    await source.node.unseal();
    expect((await host.bootstrap('--source', source.node.address)).told).toMatchObject({ exit_code: 5, error: { code: 'source_alive' } });
    await source.node.terminate();
    expect(await isInitialised(node)).toBe(false);
    await leavesNothing(host);
  });
});

it('fills one of three, and the others join it', async () => {
  const [first, second, third] = [
    await empty({ ip: '127.0.0.2', hasAutopilot: true }),
    await empty({ ip: '127.0.0.3', nodeId: 'second', hasAutopilot: true }),
    await empty({ ip: '127.0.0.4', nodeId: 'third', hasAutopilot: true }),
  ];
  const others = [second, third];
  const host = await beside(first, source);
  await host.giveShares();
  const { told } = await host.bootstrap('--peers', others.map(({ address }) => address).join(','));
  expect(told).toMatchObject({ exit_code: 0, reason: 'restored', peers: others.map(({ address }) => ({ address, state: 'empty' })) });
  first.adopt(source.node);
  await first.write('sys/storage/raft/autopilot/configuration', { server_stabilization_time: '1s' });
  for (const node of others) {
    const peer = await beside(node, source);
    expect((await peer.bootstrap('--peers', first.address)).told).toMatchObject({ exit_code: 0, reason: 'peer_initialised' });
    const { json } = await node.request('PUT', 'sys/storage/raft/join', { leader_api_addr: first.address });
    expect(json.joined).toBe(true);
    node.adopt(source.node);
    await node.unseal();
  }
  await until('three voters that are well', async () => {
    const { json } = await first.request('GET', 'sys/storage/raft/autopilot/state', undefined, source.node.rootToken);
    const { healthy, voters } = json.data as { readonly healthy: boolean; readonly voters: readonly string[] };
    return healthy && voters.length === 3;
  });
  for (const node of [first, ...others]) expect(await secretOf(node, source)).toBe('newest');
});
