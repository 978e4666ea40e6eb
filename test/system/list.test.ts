import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run } from './program.ts';
import { makeScene, taken } from './scene.ts';

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
});

afterAll(() => removeVault(vault));

describe('list', () => {
  it('shows what rounds left at two destinations, and which of them one lacks', async () => {
    const scene = await makeScene(vault.address, role);
    const other = join(scene.directory, 'other');
    const both = [
      { name: 'here', path: scene.destination },
      { name: 'there', path: other },
    ];
    await scene.configure({ local_storage: both });
    const [first = '', second = ''] = await taken(scene, 2);
    await rm(join(other, second));
    await rm(join(other, 'manifests', `${second}.json`));
    await scene.configure({ local_storage: both, addr: 'http://127.0.0.1:1' });
    const { code, stdout, stderr } = await run(['list', '--json', '--config', scene.config]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      cluster_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      snapshots: [
        { name: second, standing: 'proved', present: ['here'], missing: ['there'], gaps: [] },
        { name: first, standing: 'proved', present: ['here', 'there'], missing: [], gaps: [] },
      ],
      destinations: [
        { destination: 'here', snapshots: 2, strangers: 0 },
        { destination: 'there', snapshots: 1, strangers: 0 },
      ],
    });
  });
});
