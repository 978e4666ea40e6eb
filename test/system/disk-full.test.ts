import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mountSmallDisk, smallDisk } from '../fakes/scratch.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { type Ended, run } from './program.ts';
import { expectTidy, expectWhole, makeScene, type Scene, snapshotsIn, tree, unfinishedIn } from './scene.ts';

/** Holds nothing of an archive, or its manifest and no archive. */
const TOO_SMALL = 8192;
const LARGE_ENOUGH = 4 * 1024 * 1024;
/** Long enough for a round and a second try on a busy machine, short enough for a test. */
const HURRY = { snapshot_timeout: '6s' };

let vault: VaultNode;
let role: AppRole;

beforeAll(async () => {
  vault = await startVault();
  role = await appRole(vault);
});

afterAll(() => removeVault(vault));

async function once({ config }: Scene): Promise<Ended & { readonly report: unknown }> {
  const ended = await run(['--once', '--json', '--config', config]);
  return { ...ended, report: JSON.parse(ended.stdout) };
}

function missing(destination: string) {
  return expect.objectContaining({ destination, code: 'storage_no_space' });
}

describe('a full disk', () => {
  it('under the spool fails the round with 73, shows nothing anywhere, and is forgotten once there is room', async () => {
    const disk = await smallDisk(TOO_SMALL);
    const scene = await makeScene(vault.address, role, { ...HURRY, spool_path: disk });
    const { code, report, stderr } = await once(scene);
    expect({ code, report }).toMatchObject({ code: 73, report: { outcome: 'failed', code: 'spool_no_space', delivered: [], missed: [] } });
    expect(stderr).toContain(`Unable to generate snapshot spool: ${disk}: no space left on device (ENOSPC)`);
    expect(await snapshotsIn(scene.destination)).toEqual([]);
    expect((await tree(scene.destination)).filter((path) => path.includes('partial'))).toEqual([]);
    expect(await unfinishedIn(disk)).toEqual([]);
    await scene.configure({ spool_path: scene.state });
    expect((await once(scene)).code).toBe(0);
    await expectTidy(scene, 1);
  });

  it('at one destination ends with 3, has the snapshot at the other, and is forgotten once there is room', async () => {
    const disk = await smallDisk(TOO_SMALL);
    const scene = await makeScene(vault.address, role, HURRY);
    await scene.configure({
      local_storage: [
        { name: 'good', path: scene.destination },
        { name: 'full', path: disk },
      ],
    });
    const { code, report, stderr } = await once(scene);
    expect(code).toBe(3);
    expect(report).toMatchObject({ outcome: 'partial', delivered: [{ destination: 'good' }], missed: [missing('full')] });
    expect(stderr).toMatch(/Failed to generate local snapshot to \S+: .*no space left on device/);
    expect(await snapshotsIn(disk)).toEqual([]);
    expect((await tree(disk)).filter((path) => path.includes('partial'))).toEqual([]);
    await expectWhole(scene.destination);
    expect(await snapshotsIn(scene.destination)).toHaveLength(1);
    await mountSmallDisk(disk, LARGE_ENOUGH);
    expect((await once(scene)).code).toBe(0);
    expect(await snapshotsIn(disk)).toHaveLength(1);
    await expectWhole(disk);
  });

  it('at the only destination ends with 73 and deletes none of what is there', async () => {
    const disk = await smallDisk(LARGE_ENOUGH);
    const scene = await makeScene(vault.address, role, { ...HURRY, retain: 1 });
    await scene.configure({ local_storage: { path: disk } });
    expect((await once(scene)).code).toBe(0);
    const before = await tree(disk);
    await fillUp(disk);
    const { code, report } = await once(scene);
    expect(code).toBe(73);
    expect(report).toMatchObject({ outcome: 'failed', code: 'storage_no_space', delivered: [], missed: [missing('local')], pruned: [] });
    expect(await tree(disk)).toEqual(['ballast', ...before].sort());
    await rm(join(disk, 'ballast'));
    expect((await once(scene)).code).toBe(0);
    expect(await snapshotsIn(disk)).toHaveLength(1);
    expect(await snapshotsIn(disk)).not.toEqual(before.filter((path) => path.endsWith('.snap')));
  });

  it('under the manifests misses the destination, keeps the whole snapshot, and gives it its manifest later', async () => {
    const scene = await makeScene(vault.address, role, { ...HURRY, retain: 1 });
    const manifests = join(scene.destination, 'manifests');
    await mkdir(manifests, { recursive: true });
    await mountSmallDisk(manifests, LARGE_ENOUGH);
    expect((await once(scene)).code).toBe(0);
    await fillUp(manifests);
    const { code, report } = await once(scene);
    expect(code).toBe(73);
    expect(report).toMatchObject({ outcome: 'failed', code: 'storage_no_space', missed: [missing('local')], pruned: [] });
    expect(await snapshotsIn(scene.destination)).toHaveLength(2);
    await expectWhole(scene.destination);
    await rm(join(manifests, 'ballast'));
    await scene.configure({ retain: 0 });
    expect((await once(scene)).code).toBe(0);
    await expectTidy(scene, 3);
  });
});

/** Not one more byte fits. */
async function fillUp(directory: string): Promise<void> {
  const page = Buffer.alloc(4096);
  await expect(async () => {
    for (;;) await writeFile(join(directory, 'ballast'), page, { flag: 'a' });
  }).rejects.toThrow('ENOSPC');
}
