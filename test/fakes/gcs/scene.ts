import { onTestFinished } from 'vitest';
import type { Storage } from '../../../src/storage/contract.ts';
import type { GcsSettings } from '../../../src/storage/gcs/config.ts';
import { type GcsDeps, openGcsStorage } from '../../../src/storage/gcs/storage.ts';
import { keyPrefix } from '../../../src/storage/key.ts';
import { PartBudget } from '../../../src/storage/part-writer.ts';
import type { Certificate } from '../../servers/certificates.ts';
import { HostileGcs } from './hostile-gcs.ts';

export interface Scene {
  readonly gcs: HostileGcs;
  readonly storage: Storage;
}

/** A server of ours and a storage for it, until the end of the test. */
export async function gcsScene(settings: Partial<GcsSettings> = {}, deps: Partial<GcsDeps> = {}, tls?: Certificate): Promise<Scene> {
  const gcs = await HostileGcs.start(tls);
  onTestFinished(() => gcs.close());
  return { gcs, storage: await openGcs({ endpoint: gcs.endpoint, ...settings }, deps) };
}

export async function openGcs(settings: Partial<GcsSettings>, deps: Partial<GcsDeps> = {}): Promise<Storage> {
  const storage = await openGcsStorage(
    {
      bucket: 'vault-snapshots',
      prefix: keyPrefix(''),
      login: { method: 'anonymous' },
      endpoint: 'https://storage.googleapis.com',
      caCertFile: undefined,
      kmsKey: undefined,
      storageClass: undefined,
      userProject: undefined,
      ...settings,
    },
    { name: 'gcs', env: {}, budget: new PartBudget(0), pageSize: 2, now: () => new Date('2026-01-02T03:04:05Z'), ...deps },
  );
  onTestFinished(() => storage.close());
  return storage;
}
