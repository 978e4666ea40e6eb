import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AZURITE_ACCOUNT, AZURITE_KEY, startAzurite } from '../test/servers/azurite.ts';
import { startFakeGcs } from '../test/servers/fake-gcs.ts';
import { startMinio } from '../test/servers/minio.ts';
import { makeBucket } from '../test/servers/s3-server.ts';
import { removeVault, startVault } from '../test/servers/vault.ts';
import { appRole, fill } from '../test/servers/vault-data.ts';
import type { VaultNode } from '../test/servers/vault-node.ts';
import { CountingProxy } from './counting-proxy.ts';

export const BUCKET = 'bench-snapshots';

/** A filled Vault and three stores, each behind a proxy that counts, and nothing of an earlier scene. */
export interface Scene {
  readonly scratch: string;
  readonly vault: VaultNode;
  readonly front: CountingProxy;
  readonly stores: { readonly s3: CountingProxy; readonly gcs: CountingProxy; readonly azure: CountingProxy };
  readonly login: { readonly role_id: string; readonly secret_id: string };
  readonly s3Account: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly azure: { readonly container_name: string; readonly account_name: string; readonly account_key: string; readonly endpoint: string };
  close(): Promise<void>;
}

export async function makeScene(megabytes: number): Promise<Scene> {
  const scratch = await mkdtemp(join(tmpdir(), 'bench-'));
  const [vault, minio, gcs, azurite] = await Promise.all([startVault(), startMinio(), startFakeGcs(), startAzurite()]);
  await Promise.all([makeBucket(minio, BUCKET), gcs.createBucket(BUCKET)]);
  const { roleId, secretId } = await appRole(vault);
  await fill(vault, megabytes * 1_000_000);
  const start = (target: string) => CountingProxy.start(target);
  const [front, s3, forGcs, forAzure] = await Promise.all([start(vault.address), start(minio.endpoint), start(gcs.endpoint), start(azurite.endpoint)]);
  const endpoint = `${forAzure.address}${new URL(azurite.endpoint).pathname}`;
  return {
    scratch,
    vault,
    front,
    stores: { s3, gcs: forGcs, azure: forAzure },
    login: { role_id: roleId, secret_id: secretId },
    s3Account: { accessKeyId: minio.accessKeyId, secretAccessKey: minio.secretAccessKey },
    azure: { container_name: await azurite.newContainer(), account_name: AZURITE_ACCOUNT, account_key: AZURITE_KEY, endpoint },
    close: async () => {
      await Promise.all([front, s3, forGcs, forAzure].map((proxy) => proxy.stop()));
      await Promise.all([removeVault(vault), minio.stop(), gcs.stop(), azurite.stop()]);
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
