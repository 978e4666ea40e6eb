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

const CLEAR = '\r\u001b[K';

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
  it('--once shows how far it is, and takes that away for each line of its log', async () => {
    // One that cannot be reached keeps the bar there while the other is delivered and told of.
    const away = { s3_bucket: 'b', s3_region: 'us-east-1', s3_endpoint: 'http://127.0.0.1:1', access_key_id: 'a', secret_access_key: 's' };
    const scene = await makeScene(proxy.address, role, { aws_storage: away, stop_grace: '1s' });
    proxy.fault = { kind: 'drip', bytes: 200_000, everyMs: 150 };
    const terminal = onTerminal(['--once', '--config', scene.config]);
    await terminal.until('from Vault: ');
    await terminal.until('event=snapshot_delivered');
    terminal.type('\u0003');
    await terminal.ended;
    // What stands in a line after the last time it was cleared.
    const lines = terminal.raw.split('\r\n').map((line) => line.slice(line.lastIndexOf(CLEAR) + CLEAR.length));
    expect(lines.filter((line) => /(from Vault|to aws).* event=/.test(line))).toEqual([]);
    expect(lines.filter((line) => line.includes('event=snapshot_delivered'))).not.toEqual([]);
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
