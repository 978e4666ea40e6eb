import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openGcsStorage } from '../../src/storage/gcs/storage.ts';
import { keyPrefix } from '../../src/storage/key.ts';
import { PartBudget } from '../../src/storage/part-writer.ts';
import { describeStorage } from '../contract/storage.ts';
import { KEY, NEVER, put } from '../contract/storage-steps.ts';
import { type FakeGcs, startFakeGcs } from '../servers/fake-gcs.ts';

let server: FakeGcs;

beforeAll(async () => {
  server = await startFakeGcs();
});

afterAll(async () => {
  await server.stop();
});

async function open() {
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
}

describeStorage('gcs on fake-gcs-server', open);

it('tells the generation of what it wrote', async () => {
  const { storage } = await open();
  const { version } = await put(storage, KEY, Buffer.from('one'));
  expect(version).toMatch(/^\d+$/);
  expect(await storage.stat(KEY, NEVER)).toMatchObject({ version });
});
