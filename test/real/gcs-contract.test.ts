import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { openGcsStorage } from '../../src/storage/gcs/storage.ts';
import { keyPrefix } from '../../src/storage/key.ts';
import { PartBudget } from '../../src/storage/part-writer.ts';
import { describeStorage } from '../contract/storage.ts';
import { type FakeGcs, startFakeGcs } from '../servers/fake-gcs.ts';

let server: FakeGcs;

beforeAll(async () => {
  server = await startFakeGcs();
});

afterAll(async () => {
  await server.stop();
});

describeStorage('gcs on fake-gcs-server', async () => {
  const bucket = `snapshots-${randomUUID()}`;
  await server.createBucket(bucket);
  const storage = await openGcsStorage(
    {
      bucket,
      prefix: keyPrefix(''),
      login: { method: 'anonymous' },
      endpoint: server.endpoint,
      caCertFile: undefined,
      kmsKey: undefined,
      storageClass: undefined,
      userProject: undefined,
    },
    { name: 'gcs', env: {}, budget: new PartBudget(32 * 1024 * 1024), pageSize: 2, now: () => new Date() },
  );
  return { storage, cleanUp: async () => undefined };
});
