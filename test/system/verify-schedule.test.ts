import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { snapshotsIn, startIdle, tree } from './scene.ts';

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
});

afterAll(() => removeVault(vault));

it('a daemon with verify_schedule proves the newest snapshot again, and names it once it is damaged', async () => {
  const { scene, program } = await startIdle(vault.address, role, { verify_schedule: '* * * * * *', verify_sample: '0%' });
  await program.line(/event=snapshot_verified/);
  expect((await tree(scene.destination)).filter((path) => path.includes('.verified-'))).not.toEqual([]);
  const [name = ''] = await snapshotsIn(scene.destination);
  await writeFile(join(scene.destination, name), 'not what was proved');
  await program.line(/error.* event=snapshot_damaged destination=local key=raft_snapshot-\d+\.snap code=/);
  expect(await snapshotsIn(scene.destination)).toEqual([name]);
  program.signal('SIGTERM');
  expect((await program.ended).code).toBe(0);
});
