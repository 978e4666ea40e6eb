import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run } from './program.ts';
import { expectTidy, makeScene } from './scene.ts';

const TURNS = process.env.VAULT_SNAPSHOTD_TEST_FULL === '1' ? 50 : 5;

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
});

afterAll(() => removeVault(vault));

describe('two processes with one configuration', () => {
  it('both succeed at the same time, and neither takes the other for dead', { timeout: TURNS * 12_000 }, async () => {
    const scene = await makeScene(vault.address, role);
    for (let turn = 1; turn <= TURNS; turn++) {
      const pair = await Promise.all([run(['--once', '--config', scene.config]), run(['--once', '--config', scene.config])]);
      for (const { code, stderr } of pair) {
        expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/ (warn|error) |adopted/) });
      }
      await expectTidy(scene, 2 * turn);
    }
  });
});
