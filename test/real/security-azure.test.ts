import { ContainerClient, ContainerSASPermissions } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Azurite, startAzurite } from '../servers/azurite.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run } from '../system/program.ts';
import { makeScene } from '../system/scene.ts';
import { verifyArchive } from '../unit/snapshot/verify-archive.ts';
import { linesOf, READABLE_LOG } from './told.ts';

const HOUR_MS = 3_600_000;

let azurite: Azurite;
let vault: VaultNode;
let role: AppRole;
let container: string;

beforeAll(async () => {
  [azurite, vault] = await Promise.all([startAzurite(), startVault()]);
  role = await appRole(vault);
});

afterAll(async () => {
  await Promise.all([azurite.stop(), removeVault(vault)]);
});

beforeEach(async () => {
  container = await azurite.newContainer();
});

/** The rights as Azure writes them: `c` to create, `w` to write, `r` to read, `l` to list, `d` to delete. */
async function signature(rights: string): Promise<string> {
  const client = azurite.service.getContainerClient(container);
  return await client.generateSasUrl({ permissions: ContainerSASPermissions.parse(rights), expiresOn: new Date(Date.now() + HOUR_MS) });
}

/** Blocks want `w`, and with it Azure lets a blob be replaced: only an immutability policy keeps what is there. */
const WRITE_ONLY = 'cw';

describe('a signature that may only write', () => {
  it('may create, and is refused when it reads, looks, lists or deletes', async () => {
    const there = azurite.service.getContainerClient(container).getBlockBlobClient('there');
    await there.upload('x', 1);
    const client = new ContainerClient(await signature(WRITE_ONLY));
    const blob = client.getBlockBlobClient('there');
    await client.getBlockBlobClient('new').upload('x', 1);
    const asked = {
      read: () => blob.download(),
      look: () => blob.getProperties(),
      delete: () => blob.delete(),
      list: () => client.listBlobsFlat().next(),
    };
    for (const [what, ask] of Object.entries(asked)) {
      const status = await ask().then(
        () => 200,
        ({ statusCode }: { statusCode: number }) => statusCode,
      );
      expect({ what, status }).toEqual({ what, status: 403 });
    }
  });

  it('is enough for a round, and log, report and manifest say that nobody has read it back', async () => {
    const azure_storage = { container_name: container, endpoint: azurite.endpoint, sas_token: new URL(await signature(WRITE_ONLY)).search };
    const scene = await makeScene(vault.address, role, { ...READABLE_LOG, local_storage: undefined, azure_storage });
    expect((await run(['check', '--config', scene.config])).stdout).toMatch(/^ok {4}destination azure: wrote .*, and may do nothing else/m);
    const { code, stdout, stderr } = await run(['--once', '--json', '--config', scene.config]);
    expect(code).toBe(0);
    const { delivered, snapshot } = JSON.parse(stdout);
    expect(delivered).toMatchObject([{ destination: 'azure', read_back: false }]);
    expect(linesOf({ lines: stderr.trim().split('\n') }, 'readback_denied')).toMatchObject([{ level: 'warn', code: 'storage_denied' }]);
    const client = azurite.service.getContainerClient(container);
    const manifest = JSON.parse((await client.getBlobClient(`manifests/${snapshot.name}.json`).downloadToBuffer()).toString());
    expect(manifest).toMatchObject({ read_back: false, archive_sha256: snapshot.sha256 });
    expect((await verifyArchive(await client.getBlobClient(snapshot.name).downloadToBuffer())).sha256).toBe(snapshot.sha256);
  });
});
