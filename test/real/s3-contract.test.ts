import { afterAll, beforeAll, describe } from 'vitest';
import { openS3Storage } from '../../src/storage/s3/storage.ts';
import { describeStorage } from '../contract/storage.ts';
import { startMinio } from '../servers/minio.ts';
import { makeBucket, type S3Server } from '../servers/s3-server.ts';
import { startVersitygw } from '../servers/versitygw.ts';
import { depsFor, newBucket, settingsFor } from './s3-scene.ts';

describe.each([
  { server: 'minio', start: startMinio },
  { server: 'versitygw', start: startVersitygw },
])('s3 on $server', ({ start }) => {
  let server: S3Server;

  beforeAll(async () => {
    server = await start();
  });

  afterAll(() => server.stop());

  for (const checksum of ['SHA256', 'CRC64NVME', 'off'] as const) {
    describeStorage(`s3 with checksum ${checksum}`, async () => {
      const bucket = newBucket();
      await makeBucket(server, bucket);
      const storage = await openS3Storage(settingsFor(server, bucket, { s3_checksum: checksum }), depsFor());
      return { storage, cleanUp: async () => undefined };
    });
  }
});
