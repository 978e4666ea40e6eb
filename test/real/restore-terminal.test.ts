import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { tree } from '../system/scene.ts';
import { Terminal } from '../system/terminal.ts';
import { ROOT } from '../unit/source-tree.ts';
import { has, makeRestoreScene, nothingInSpool, type RestoreScene } from './restore-scene.ts';

const ASKED = 'Type the name of the cluster';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';

describe('a restore on a terminal', () => {
  let node: VaultNode;
  let scene: RestoreScene;
  let left: readonly string[];

  beforeAll(async () => {
    node = await startVault();
    await node.write('sys/mounts/app', { type: 'kv', options: { version: '1' } });
  });

  afterAll(async () => {
    await removeVault(node);
  });

  beforeEach(async () => {
    await node.request('DELETE', 'app/later', undefined, node.rootToken);
    scene = await makeRestoreScene(node);
    await scene.take();
    await node.write('app/later', { value: 'later' });
    left = await tree(scene.destination);
  });

  async function asked(): Promise<Terminal> {
    const args = ['restore', '--config', scene.config, '--to', node.address, '--snapshot', 'latest'];
    const terminal = new Terminal([join(ROOT, 'bin/vault-snapshotd'), ...args], { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: '/nonexistent' });
    await terminal.until(ASKED);
    // The plan, with every guard, stands above the question.
    expect(terminal.screen).toContain('guard: way back');
    expect(terminal.screen.indexOf('guard: way back')).toBeLessThan(terminal.screen.indexOf(ASKED));
    return terminal;
  }

  async function expectUntouched(): Promise<void> {
    expect(await has(node, 'app/later')).toBe(true);
    expect(await tree(scene.destination)).toEqual(left);
    await nothingInSpool(scene);
  }

  async function expectNoSecretOn({ raw }: Terminal): Promise<void> {
    const { secret_id: secret } = JSON.parse(await readFile(scene.config, 'utf8')) as { readonly secret_id: string };
    expect(raw).not.toContain(secret);
    expect(raw).not.toMatch(/hvs\.|X-Vault-Token/);
  }

  it.each([
    { what: 'another name', typed: 'production\r' },
    { what: 'the name in capitals', typed: 'NAME\r' },
    { what: 'more than the name', typed: 'name2\r' },
    { what: 'nothing', typed: '\r' },
    { what: 'the end of the input', typed: CTRL_D },
  ])('goes no further for $what', async ({ typed }) => {
    const terminal = await asked();
    terminal.type(typed.replace('NAME', scene.clusterName.toUpperCase()).replace('name', scene.clusterName));
    expect(await terminal.ended).toBe(5);
    expect(terminal.screen).toContain('something else was typed');
    expect(terminal.screen).toContain('hint: nothing was touched');
    await expectNoSecretOn(terminal);
    await expectUntouched();
  });

  it('ends at Ctrl-C, also in the middle of the name', async () => {
    const terminal = await asked();
    terminal.type(`${scene.clusterName.slice(0, 5)}${CTRL_C}`);
    expect(await terminal.ended).toBe(130);
    expect(terminal.screen).toContain('nothing was changed on the server');
    await expectNoSecretOn(terminal);
    await expectUntouched();
  });

  it('goes on for the name, mistyped at first and with blanks around it', async () => {
    const terminal = await asked();
    terminal.type(`production${CTRL_U}  ${scene.clusterName} \r`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen).toContain('restored: ');
    expect(await has(node, 'app/later')).toBe(false);
    await expectNoSecretOn(terminal);
    await nothingInSpool(scene);
  });
});
