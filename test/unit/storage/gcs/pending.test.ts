import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Storage } from '../../../../src/storage/contract.ts';
import { PartBudget } from '../../../../src/storage/part-writer.ts';
import { KEY, NEVER, PREFIX, put } from '../../../contract/storage-steps.ts';
import { gcsScene } from '../../../fakes/gcs/scene.ts';

const MIB = 1024 * 1024;
const PART = 5 * MIB;

it('holds the end back, also of an object that ends where a part does', async () => {
  const { gcs, storage } = await gcsScene();
  const content = randomBytes(2 * PART);
  const pending = await storage.open(KEY, { size: 0 }, NEVER);
  await pending.write(content);
  expect(gcs.steps()).not.toContain('end');
  await pending.commit();
  const ranges = gcs.asked.filter(({ step }) => step === 'chunk' || step === 'end').map(({ headers }) => headers['content-range']);
  expect(ranges).toEqual(['bytes 0-5242879/*', 'bytes 5242880-10485759/*', 'bytes */10485760']);
  expect(gcs.objects.get(KEY)?.equals(content)).toBe(true);
});

it('keeps the order of its parts, however many are ready', async () => {
  const { gcs, storage } = await gcsScene({}, { budget: new PartBudget(8 * PART) });
  const content = randomBytes(4 * PART + 1);
  await put(storage, KEY, content);
  expect(gcs.steps()).toEqual(['open', 'chunk', 'chunk', 'chunk', 'chunk', 'end']);
  expect(gcs.objects.get(KEY)?.equals(content)).toBe(true);
});

it('sends again what Google did not keep, and nothing else', async () => {
  const { gcs, storage } = await gcsScene();
  gcs.inject('chunk', { kind: 'keep', bytes: 2 * MIB }, { kind: 'keep', bytes: MIB });
  gcs.inject('end', { kind: 'keep', bytes: 7 });
  const content = randomBytes(PART + 100);
  await put(storage, KEY, content);
  const ranges = gcs.asked.filter(({ step }) => step === 'chunk' || step === 'end').map(({ headers }) => headers['content-range']);
  expect(ranges).toEqual([
    'bytes 0-5242879/*',
    'bytes 2097152-5242879/*',
    'bytes 3145728-5242879/*',
    'bytes 5242880-5242979/5242980',
    'bytes 5242887-5242979/5242980',
  ]);
  expect(gcs.objects.get(KEY)?.equals(content)).toBe(true);
});

it.each([
  ['keeps nothing of what it is sent', { kind: 'keep', bytes: 0 }],
  ['loses what it had', { kind: 'forget-all' }],
] as const)('gives up on a server that %s', async (_, fault) => {
  const { gcs, storage } = await gcsScene();
  gcs.inject('chunk', fault);
  await expect(put(storage, KEY, randomBytes(PART + 1))).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(gcs.uploads.size).toBe(0);
});

it.each([
  [503, undefined, 'storage_unavailable', 7_000],
  [429, 'rateLimitExceeded', 'storage_unavailable', 7_000],
  [403, 'forbidden', 'storage_denied', 7_000],
  [403, 'userRateLimitExceeded', 'storage_unavailable', 7_000],
  [404, 'notFound', 'storage_unavailable', 7_000],
  [410, undefined, 'storage_unavailable', 7_000],
] as const)('takes status %i %s in the middle of an upload for %s, asks once and cancels the session', async (status, reason, code, retryAfterMs) => {
  const { gcs, storage } = await gcsScene();
  gcs.inject('chunk', { kind: 'answer', status, ...(reason && { reason }), headers: { 'retry-after': '7' } });
  await expect(put(storage, KEY, randomBytes(PART + 1))).rejects.toMatchObject({ code, retryAfterMs });
  expect(gcs.steps()).toEqual(['open', 'chunk', 'abort']);
  expect([gcs.uploads.size, gcs.objects.size]).toEqual([0, 0]);
});

it('tells a lost answer to the end from a failure that is known, and leaves the object alone', async () => {
  const { gcs, storage } = await gcsScene();
  gcs.inject('end', { kind: 'cut-after' });
  const pending = await storage.open(KEY, { size: 0 }, NEVER);
  await pending.write(Buffer.from('whole'));
  await expect(pending.commit()).rejects.toMatchObject({ code: 'storage_unavailable', message: expect.stringContaining('cut (ECONNRESET)') });
  await pending.abort();
  await pending.abort();
  expect(await storage.stat(KEY, NEVER)).toMatchObject({ size: 5 });
});

it('shows nothing when the bytes were changed on the way', async () => {
  const { gcs, storage } = await gcsScene();
  gcs.inject('chunk', { kind: 'flip' });
  await expect(put(storage, KEY, randomBytes(PART + 1))).rejects.toMatchObject({ code: 'storage_mismatch' });
  expect([gcs.uploads.size, gcs.objects.size]).toEqual([0, 0]);
});

it.each(['open', 'end'] as const)('refuses to replace an object when Google says so at the %s', async (step) => {
  const { gcs, storage } = await gcsScene();
  gcs.inject(step, { kind: 'answer', status: 412, reason: 'conditionNotMet' });
  await expect(put(storage, KEY, Buffer.from('second'))).rejects.toMatchObject({ code: 'storage_exists' });
});

it.each(['open', 'chunk', 'end'] as const)('gives up on a server that falls silent at the %s', async (step) => {
  const { gcs, storage } = await gcsScene({}, { idleMs: 800 });
  gcs.inject(step, { kind: 'silent' });
  await expect(put(storage, KEY, randomBytes(PART + 1))).rejects.toMatchObject({ code: 'storage_unavailable', message: expect.stringContaining('silent') });
  expect(gcs.uploads.size).toBe(0);
});

it('hears the signal while a part is on its way, and cancels the session all the same', async () => {
  const { gcs, storage } = await gcsScene();
  gcs.inject('chunk', { kind: 'silent' });
  const stop = new AbortController();
  const pending = await storage.open(KEY, { size: 0 }, stop.signal);
  await pending.write(randomBytes(PART));
  stop.abort();
  await expect(pending.write(Buffer.from('more'))).rejects.toMatchObject({ code: 'stopped' });
  await pending.abort();
  expect(gcs.steps().at(-1)).toBe('abort');
  expect(gcs.uploads.size).toBe(0);
});

it('tries again to cancel a session that could not be cancelled', async () => {
  const { gcs, storage } = await gcsScene();
  gcs.inject('abort', { kind: 'answer', status: 503 });
  const pending = await storage.open(KEY, { size: 0 }, NEVER);
  await expect(pending.abort()).rejects.toMatchObject({ code: 'storage_unavailable' });
  await pending.abort();
  expect(gcs.uploads.size).toBe(0);
});

it('takes an object that came before the end for no success', async () => {
  const { gcs, storage } = await gcsScene();
  gcs.inject('chunk', { kind: 'page', text: '{}' });
  await expect(put(storage, KEY, randomBytes(PART + 1))).rejects.toMatchObject({ code: 'storage_failed' });
});

it('lets a lying read-back be seen', async () => {
  const { gcs, storage } = await gcsScene();
  gcs.inject('stat', { kind: 'lie' });
  const written = await put(storage, KEY, Buffer.from('snap'));
  expect(written.checksum).toBe('md5:f5e975aa551d1ae4e91e8ce93b9696b0');
  expect((await storage.stat(KEY, NEVER))?.checksum).not.toBe(written.checksum);
});

it('asks for the key, the class and the payer that are configured', async () => {
  const kmsKey = 'projects/p/locations/eu/keyRings/r/cryptoKeys/k';
  const { gcs, storage } = await gcsScene({ kmsKey, storageClass: 'NEARLINE', userProject: 'payer' });
  await put(storage, KEY, Buffer.from('snap'));
  await useAll(storage);
  const [open] = gcs.asked;
  expect(Object.fromEntries(open!.query)).toMatchObject({ kmsKeyName: kmsKey, userProject: 'payer', ifGenerationMatch: '0', name: KEY });
  expect(JSON.parse(open!.body.toString())).toEqual({ contentType: 'application/octet-stream', storageClass: 'NEARLINE' });
  const others = gcs.asked.filter(({ step }) => ['list', 'stat', 'read', 'delete'].includes(step));
  expect(others.map(({ query }) => query.get('userProject'))).toEqual(['payer', 'payer', 'payer', 'payer']);
});

async function useAll(storage: Storage): Promise<void> {
  for await (const _ of storage.list(PREFIX, NEVER));
  for await (const _ of storage.read(KEY, NEVER));
  await storage.stat(KEY, NEVER);
  await storage.delete(KEY, NEVER);
}
