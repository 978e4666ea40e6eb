import { ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { objectKey } from '../../src/storage/key.ts';
import { openS3Storage } from '../../src/storage/s3/storage.ts';
import { contentOf, KEY, keysOf, NEVER, PREFIX, put } from '../contract/storage-steps.ts';
import { RecordingLog } from '../fakes/recording-log.ts';
import { adminClient, makeBucket, type S3Server } from '../servers/s3-server.ts';
import { startVersitygw } from '../servers/versitygw.ts';
import { depsFor, newBucket, settingsFor } from './s3-scene.ts';

// MinIO lists unfinished uploads by whole keys only, and clears them away by itself after a day.
let server: S3Server;
let admin: S3Client;

beforeAll(async () => {
  server = await startVersitygw();
  admin = adminClient(server);
});

afterAll(async () => {
  admin.destroy();
  await server.stop();
});

async function unfinished(bucket: string): Promise<(string | undefined)[]> {
  const { Uploads = [] } = await admin.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return Uploads.map(({ Key }) => Key).toSorted();
}

it('finds what a killed process left, a day later and over all pages, and ends nothing else', async () => {
  const bucket = newBucket();
  await makeBucket(server, bucket);
  const killed = await openS3Storage(settingsFor(server, bucket), depsFor());
  const ours = ['one', 'two', 'three', 'four', 'five'].map((name) => `snapshots/${name}.snap`);
  const others = ['other/one.snap', 'snapshots-of-others/one.snap', 'snapshots/deep/one.snap', 'snapshots/tape.img'];
  for (const key of [...ours, ...others, 'snapshots/manifests/one.snap.json']) {
    const pending = await killed.open(objectKey(key), { size: 1 }, NEVER);
    await pending.write(Buffer.from('never committed'));
  }
  expect(await keysOf(killed)).toEqual([]);

  const soon = await openS3Storage(settingsFor(server, bucket), depsFor());
  expect(await soon.sweep(PREFIX, NEVER)).toEqual([]);
  const later = await openS3Storage(settingsFor(server, bucket), depsFor({ now: () => new Date(Date.now() + 25 * 3_600_000) }));
  const swept = await later.sweep(PREFIX, NEVER);
  expect(swept.toSorted()).toEqual([...ours, 'snapshots/manifests/one.snap.json'].map((key) => `s3://${bucket}/${key}`).toSorted());
  expect(await unfinished(bucket)).toEqual(others.toSorted());
  expect(await later.sweep(PREFIX, NEVER)).toEqual([]);
  await Promise.all([killed, soon, later].map((storage) => storage.close()));
});

it('leaves no unfinished upload behind after a commit, an abort and a refusal', async () => {
  const bucket = newBucket();
  await makeBucket(server, bucket);
  const log = new RecordingLog();
  const storage = await openS3Storage(settingsFor(server, bucket), depsFor({ log }));
  await put(storage, KEY, Buffer.from('first'));
  await expect(put(storage, KEY, Buffer.from('second'))).rejects.toMatchObject({ code: 'storage_exists' });
  const pending = await storage.open(objectKey('snapshots/third.snap'), { size: 1 }, NEVER);
  await pending.write(Buffer.alloc(20 * 1024 * 1024));
  await pending.abort();
  expect(await unfinished(bucket)).toEqual([]);
  expect(await contentOf(storage)).toEqual(Buffer.from('first'));
  expect(log.lines).toEqual([]);
  await storage.close();
});
