import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SnapshotError } from '../../../../src/errors.ts';
import type { Storage } from '../../../../src/storage/contract.ts';
import { objectKey } from '../../../../src/storage/key.ts';
import { openS3Storage } from '../../../../src/storage/s3/storage.ts';
import { NEVER } from '../../../contract/storage-steps.ts';
import { answerXml, FakeS3, refuse, silence } from '../../../fakes/s3/fake-s3.ts';
import { depsFor, settingsFor } from '../../../real/s3-scene.ts';

let server: FakeS3;
let storage: Storage;

beforeEach(async () => {
  server = await FakeS3.start();
  storage = await openS3Storage(settingsFor({ endpoint: server.endpoint, accessKeyId: 'id', secretAccessKey: 'secret' }, 'bucket'), depsFor());
});

afterEach(async () => {
  await storage.close();
  await server.stop();
});

function stored(count: number) {
  const keys = Array.from({ length: count }, (_, nth) => objectKey(`snapshots/${nth}.snap`));
  for (const key of keys) server.objects.set(key, { bytes: Buffer.from('x'), metadata: '' });
  return keys;
}

const asked = (operation: string) => server.operations().filter((each) => each === operation).length;

describe('deleting many', () => {
  it('takes one request for each thousand', async () => {
    expect(await storage.deleteAll(stored(2_001), NEVER)).toEqual([]);
    expect(server.objects.size).toBe(0);
    expect([asked('delete-many'), asked('delete')]).toEqual([3, 0]);
  });

  it('asks alone for what the answer does not call deleted, and tells why that stays', async () => {
    const keys = stored(3);
    server.misbehave('delete-many', (_, response) => {
      const [first, second] = keys;
      server.objects.delete(first!);
      answerXml(
        response,
        `<DeleteResult><Deleted><Key>${first}</Key></Deleted><Error><Key>${second}</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>`,
      );
    });
    server.misbehave('delete', refuse(403, 'AccessDenied'));
    server.misbehave('head', (_, response) => void response.writeHead(200, { 'x-amz-object-lock-legal-hold': 'ON' }).end());
    expect(await storage.deleteAll(keys, NEVER)).toEqual([{ key: keys[1], error: expect.objectContaining({ code: 'storage_locked' }) }]);
    expect([...server.objects.keys()]).toEqual([keys[1]]);
  });

  it.each([
    { status: 501, code: 'NotImplemented' },
    { status: 400, code: 'MissingContentMD5' },
    { status: 403, code: 'AccessDenied' },
  ])('goes one by one where the store refuses the whole with $code', async ({ status, code }) => {
    server.misbehave('delete-many', refuse(status, code));
    expect(await storage.deleteAll(stored(20), NEVER)).toEqual([]);
    expect(server.objects.size).toBe(0);
  });

  it('does not answer an overloaded store with a thousand requests', async () => {
    const keys = stored(3);
    server.misbehave('delete-many', refuse(503, 'SlowDown'));
    const errors = await storage.deleteAll(keys, NEVER);
    expect(errors.map(({ key, error }) => [key, error.code])).toEqual(keys.map((key) => [key, 'storage_unavailable']));
    expect(asked('delete')).toBe(0);
  });

  it('hears the signal while nothing comes back', async () => {
    const stop = new AbortController();
    server.misbehave('delete-many', (...given) => {
      silence(...given);
      stop.abort(new SnapshotError('stopped', 'stop'));
    });
    await expect(storage.deleteAll(stored(3), stop.signal)).rejects.toMatchObject({ code: 'stopped' });
    expect(server.objects.size).toBe(3);
  });
});
