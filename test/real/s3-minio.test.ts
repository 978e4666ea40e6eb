import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectTaggingCommand, HeadObjectCommand, ListObjectVersionsCommand, PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { literalSecret } from '../../src/config/secret-source.ts';
import type { S3Settings } from '../../src/storage/s3/config.ts';
import { openS3Storage, type S3Deps } from '../../src/storage/s3/storage.ts';
import { contentOf, KEY, keysOf, NEVER, PREFIX, put } from '../contract/storage-steps.ts';
import { RecordingLog } from '../fakes/recording-log.ts';
import { Authority } from '../servers/certificates.ts';
import { startMinio } from '../servers/minio.ts';
import { adminClient, makeBucket, type S3Server } from '../servers/s3-server.ts';
import { depsFor, newBucket, settingsFor } from './s3-scene.ts';
import { startTunnel } from './tunnel.ts';

let server: S3Server;
let admin: S3Client;

beforeAll(async () => {
  server = await startMinio();
  admin = adminClient(server);
});

afterAll(async () => {
  admin.destroy();
  await server.stop();
});

async function storageWith(settings: Partial<S3Settings>, deps: Partial<S3Deps> = {}, bucket = newBucket(), hasLocks = false) {
  await makeBucket(server, bucket, { hasLocks });
  return { bucket, storage: await openS3Storage(settingsFor(server, bucket, settings), depsFor(deps)) };
}

describe('what the configuration wants of an object', () => {
  it('is there: tags, class, sum', async () => {
    const { bucket, storage } = await storageWith({ s3_tags: { team: 'platform', 'a b': 'c=d' }, s3_storage_class: 'REDUCED_REDUNDANCY' });
    await put(storage, KEY, Buffer.from('snapshot'));
    const { TagSet } = await admin.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: KEY }));
    const head = await admin.send(new HeadObjectCommand({ Bucket: bucket, Key: KEY }));
    expect(TagSet?.toSorted((a, b) => String(a.Key).localeCompare(String(b.Key)))).toEqual([
      { Key: 'a b', Value: 'c=d' },
      { Key: 'team', Value: 'platform' },
    ]);
    expect(head.StorageClass).toBe('REDUCED_REDUNDANCY');
    await storage.close();
  });

  it.each<[string, Partial<S3Settings>, string]>([
    ['AES256', { s3_server_side_encryption: true }, 'AES256'],
    ['a key of KMS', { s3_server_side_encryption: false, s3_kms_key_id: 'test-key', s3_kms_context: { purpose: 'vault' } }, 'aws:kms'],
  ])('is encrypted with %s, and reads back as it was written', async (_, settings, expected) => {
    for (const s3_checksum of ['SHA256', 'off'] as const) {
      const { bucket, storage } = await storageWith({ ...settings, s3_checksum });
      const written = await put(storage, KEY, Buffer.from('snapshot'));
      const head = await admin.send(new HeadObjectCommand({ Bucket: bucket, Key: KEY }));
      expect(head.ServerSideEncryption).toBe(expected);
      expect(await storage.stat(KEY, NEVER)).toMatchObject({ checksum: written.checksum });
      expect(await contentOf(storage)).toEqual(Buffer.from('snapshot'));
      await storage.close();
    }
  });
});

describe('a bucket with versions', () => {
  it('lists each object once and hides what is deleted', async () => {
    const { bucket, storage } = await storageWith({});
    await admin.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const first = await put(storage, KEY, Buffer.from('first'));
    expect((await storage.stat(KEY, NEVER))?.version).toBe(first.version);
    await storage.delete(KEY, NEVER);
    expect(await keysOf(storage)).toEqual([]);
    expect(await storage.stat(KEY, NEVER)).toBeUndefined();
    const second = await put(storage, KEY, Buffer.from('second'));
    expect(await keysOf(storage)).toEqual([KEY]);
    const { Versions = [] } = await admin.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    expect(Versions.map(({ VersionId }) => VersionId).sort()).toEqual([first.version, second.version].sort());
    expect(first.version).not.toBe(second.version);
    await admin.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Suspended' } }));
    await storage.delete(KEY, NEVER);
    expect(await put(storage, KEY, Buffer.from('third'))).not.toHaveProperty('version');
    await storage.close();
  });

  it('locks snapshots for the time asked, and a delete only hides them', async () => {
    const now = new Date();
    const { bucket, storage } = await storageWith(
      { s3_object_lock_mode: 'COMPLIANCE', s3_object_lock_retention: 86_400_000 },
      { now: () => now },
      newBucket(),
      true,
    );
    await put(storage, KEY, Buffer.from('locked'));
    const head = await admin.send(new HeadObjectCommand({ Bucket: bucket, Key: KEY }));
    expect(head.ObjectLockMode).toBe('COMPLIANCE');
    expect(head.ObjectLockRetainUntilDate?.getTime()).toBeCloseTo(now.getTime() + 86_400_000, -4);
    await storage.delete(KEY, NEVER);
    expect(await keysOf(storage)).toEqual([]);
    const { Versions } = await admin.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    expect(Versions).toHaveLength(1);
    await storage.close();
  });

  it('says what is wrong when the bucket knows no locks', async () => {
    const { storage } = await storageWith({ s3_object_lock_mode: 'GOVERNANCE', s3_object_lock_retention: 86_400_000 });
    await expect(storage.open(KEY, { size: 1 }, NEVER)).rejects.toMatchObject({ code: 'storage_misconfigured' });
    await storage.close();
  });
});

describe('what is missing or wrong', () => {
  it.each<[string, Partial<S3Settings>, string]>([
    ['a bucket that is missing', { s3_bucket: 'no-such-bucket' }, 'storage_misconfigured'],
    ['an unknown key', { access_key_id: literalSecret('unknown') }, 'storage_denied'],
    ['a wrong secret', { secret_access_key: literalSecret('wrong-secret') }, 'storage_denied'],
    ['a wrong session', { session_token: literalSecret('no-session') }, 'storage_denied'],
  ])('is told of %s', async (_, settings, code) => {
    const { storage } = await storageWith(settings);
    await expect(storage.open(KEY, { size: 1 }, NEVER)).rejects.toMatchObject({ code });
    await storage.close();
  });
});

describe('a role', () => {
  it('is assumed with the credentials given', async () => {
    const role = { s3_role_arn: 'arn:aws:iam::123456789012:role/snapshots', s3_sts_endpoint: server.endpoint };
    const { storage } = await storageWith(role);
    await put(storage, KEY, Buffer.from('by role'));
    expect(await contentOf(storage)).toEqual(Buffer.from('by role'));
    await storage.close();
  });

  it('that is refused is told as such', async () => {
    const role = { s3_role_arn: 'arn:aws:iam::123456789012:role/snapshots', s3_sts_endpoint: server.endpoint, secret_access_key: literalSecret('wrong') };
    const { storage } = await storageWith(role);
    await expect(storage.open(KEY, { size: 1 }, NEVER)).rejects.toMatchObject({ code: 'storage_denied' });
    await storage.close();
  });
});

describe('conditions', () => {
  it('are heeded by this store, so that nothing is said in the log', async () => {
    const log = new RecordingLog();
    const { storage } = await storageWith({}, { log });
    await put(storage, KEY, Buffer.from('manifest'));
    expect(log.lines).toEqual([]);
    await storage.close();
  });
});

describe('over TLS', () => {
  let dir: string;
  let secured: S3Server;
  let caFile: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 's3-tls-'));
    const authority = await Authority.create(dir);
    caFile = authority.caFile;
    secured = await startMinio({ tls: { ...(await authority.issue('store', { usage: 'server', names: ['IP:127.0.0.1'] })), caFile } });
  });

  afterAll(async () => {
    await secured.stop();
    await rm(dir, { recursive: true });
  });

  it('an unknown CA is told, with the key to set', async () => {
    const storage = await openS3Storage(settingsFor(secured, 'bucket'), depsFor());
    await expect(storage.open(KEY, { size: 1 }, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable', advice: expect.stringContaining('s3_ca_cert') });
    await storage.close();
  });

  it.each(['', 'by a proxy'])('delivers with a CA of its own %s', async (way) => {
    const tunnel = await startTunnel();
    const env = way === '' ? {} : { HTTPS_PROXY: tunnel.address };
    const storage = await openS3Storage(settingsFor(secured, 'bucket', { s3_ca_cert: caFile }), depsFor({ env }));
    await expect(storage.open(KEY, { size: 1 }, NEVER)).rejects.toMatchObject({
      code: 'storage_misconfigured',
      message: expect.stringContaining('NoSuchBucket'),
    });
    expect(new Set(tunnel.hosts)).toEqual(new Set(way === '' ? [] : [new URL(secured.endpoint).host]));
    await storage.close();
    await tunnel.stop();
  });

  it('goes around the proxy where it is told to', async () => {
    const tunnel = await startTunnel();
    const env = { HTTPS_PROXY: tunnel.address, NO_PROXY: '127.0.0.1' };
    const storage = await openS3Storage(settingsFor(secured, 'bucket', { s3_ca_cert: caFile }), depsFor({ env }));
    await expect(storage.open(KEY, { size: 1 }, NEVER)).rejects.toMatchObject({ code: 'storage_misconfigured' });
    expect(tunnel.hosts).toEqual([]);
    await storage.close();
    await tunnel.stop();
  });

  it('is told that the proxy wants a login', async () => {
    const tunnel = await startTunnel({ refuses: true });
    const storage = await openS3Storage(settingsFor(secured, 'bucket', { s3_ca_cert: caFile }), depsFor({ env: { https_proxy: tunnel.address } }));
    await expect(storage.open(KEY, { size: 1 }, NEVER)).rejects.toMatchObject({
      code: 'storage_misconfigured',
      advice: expect.stringContaining('the proxy wants a login'),
    });
    await storage.close();
    await tunnel.stop();
  });

  it.each([
    ['that is missing', '/nowhere/ca.pem'],
    ['that holds no certificate', import.meta.filename],
  ])('refuses a file of CAs %s before anything is asked', async (_, s3_ca_cert) => {
    await expect(openS3Storage(settingsFor(secured, 'bucket', { s3_ca_cert }), depsFor())).rejects.toMatchObject({ code: 'storage_misconfigured' });
  });
});

it('ends when the store vanishes in the middle of an upload, and leaves nothing when it is back', async () => {
  const frail = await startMinio();
  await makeBucket(frail, 'bucket');
  const storage = await openS3Storage(settingsFor(frail, 'bucket'), depsFor());
  const pending = await storage.open(KEY, { size: 1 }, NEVER);
  await frail.child.kill();
  const upload = pending.write(Buffer.alloc(20 * 1024 * 1024)).then(() => pending.commit());
  await expect(upload).rejects.toMatchObject({ code: 'storage_unavailable' });
  await expect(pending.abort()).rejects.toMatchObject({ code: 'storage_unavailable' });
  await expect(storage.sweep(PREFIX, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable' });
  await storage.close();
  await frail.stop();
});
