import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run, start } from './program.ts';
import { expectTidy, makeScene, type Scene, snapshotsIn, tree } from './scene.ts';

const NO_LEADER = /Unable to determine leader instance/;
const DONE = /round done/;

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
});

afterAll(() => removeVault(vault));

/** Sealed, gone or frozen for the time of the work; serving again after it. */
const ABSENCES = {
  sealed: { begin: () => vault.seal(), end: () => vault.unseal() },
  gone: {
    begin: () => vault.kill(),
    end: async () => {
      await vault.start();
      await vault.unseal();
    },
  },
} as const;

async function expectNothing({ destination }: Scene): Promise<void> {
  expect(await tree(destination)).toEqual([]);
}

describe.each([
  { absence: 'sealed', code: 'vault_sealed' },
  { absence: 'gone', code: 'vault_unreachable' },
] as const)('a Vault that is $absence', ({ absence, code }) => {
  it(`ends --once with 69 and ${code}, without waiting for it`, { timeout: 45_000 }, async () => {
    const scene = await makeScene(vault.address, role);
    await ABSENCES[absence].begin();
    const ended = await run(['--once', '--json', '--config', scene.config]);
    await ABSENCES[absence].end();
    expect(ended.code).toBe(69);
    expect(JSON.parse(ended.stdout)).toMatchObject({ outcome: 'failed', code });
    expect(ended.stderr).toContain(`code=${code} `);
    await expectNothing(scene);
  });

  it('is waited for by a daemon that finds it so at its start', async () => {
    const scene = await makeScene(vault.address, role, { frequency: '1s' });
    await ABSENCES[absence].begin();
    const daemon = start(['--config', scene.config]);
    expect(await daemon.line(NO_LEADER)).toContain(`code=${code} `);
    await daemon.line(NO_LEADER);
    await ABSENCES[absence].end();
    await daemon.line(DONE);
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
    await expectTidy(scene, (await snapshotsIn(scene.destination)).length);
  });

  it('is waited for by a daemon that loses it between two rounds', async () => {
    const scene = await makeScene(vault.address, role, { frequency: '1s' });
    const daemon = start(['--config', scene.config]);
    await daemon.line(DONE);
    await ABSENCES[absence].begin();
    await daemon.line(NO_LEADER);
    await ABSENCES[absence].end();
    await daemon.line(DONE);
    daemon.signal('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
  });
});

it('ends --once within a minute when Vault accepts connections and never answers', { timeout: 60_000 }, async () => {
  const scene = await makeScene(vault.address, role);
  vault.pause();
  const ended = await run(['--once', '--json', '--config', scene.config]);
  vault.resume();
  expect(ended.code).toBe(69);
  await expectNothing(scene);
});

it('takes one round and ends when the file says so', async () => {
  const scene = await makeScene(vault.address, role, { daemon: false });
  expect((await run(['--config', scene.config])).code).toBe(0);
  await expectTidy(scene, 1);
});
