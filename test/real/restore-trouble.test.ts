import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../servers/ports.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { start } from '../system/program.ts';
import { has, makeRestoreScene, nothingInSpool, type Restored } from './restore-scene.ts';
import { UploadGate } from './upload-gate.ts';

const MB = 1_000_000;

describe('a restore that meets trouble', () => {
  let node: VaultNode;
  let impatientPort: number;

  beforeAll(async () => {
    const [port = 0, clusterPort = 0] = await freePorts('127.0.0.1', 2);
    impatientPort = port;
    const listener = `address = "127.0.0.1:${port}"\n cluster_address = "127.0.0.1:${clusterPort}"\n tls_disable = true\n http_read_timeout = "2s"`;
    node = await startVault({ extraConfig: `listener "tcp" {\n${listener}\n}` });
    // More than the buffers of two sockets hold: what is stopped has not all left the program.
    await fill(node, 24 * MB);
    await node.write('sys/mounts/app', { type: 'kv', options: { version: '1' } });
  });

  afterAll(async () => {
    await removeVault(node);
  });

  /** A snapshot, something written after it, and a gate to restore through. */
  async function begin(port = node.settings.port) {
    const scene = await makeRestoreScene(node);
    await node.request('DELETE', 'app/later', undefined, node.rootToken);
    await scene.take();
    await node.write('app/later', { value: 'later' });
    const gate = await UploadGate.open(port);
    onTestFinished(() => gate.close());
    const flags = ['--snapshot', 'latest', '--confirm', scene.clusterName, '--restore-timeout', '30s'];
    return { scene, gate, restore: (...more: readonly string[]) => scene.restore(gate.address, ...flags, ...more), flags };
  }

  /** The upload changed nothing, and all that is left is the way back. */
  async function expectUntouched(told: Restored): Promise<void> {
    expect(await has(node, 'app/later')).toBe(true);
    expect(told.left_behind).toEqual([`safety snapshot: ${told.safety_snapshot}`]);
  }

  it('says that the listener had no patience, and which setting has', async () => {
    const { scene, gate, restore } = await begin(impatientPort);
    const reached = gate.stopAfter(2 * MB);
    const { told } = await restore();
    await reached;
    expect(told).toMatchObject({ exit_code: 1, stage: 'send', level: 'verified', error: { code: 'upload_cut' } });
    expect(told.error?.advice).toContain('http_read_timeout');
    await expectUntouched(told);
    await nothingInSpool(scene);
  });

  it('changes nothing when the connection breaks half-way', async () => {
    const { scene, gate, restore } = await begin();
    void gate.stopAfter(2 * MB).then(() => gate.cut());
    const { told } = await restore();
    expect(told).toMatchObject({ exit_code: 1, stage: 'send', error: { code: 'upload_cut' } });
    await expectUntouched(told);
    await nothingInSpool(scene);
  });

  it.each([
    { signal: 'SIGTERM' as const, code: 143 },
    { signal: 'SIGINT' as const, code: 130 },
  ])('ends on $signal half-way, and changes nothing', async ({ signal, code }) => {
    const { scene, gate, flags } = await begin();
    const reached = gate.stopAfter(2 * MB);
    const program = start(['restore', '--config', scene.config, '--to', gate.address, '--json', ...flags]);
    await reached;
    program.signal(signal);
    const ended = await program.ended;
    expect(ended.code).toBe(code);
    const told = JSON.parse(ended.stdout) as Restored;
    expect(told.stage).toBe('send');
    expect(told.error?.advice).toContain('nothing was changed');
    await expectUntouched(told);
    await nothingInSpool(scene);
  });

  it('does not ask to be run again where it is stopped after the server has all of it', async () => {
    const { gate, scene, flags } = await begin();
    const reached = gate.holdAnswerAfter(2 * MB);
    const program = start(['restore', '--config', scene.config, '--to', gate.address, '--json', ...flags]);
    await reached;
    program.signal('SIGINT');
    const ended = await program.ended;
    const told = JSON.parse(ended.stdout) as Restored;
    expect(told).toMatchObject({ exit_code: 130, error: { code: 'stopped_int' } });
    expect(told.error?.advice).toContain('do not send it again');
    expect(told.left_behind).toEqual([`safety snapshot: ${told.safety_snapshot}`]);
  });

  it('finds out that a server has taken it that never came to say so', async () => {
    const { gate, restore } = await begin();
    void gate.holdAnswerAfter(2 * MB).then(() => gate.cut());
    const { told } = await restore();
    expect(told).toMatchObject({ exit_code: 0, outcome: 'ok', proof: 'token' });
    expect(told.warnings.join()).toContain('has not answered the upload');
    expect(await has(node, 'app/later')).toBe(false);
  });

  it('says so when the server dies while it applies, and the server opens again with its keys', async () => {
    const { gate, restore } = await begin();
    const accepted = gate.holdAnswerAfter(2 * MB).then(async () => {
      await node.kill();
      gate.cut();
    });
    const { told } = await restore('--restore-timeout', '4s');
    await accepted;
    expect(told).toMatchObject({ exit_code: 1, stage: 'apply', error: { code: 'target_lost' } });
    expect(told.error?.message).toContain('unreachable since');
    await node.start();
    await node.unseal();
    expect((await node.request('GET', 'sys/health')).status).toBe(200);
  });

  /** Killed when it has taken the snapshot in and has not begun to apply it, and back at once: sealed. */
  async function startAnew(...flags: readonly string[]) {
    const { scene, gate, restore } = await begin();
    const share = join(scene.directory, 'shares');
    await writeFile(share, `${node.keys.join('\n')}\n`, { mode: 0o600 });
    await scene.configure({ recovery: { shares: [{ file: share }] } });
    const accepted = gate.holdAnswerAfter(2 * MB).then(async () => {
      await node.kill();
      await node.start();
      gate.cut();
    });
    const { told } = await restore(...flags);
    await accepted;
    return told;
  }

  it('does not call a snapshot in place because the server is sealed: it may hold the state of before', async () => {
    const told = await startAnew();
    expect(told).toMatchObject({ exit_code: 1, stage: 'apply', level: 'verified', error: { code: 'target_lost' } });
    expect(told.error?.message).toContain('nobody knows which state it holds');
    expect(told.next_steps).toEqual([expect.stringContaining('look whether what was written after the snapshot is gone')]);
    await node.unseal();
    expect(await has(node, 'app/later')).toBe(true);
  });

  it('opens such a server with the shares, and says that it holds the state of before', async () => {
    const told = await startAnew('--unseal');
    expect(told).toMatchObject({ exit_code: 1, level: 'verified', error: { code: 'target_lost' } });
    expect(told.error?.message).toContain('it holds the state of before');
    expect(await has(node, 'app/later')).toBe(true);
  });
});
