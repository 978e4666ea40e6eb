import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostileProxy } from '../fakes/proxy.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole, fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { ROOT } from '../unit/source-tree.ts';
import { run } from './program.ts';
import { makeScene } from './scene.ts';
import { Terminal } from './terminal.ts';

let vault: VaultNode;
let role: AppRole;
let proxy: HostileProxy;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
  await fill(vault, 4_000_000);
  proxy = await HostileProxy.start(vault.address);
});

afterAll(async () => {
  await proxy.close();
  await removeVault(vault);
});

function onTerminal(args: readonly string[], env: Readonly<Record<string, string>> = {}): Terminal {
  const path = `${dirname(process.execPath)}:/usr/bin:/bin`;
  return new Terminal([join(ROOT, 'bin/vault-snapshotd'), ...args], { PATH: path, HOME: '/nonexistent', ...env });
}

describe('on a terminal', () => {
  it('--once shows how far it is, takes that away for each line of its log, and leaves none of it', async () => {
    const scene = await makeScene(proxy.address, role);
    proxy.fault = { kind: 'drip', bytes: 200_000, everyMs: 150 };
    const terminal = onTerminal(['--once', '--config', scene.config]);
    await terminal.until('from Vault: ');
    proxy.fault = { kind: 'none' };
    expect(await terminal.ended).toBe(0);
    const shown = terminal.raw.split('\r\n');
    // Whatever was drawn in a line was cleared before the line was written.
    const dirty = shown.filter((line) => /from Vault/.test(line.slice(line.lastIndexOf('\r\u001b[K') + 1)));
    expect(dirty).toEqual([]);
    expect(terminal.raw).toContain('\r\u001b[Kfrom Vault: ');
  });

  it('verify has colour, none with NO_COLOR, and none in a pipe', async () => {
    const scene = await makeScene(vault.address, role);
    expect((await run(['--once', '--config', scene.config])).code).toBe(0);
    const verify = ['verify', '--no-record', '--config', scene.config];
    const coloured = onTerminal(verify);
    await coloured.ended;
    expect(coloured.raw).toContain('\u001b[32mok\u001b[0m    verify: local: ');
    const plain = onTerminal(verify, { NO_COLOR: '1' });
    await plain.ended;
    expect(plain.raw).toMatch(/^ok {4}verify: local: /m);
    expect((await run(verify)).stdout).toMatch(/^ok {4}verify: local: /m);
  });

  it('tells a wrong use in colour as well', async () => {
    const terminal = onTerminal(['lsit']);
    expect(await terminal.ended).toBe(2);
    expect(terminal.raw).toContain('\u001b[31mvault-snapshotd:\u001b[0m unknown command "lsit": did you mean "list"?');
  });
});
