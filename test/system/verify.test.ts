import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run } from './program.ts';
import { makeScene, snapshotsIn, taken, tree } from './scene.ts';

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
});

afterAll(() => removeVault(vault));

describe('verify', () => {
  it('proves snapshots of a real Vault again, chained as they are, and Vault is not asked', async () => {
    const scene = await makeScene(vault.address, role);
    await taken(scene, 3);
    await scene.configure({ addr: 'http://127.0.0.1:1' });
    const { code, stdout, stderr } = await run(['verify', '--all', '--max-age', '1h', '--config', scene.config]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').filter((line) => /^ok {4}verify: local: .*, recorded$/.test(line))).toHaveLength(3);
    expect((await tree(scene.destination)).filter((path) => path.includes('.verified-'))).toHaveLength(3);
  });

  it('finds one flipped bit and one exchanged snapshot, names them, leaves them there and exits 65', async () => {
    const scene = await makeScene(vault.address, role);
    const [first = '', second = '', third = ''] = await taken(scene, 3);
    const bytes = await readFile(join(scene.destination, first));
    await writeFile(join(scene.destination, second), await readFile(join(scene.destination, third)));
    bytes[5000]! ^= 4;
    await writeFile(join(scene.destination, first), bytes);
    const { code, stdout } = await run(['verify', '--all', '--config', scene.config]);
    expect(code).toBe(65);
    expect(stdout).toMatch(new RegExp(`^FAIL {2}verify: local: ${first}: .*: expected .*, found .* \\(archive_corrupt\\)$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^FAIL {2}verify: local: ${second}: stored .*: expected .* as its manifest says, found .* \\(archive_corrupt\\)$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^ok {4}verify: local: ${third}`, 'm'));
    expect(await snapshotsIn(scene.destination)).toEqual([first, second, third]);
  });

  it('has its records pruned with their snapshots', async () => {
    const scene = await makeScene(vault.address, role, { retain: 1 });
    await taken(scene, 1);
    expect((await run(['verify', '--config', scene.config])).code).toBe(0);
    const [left = ''] = await taken(scene, 1);
    expect(await tree(scene.destination)).toEqual(['manifests', `manifests/${left}.json`, left]);
  });

  it('needs nothing but the file', async () => {
    const scene = await makeScene(vault.address, role);
    const [name = ''] = await taken(scene, 1);
    const file = join(scene.destination, name);
    expect(await run(['verify', file])).toMatchObject({ code: 0, stderr: '' });
    await rm(join(scene.destination, 'manifests'), { recursive: true });
    const alone = await run(['verify', file, '--json']);
    expect(JSON.parse(alone.stdout)).toMatchObject({
      outcome: 'verified',
      results: [{ ok: true, key: file, warnings: [expect.stringContaining('no manifest')] }],
    });
  });
});
