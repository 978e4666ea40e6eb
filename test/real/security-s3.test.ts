import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startMinio } from '../servers/minio.ts';
import { adminClient, makeBucket, type S3Server } from '../servers/s3-server.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { type AppRole, appRole } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { run } from '../system/program.ts';
import { makeScene, type Settings } from '../system/scene.ts';
import { verifyArchive } from '../unit/snapshot/verify-archive.ts';
import { ROOT } from '../unit/source-tree.ts';
import { newBucket } from './s3-scene.ts';
import { linesOf, READABLE_LOG } from './told.ts';

/** As docs/policies has them. */
type Policy = 's3-daemon' | 's3-write-only' | 's3-read-only';

let minio: S3Server;
let admin: S3Client;
let vault: VaultNode;
let role: AppRole;
let bucket: string;

beforeAll(async () => {
  [minio, vault] = await Promise.all([startMinio(), startVault()]);
  admin = adminClient(minio);
  role = await appRole(vault);
});

afterAll(async () => {
  admin.destroy();
  await Promise.all([minio.stop(), removeVault(vault)]);
});

beforeEach(() => {
  bucket = newBucket();
});

/** The text of a policy, for the bucket of this test. MinIO does not know the operator that AWS wants here. */
function textOf(policy: Policy): string {
  return readFileSync(join(ROOT, `docs/policies/${policy}.json`), 'utf8')
    .replaceAll('acme-vault-snapshots', bucket)
    .replaceAll('IfExists', '');
}

/** Credentials that the store holds to the policy of the documentation, for the bucket of this test. */
async function credentialsFor(policy: Policy) {
  const assume = fromTemporaryCredentials({
    masterCredentials: minio,
    params: {
      RoleArn: 'arn:aws:iam::123456789012:role/snapshots',
      RoleSessionName: policy,
      Policy: textOf(policy),
    },
    clientConfig: { endpoint: minio.endpoint, region: 'us-east-1' },
  });
  return await assume();
}

async function clientFor(policy: Policy): Promise<S3Client> {
  return new S3Client({ endpoint: minio.endpoint, region: 'us-east-1', forcePathStyle: true, credentials: await credentialsFor(policy) });
}

/** A host whose daemon has such credentials. */
async function sceneFor(policy: Policy, more: Settings = {}) {
  const { accessKeyId, secretAccessKey, sessionToken } = await credentialsFor(policy);
  const login = { access_key_id: accessKeyId, secret_access_key: secretAccessKey, session_token: sessionToken };
  const store = { s3_bucket: bucket, s3_endpoint: minio.endpoint, s3_force_path_style: true, s3_key_prefix: 'vault/prod' };
  return await makeScene(vault.address, role, { ...READABLE_LOG, local_storage: undefined, aws_storage: { ...store, ...login }, ...more });
}

async function keys(): Promise<readonly string[]> {
  const { Contents = [] } = await admin.send(new ListObjectsV2Command({ Bucket: bucket }));
  return Contents.map(({ Key = '' }) => Key).sort();
}

async function textAt(Key: string): Promise<string> {
  return (await admin.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body!.transformToString();
}

const KEY = 'vault/prod/raft_snapshot-1.snap';

describe('the policy of docs/policies', () => {
  const Key = KEY;
  const ASKED = {
    create: () => new PutObjectCommand({ Bucket: bucket, Key: `${Key}.new`, Body: 'x', IfNoneMatch: '*' }),
    replace: () => new PutObjectCommand({ Bucket: bucket, Key, Body: 'x', IfNoneMatch: '*' }),
    'create elsewhere': () => new PutObjectCommand({ Bucket: bucket, Key: 'vault/production/a', Body: 'x' }),
    head: () => new HeadObjectCommand({ Bucket: bucket, Key }),
    read: () => new GetObjectCommand({ Bucket: bucket, Key }),
    list: () => new ListObjectsV2Command({ Bucket: bucket, Prefix: 'vault/prod/' }),
    'list elsewhere': () => new ListObjectsV2Command({ Bucket: bucket, Prefix: 'vault/' }),
    delete: () => new DeleteObjectCommand({ Bucket: bucket, Key }),
  };

  it.each<{ readonly policy: Policy; readonly granted: readonly (keyof typeof ASKED)[] }>([
    { policy: 's3-write-only', granted: ['create'] },
    { policy: 's3-read-only', granted: ['head', 'read', 'list'] },
    { policy: 's3-daemon', granted: ['create', 'head', 'read', 'list', 'delete'] },
  ])('$policy grants $granted and nothing else', async ({ policy, granted }) => {
    await makeBucket(minio, bucket);
    await admin.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'there' }));
    const client = await clientFor(policy);
    const found: string[] = [];
    for (const [what, command] of Object.entries(ASKED)) {
      const status = await client.send(command() as PutObjectCommand).then(
        () => 200,
        (error: { $metadata: { httpStatusCode: number } }) => error.$metadata.httpStatusCode,
      );
      if (status === 200) found.push(what);
      else expect({ what, status }).toEqual({ what, status: what === 'replace' && granted.includes('create') ? 412 : 403 });
    }
    expect(found).toEqual(granted);
    client.destroy();
  });
});

describe('with the credentials of the daemon', () => {
  it('everything is done and nothing is warned of: check, delivery, read-back, pruning', async () => {
    await makeBucket(minio, bucket);
    const scene = await sceneFor('s3-daemon', { retain: 1 });
    expect((await run(['check', '--config', scene.config])).stdout).toMatch(/^ok {4}destination aws: wrote, listed, read back and removed /m);
    await run(['--once', '--config', scene.config]);
    const second = await run(['--once', '--config', scene.config]);
    expect(second.code).toBe(0);
    expect(linesOf({ lines: second.stderr.trim().split('\n') }).filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
    expect((await keys()).filter((key) => key.endsWith('.snap'))).toHaveLength(1);
  });
});

describe('with credentials that may only write', () => {
  it('"check" says so, and that nothing is verified from here', async () => {
    await makeBucket(minio, bucket);
    const scene = await sceneFor('s3-write-only');
    const { code, stdout } = await run(['check', '--config', scene.config]);
    expect(stdout).toMatch(/^ok {4}destination aws: wrote .*, and may do nothing else: snapshots there are neither read back, listed nor pruned from here$/m);
    expect(code).toBe(0);
  });

  it('a round delivers a whole snapshot, and log, report and manifest say that nobody has read it back', async () => {
    await makeBucket(minio, bucket);
    const scene = await sceneFor('s3-write-only');
    const ended = await run(['--once', '--json', '--config', scene.config]);
    expect(ended.code).toBe(0);
    const { outcome, delivered, snapshot } = JSON.parse(ended.stdout);
    expect({ outcome, delivered }).toMatchObject({ outcome: 'taken', delivered: [{ destination: 'aws', read_back: false }] });
    const [told, ...more] = linesOf({ lines: ended.stderr.trim().split('\n') }, 'readback_denied');
    expect(told).toMatchObject({ level: 'warn', destination: 'aws', key: `vault/prod/${snapshot.name}`, code: 'storage_denied' });
    expect(more).toEqual([]);
    expect(await keys()).toEqual([`vault/prod/manifests/${snapshot.name}.json`, `vault/prod/${snapshot.name}`]);
    expect(JSON.parse(await textAt(`vault/prod/manifests/${snapshot.name}.json`))).toMatchObject({ read_back: false, archive_sha256: snapshot.sha256 });
    const { Body } = await admin.send(new GetObjectCommand({ Bucket: bucket, Key: `vault/prod/${snapshot.name}` }));
    expect((await verifyArchive(Buffer.from(await Body!.transformToByteArray()))).sha256).toBe(snapshot.sha256);
  });

  it('others verify and list what it wrote, with credentials that may only read', async () => {
    await makeBucket(minio, bucket);
    await run(['--once', '--config', (await sceneFor('s3-write-only')).config]);
    const reader = await sceneFor('s3-read-only');
    expect((await run(['verify', '--no-record', '--config', reader.config])).stdout).toMatch(/^ok {4}verify: aws: .* entries/);
    expect((await run(['list', '--config', reader.config])).stdout).toContain('aws: 1 snapshot');
  });

  it('nothing is deleted, and each round says why when "retain" wants it', async () => {
    await makeBucket(minio, bucket);
    const scene = await sceneFor('s3-write-only', { retain: 1 });
    await run(['--once', '--config', scene.config]);
    const second = await run(['--once', '--config', scene.config]);
    expect(second.code).toBe(0);
    expect(linesOf({ lines: second.stderr.trim().split('\n') }, 'prune_failed')).toMatchObject([{ destination: 'aws', code: 'storage_denied' }]);
    expect((await keys()).filter((key) => key.endsWith('.snap'))).toHaveLength(2);
  });

  it('what is there outlives whoever steals them, in a bucket with a lock: a second write is a version beside it', async () => {
    await makeBucket(minio, bucket, { hasLocks: true });
    const Rule = { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } } as const;
    await admin.send(new PutObjectLockConfigurationCommand({ Bucket: bucket, ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule } }));
    const scene = await sceneFor('s3-write-only');
    expect((await run(['--once', '--config', scene.config])).code).toBe(0);
    const [, Key = ''] = await keys();
    const thief = await clientFor('s3-write-only');
    await thief.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'rubbish' }));
    const { Versions = [] } = await admin.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: Key }));
    const first = Versions.find(({ IsLatest }) => !IsLatest);
    expect(first?.Size).toBeGreaterThan(1000);
    const destroying = admin.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId: first?.VersionId }));
    await expect(destroying).rejects.toMatchObject({ $metadata: { httpStatusCode: expect.toSatisfy((status: number) => status >= 400) } });
    thief.destroy();
  });
});
