import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chromium } from '../servers/chromium.ts';
import { freePorts } from '../servers/ports.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { startIdle } from '../system/scene.ts';
import { lookNow } from './tab.ts';

let directory: string;
let browser: Chromium;
let vault: VaultNode;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'snap-browser-'));
  [browser, vault] = await Promise.all([Chromium.start(directory), startVault()]);
});

afterAll(async () => {
  await Promise.all([browser?.stop(), vault && removeVault(vault)]);
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
});

describe('the page of a running daemon', () => {
  it('turns from good to failing to no answer, as the daemon and its Vault do', async () => {
    const [port] = await freePorts('127.0.0.1', 1);
    const { scene, program } = await startIdle(vault.address, await appRole(vault), { listen: `127.0.0.1:${port}`, frequency: '1h' });
    const page = await browser.newPage();
    await page.open(`http://127.0.0.1:${port}/`);
    const shows = (text: string) =>
      until(text, async () => {
        await lookNow(page);
        return page.evaluate(`document.body.innerText.includes(${JSON.stringify(text)})`);
      });
    await shows('All good');
    await shows(scene.destination);
    await shows('Kept\n1 snapshot');

    await vault.seal();
    program.signal('SIGUSR1');
    await shows('Failing');
    await shows('unseal Vault');
    expect(page.complaints).toEqual([]);

    program.signal('SIGKILL');
    await shows('vault-snapshotd does not answer since');
    expect(page.requests.filter((url) => !url.startsWith(`http://127.0.0.1:${port}/`))).toEqual([]);
  });
});
