import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Storage } from '../../../../src/storage/contract.ts';
import type { GcsSettings } from '../../../../src/storage/gcs/config.ts';
import { objectKey } from '../../../../src/storage/key.ts';
import { collect, contentOf, KEY, keysOf, NEVER, PREFIX, put } from '../../../contract/storage-steps.ts';
import { gcsScene, openGcs } from '../../../fakes/gcs/scene.ts';
import { scratchDirectory } from '../../../fakes/scratch.ts';
import { Authority } from '../../../servers/certificates.ts';

const ACTS: readonly [string, (storage: Storage) => Promise<unknown>][] = [
  ['open', (storage) => storage.open(KEY, { size: 1 }, NEVER)],
  ['list', (storage) => collect(storage.list(PREFIX, NEVER))],
  ['read', (storage) => collect(storage.read(KEY, NEVER))],
  ['stat', (storage) => storage.stat(KEY, NEVER)],
  ['delete', (storage) => storage.delete(KEY, NEVER)],
];

describe('a listing', () => {
  it('that goes round in circles is no listing', async () => {
    const { gcs, storage } = await gcsScene();
    const page = (nextPageToken: string) => ({ kind: 'page', text: JSON.stringify({ nextPageToken }) }) as const;
    gcs.inject('list', page('a'), page('b'), page('a'));
    await expect(keysOf(storage)).rejects.toMatchObject({ code: 'storage_failed', message: expect.stringContaining('circles') });
  });

  it('passes over names that are no keys, and over folders a server lists unasked', async () => {
    const { gcs, storage } = await gcsScene();
    for (const name of ['snapshots/', 'snapshots/.hidden', 'snapshots/a b.snap', 'snapshots/manifests/own.json', 'snapshots/own.snap']) {
      gcs.objects.set(name, Buffer.from(name));
    }
    expect(await keysOf(storage)).toEqual(['snapshots/own.snap']);
  });

  it('of 25,000 objects has each of them once', async () => {
    const { gcs, storage } = await gcsScene({}, { pageSize: 1_000 });
    const names = Array.from({ length: 25_000 }, (_, index) => `snapshots/raft_snapshot-${1_700_000_000_000_000_000n + BigInt(index)}.snap`);
    for (const name of names) gcs.objects.set(name, Buffer.alloc(0));
    expect(await keysOf(storage)).toEqual(names);
    expect(gcs.asked).toHaveLength(25);
  });

  it('that tells no size is no listing', async () => {
    const { gcs, storage } = await gcsScene();
    gcs.inject('list', { kind: 'page', text: '{"items":[{"name":"snapshots/own.snap"}]}' });
    await expect(keysOf(storage)).rejects.toMatchObject({ code: 'storage_failed' });
  });
});

describe('a missing bucket', () => {
  it.each(ACTS)('is told when we %s', async (step, act) => {
    const { gcs, storage } = await gcsScene();
    const missing = { kind: 'answer', status: 404, reason: 'notFound' } as const;
    gcs.inject(step as 'open', missing);
    if (step !== 'list') gcs.inject('list', missing);
    // Nothing is there to delete, and nothing is lost.
    if (step === 'delete') await act(storage);
    else await expect(act(storage)).rejects.toMatchObject({ code: 'storage_misconfigured', advice: expect.stringContaining('"bucket"') });
  });
});

describe('a refusal', () => {
  it.each([
    [401, 'authError', 'storage_denied'],
    [401, 'required', 'storage_denied'],
    [400, 'required', 'storage_misconfigured'],
    [403, 'forbidden', 'storage_denied'],
    [403, 'accountDisabled', 'storage_denied'],
    [403, 'rateLimitExceeded', 'storage_unavailable'],
    [403, 'quotaExceeded', 'storage_no_space'],
    [403, 'retentionPolicyNotMet', 'storage_locked'],
    [403, 'objectUnderActiveHold', 'storage_locked'],
    [400, 'invalid', 'storage_misconfigured'],
    [407, undefined, 'storage_misconfigured'],
    [302, undefined, 'storage_misconfigured'],
    [429, undefined, 'storage_unavailable'],
    [500, 'backendError', 'storage_unavailable'],
    [503, undefined, 'storage_unavailable'],
  ] as const)('%i %s of a delete is %s', async (status, reason, code) => {
    const { gcs, storage } = await gcsScene();
    gcs.inject('delete', { kind: 'answer', status, ...(reason && { reason }) });
    await expect(storage.delete(KEY, NEVER)).rejects.toMatchObject({ code, message: expect.stringContaining(KEY) });
  });

  it('keeps what Google says of it and nothing that opens a door', async () => {
    const { gcs, storage } = await gcsScene();
    const message = `snap@p.iam does not have storage.objects.create access, https://x/?upload_id=AHmUCY&x=1 ya29.a0AfH6SM ${'A'.repeat(200)}`;
    gcs.inject('open', { kind: 'answer', status: 403, reason: 'forbidden', message });
    const error: unknown = await storage.open(KEY, { size: 1 }, NEVER).catch((thrown: unknown) => thrown);
    const told = inspect(error, { depth: null, showHidden: true });
    expect(told).toContain('does not have storage.objects.create access');
    expect(told).not.toMatch(/AHmUCY|a0AfH6SM|AAAA/);
  });
});

describe('the line', () => {
  it.each(ACTS)('that falls silent is given up when we %s', async (step, act) => {
    const { gcs, storage } = await gcsScene({}, { idleMs: 100 });
    gcs.inject(step as 'open', { kind: 'silent' });
    await expect(act(storage)).rejects.toMatchObject({ code: 'storage_unavailable', message: expect.stringContaining('silent for 0.1s') });
  });

  it.each(ACTS)('that is cut is told when we %s', async (step, act) => {
    const { gcs, storage } = await gcsScene();
    gcs.inject(step as 'open', { kind: 'cut' });
    await expect(act(storage)).rejects.toMatchObject({ code: 'storage_unavailable', message: expect.stringContaining('ECONNRESET') });
  });

  it.each(['open', 'list', 'stat'] as const)('with a stranger on it is told when we %s', async (step) => {
    const { gcs, storage } = await gcsScene();
    gcs.inject(step, { kind: 'page', text: '<html>Please log in</html>' });
    const [, act] = ACTS.find(([name]) => name === step)!;
    await expect(act(storage)).rejects.toMatchObject({ code: 'storage_failed' });
  });

  it.each(['silence', 'cut'] as const)('that ends a download half-way by %s never makes it look whole', async (ends) => {
    const { gcs, storage } = await gcsScene({}, { idleMs: 100 });
    gcs.objects.set(KEY, randomBytes(100_000));
    gcs.inject('read', { kind: 'half', ends });
    await expect(contentOf(storage)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });

  it('may wait for a reader as long as that takes', async () => {
    const { gcs, storage } = await gcsScene({}, { idleMs: 400 });
    const content = randomBytes(8 * 1024 * 1024);
    gcs.objects.set(KEY, content);
    // So that the download takes a connection that is there already.
    await storage.stat(KEY, NEVER);
    const longerThanPatience = async () => {
      gcs.inject('stat', { kind: 'silent' }, { kind: 'silent' });
      for (const _ of [1, 2]) await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable' });
    };
    const received: Uint8Array[] = [];
    for await (const chunk of storage.read(KEY, NEVER)) {
      if (received.length === 0) await longerThanPatience();
      received.push(chunk);
    }
    expect(Buffer.concat(received).equals(content)).toBe(true);
  });

  it('is told from a server that is not there', async () => {
    const storage = await openGcs({ endpoint: 'http://127.0.0.1:1' });
    await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable', message: expect.stringContaining('ECONNREFUSED') });
  });

  it('hears the signal in the middle of a request and of a download', async () => {
    const { gcs, storage } = await gcsScene();
    gcs.objects.set(KEY, randomBytes(100_000));
    gcs.inject('stat', { kind: 'silent' });
    gcs.inject('read', { kind: 'half', ends: 'silence' });
    for (const act of [(signal: AbortSignal) => storage.stat(KEY, signal), (signal: AbortSignal) => collect(storage.read(KEY, signal))]) {
      const stop = new AbortController();
      const waiting = act(stop.signal);
      await expect.poll(() => gcs.asked.length).toBeGreaterThan(0);
      stop.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'stopped' });
      gcs.asked.length = 0;
    }
  });
});

describe('TLS', () => {
  it('with a CA nobody knows is refused, and the key that mends it is named', async () => {
    const { settings, tls } = await authority();
    const { storage } = await gcsScene({}, {}, tls);
    await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable', advice: expect.stringContaining('"ca_cert"') });
    const { storage: trusting } = await gcsScene(settings, {}, tls);
    expect(await trusting.stat(KEY, NEVER)).toBeUndefined();
  });

  it('with a CA file that is none is told at the start', async () => {
    await expect(openGcs({ caCertFile: '/nowhere/ca.pem' })).rejects.toMatchObject({
      code: 'storage_misconfigured',
      message: expect.stringContaining('ENOENT'),
    });
    await expect(openGcs({ caCertFile: import.meta.filename })).rejects.toMatchObject({ code: 'storage_misconfigured' });
  });

  it('without TLS on the other side is told', async () => {
    const { gcs } = await gcsScene();
    const storage = await openGcs({ endpoint: gcs.endpoint.replace('http:', 'https:') });
    await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable', message: expect.stringContaining('TLS handshake') });
  });
});

it('reads what was put together from others to tell its sum', async () => {
  const { gcs, storage } = await gcsScene();
  await put(storage, KEY, Buffer.from('snap'));
  gcs.inject('stat', { kind: 'no-md5' });
  expect((await storage.stat(KEY, NEVER))?.checksum).toBe('md5:f5e975aa551d1ae4e91e8ce93b9696b0');
});

it('names an object as the tools of Google do', async () => {
  const storage = await openGcs({});
  expect(storage.locate(objectKey('a/b.snap'))).toBe('gs://vault-snapshots/a/b.snap');
});

async function authority(): Promise<{ readonly settings: Partial<GcsSettings>; readonly tls: Awaited<ReturnType<Authority['issue']>> }> {
  const ca = await Authority.create(await scratchDirectory());
  return { settings: { caCertFile: ca.caFile }, tls: await ca.issue('server', { usage: 'server', names: ['IP:127.0.0.1'] }) };
}
