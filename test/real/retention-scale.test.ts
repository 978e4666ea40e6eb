import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KnownManifests } from '../../src/retention/appraise.ts';
import { type PruneDeps, prune } from '../../src/retention/prune.ts';
import { renderManifest } from '../../src/snapshot/manifest.ts';
import { manifestKey, nameSnapshot, parseNameTemplate } from '../../src/snapshot/name.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { keyPrefix, type ObjectKey, within } from '../../src/storage/key.ts';
import { openS3Storage } from '../../src/storage/s3/storage.ts';
import { tryEach } from '../../src/storage/try-each.ts';
import { keysOf, NEVER } from '../contract/storage-steps.ts';
import { startMinio } from '../servers/minio.ts';
import { adminClient, makeBucket, type S3Server } from '../servers/s3-server.ts';
import { someManifest } from '../unit/snapshot/some-manifest.ts';
import { depsFor, newBucket, settingsFor } from './s3-scene.ts';

const COUNT = process.env.VAULT_SNAPSHOTD_TEST_FULL === '1' ? 25_000 : 2_500;
const HALF = COUNT / 2;
const HOUR_MS = 3_600_000;
const NEWEST = Date.UTC(2026, 0, 1);
const PREFIX = keyPrefix('snapshots');
const TEMPLATE = parseNameTemplate('raft_snapshot-{unix_ns}.snap');
const bucket = newBucket();
const known: KnownManifests = new Map();

let server: S3Server;
let admin: S3Client;
let storage: Storage;

/** The nth from the newest, one an hour. */
const keyOf = (nth: number) => within(PREFIX, nameSnapshot(TEMPLATE, { takenAt: new Date(NEWEST - nth * HOUR_MS), cluster: '', host: '', index: 0n }));
const keysFrom = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => keyOf(from + at)).sort();

async function putAll(keys: readonly ObjectKey[], body: (key: ObjectKey) => string): Promise<void> {
  const errors = await tryEach(keys, async (key) => void (await admin.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body(key) }))), NEVER);
  expect(errors).toEqual([]);
}

function pruneTo(last: number, maxDeletes?: number) {
  const policy = { last, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };
  const deps: PruneDeps = { template: TEMPLATE, clusterName: '', clusterId: 'id-1', now: new Date(NEWEST), known, maxDeletes };
  return prune(storage, PREFIX, policy, deps, NEVER);
}

// The newer half is proved, the older one the ancestor's.
beforeAll(async () => {
  server = await startMinio();
  admin = adminClient(server);
  await makeBucket(server, bucket);
  storage = await openS3Storage(settingsFor(server, bucket), depsFor({ pageSize: 1_000 }));
  await putAll(keysFrom(0, COUNT), () => 'snapshot');
  const manifests = new Map(keysFrom(0, HALF).map((key) => [manifestKey(key), renderManifest(someManifest({ key, stored_bytes: 8 }))]));
  await putAll([...manifests.keys()], (key) => manifests.get(key)!);
  await putAll([within(keyPrefix('snapshots-old'), 'raft_snapshot-1500000000000000000.snap'), within(PREFIX, 'notes.txt')], () => 'not ours');
}, 600_000);

afterAll(async () => {
  await storage.close();
  admin.destroy();
  await server.stop();
});

it(`deletes a tenth of ${COUNT} snapshots, the oldest, and counts the rest`, { timeout: 300_000 }, async () => {
  const { removed, postponed, errors } = await pruneTo(HALF);
  expect(errors).toEqual([]);
  expect(removed).toHaveLength(COUNT / 10);
  expect(postponed).toBe(HALF - COUNT / 10);
  expect(await keysOf(storage)).toEqual([within(PREFIX, 'notes.txt'), ...keysFrom(0, COUNT - COUNT / 10)]);
  expect(known.size).toBe(HALF);
});

it('deletes thousands at once where it may, and nothing right after', { timeout: 300_000 }, async () => {
  const { errors } = await pruneTo(HALF, 0);
  expect(errors).toEqual([]);
  expect(await keysOf(storage)).toEqual([within(PREFIX, 'notes.txt'), ...keysFrom(0, HALF)]);
  expect((await pruneTo(HALF, 0)).removed).toEqual([]);
});

it('deletes what was written about snapshots with them, and nobody else’s', { timeout: 300_000 }, async () => {
  const { removed, errors } = await pruneTo(100, 0);
  expect(errors).toEqual([]);
  expect(removed).toHaveLength(HALF - 100);
  expect(await keysOf(storage)).toEqual([within(PREFIX, 'notes.txt'), ...keysFrom(0, 100)]);
  expect(await keysOf(storage, 'snapshots/manifests')).toEqual(keysFrom(0, 100).map(manifestKey));
  expect(await keysOf(storage, 'snapshots-old')).toHaveLength(1);
});
