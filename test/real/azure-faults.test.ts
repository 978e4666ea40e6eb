import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { objectKey } from '../../src/storage/key.ts';
import { collect, contentOf, KEY, keysOf, NEVER, PREFIX, put } from '../contract/storage-steps.ts';
import { type Asked, type Fault, HostileFront } from '../fakes/azure/hostile-front.ts';
import { AZURITE_KEY, type Azurite, startAzurite } from '../servers/azurite.ts';
import { accountKey, type Opening, openAzure } from './azure-scene.ts';

const CONTENT = randomBytes(9 * 1024 * 1024);

describe('azure, when the service or the line misbehaves,', () => {
  let azurite: Azurite;
  let front: HostileFront;
  let container: string;
  let storage: Storage;

  beforeAll(async () => {
    azurite = await startAzurite();
    front = await HostileFront.start(azurite.endpoint);
  });

  afterAll(async () => {
    await front.close();
    await azurite.stop();
  });

  beforeEach(async () => {
    front.spoil = () => undefined;
    front.asked.length = 0;
    container = await azurite.newContainer();
    storage = await open();
  });

  function open(change: Partial<Opening> = {}): Promise<Storage> {
    return openAzure({ container, login: accountKey(front.endpoint), ...change });
  }

  /** The first request of that kind, or those of a later number. */
  function spoil(what: 'block' | 'commit' | 'stat' | 'list' | 'read' | 'delete', fault: Fault, fromNumber = 1): void {
    let number = 0;
    front.spoil = (asked) => (kindOf(asked) === what && ++number >= fromNumber ? fault : undefined);
  }

  it.each<[string, Fault, object]>([
    [
      '503 ServerBusy',
      { kind: 'answer', status: 503, code: 'ServerBusy', headers: { 'retry-after': '7' } },
      { code: 'storage_unavailable', retryAfterMs: 7_000 },
    ],
    ['429', { kind: 'answer', status: 429, headers: { 'retry-after': '3' } }, { code: 'storage_unavailable', retryAfterMs: 3_000 }],
    ['500', { kind: 'answer', status: 500, code: 'InternalError' }, { code: 'storage_unavailable', isRetryable: true }],
    ['403', { kind: 'answer', status: 403, code: 'AuthenticationFailed' }, { code: 'storage_denied', isRetryable: false }],
    [
      '403 for want of a role',
      { kind: 'answer', status: 403, code: 'AuthorizationPermissionMismatch' },
      { advice: expect.stringContaining('Storage Blob Data Contributor') },
    ],
    ['507', { kind: 'answer', status: 507 }, { code: 'storage_no_space' }],
    ['407 of a proxy', { kind: 'answer', status: 407 }, { code: 'storage_misconfigured' }],
    ['a page of a portal', { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }, { code: 'storage_failed' }],
    ['a redirect', { kind: 'answer', status: 307, headers: { location: 'http://127.0.0.1:1/elsewhere' } }, { code: 'storage_failed' }],
    ['a cut', { kind: 'cut' }, { code: 'storage_unavailable' }],
  ])('tells %s in the middle of an upload and shows nothing', async (_, fault, expected) => {
    spoil('block', fault, 2);
    await expect(put(storage, KEY, CONTENT)).rejects.toMatchObject(expected);
    expect(front.asked.filter((asked) => kindOf(asked) === 'block')).toHaveLength(2);
    front.spoil = () => undefined;
    expect(await keysOf(storage)).toEqual([]);
    expect(await storage.stat(KEY, NEVER)).toBeUndefined();
    await put(storage, KEY, CONTENT);
    expect((await contentOf(storage)).equals(CONTENT)).toBe(true);
  });

  it.each<[string, Fault]>([
    ['answers nothing', { kind: 'silence' }],
    ['reads nothing', { kind: 'deaf' }],
  ])('gives up a server that %s', async (_, fault) => {
    const impatient = await open({ idleMs: 100 });
    spoil('block', fault);
    await expect(put(impatient, KEY, CONTENT)).rejects.toMatchObject({ code: 'storage_unavailable', message: expect.stringContaining('silent') });
  });

  it.each(['stat', 'list', 'read', 'delete', 'commit'] as const)('gives up %s when nothing comes back', async (step) => {
    await put(storage, KEY, Buffer.from('snap'));
    const impatient = await open({ idleMs: 100 });
    spoil(step, { kind: 'silence' });
    await expect(act(impatient, step)).rejects.toMatchObject({ code: 'storage_unavailable', message: expect.stringContaining('silent') });
  });

  it.each(['block', 'commit', 'stat', 'list', 'read', 'delete'] as const)('hears the signal while %s waits', async (step) => {
    await put(storage, KEY, Buffer.from('snap'));
    const stop = new AbortController();
    const reason = new SnapshotError('round_timeout', 'the round took too long');
    front.spoil = (asked) => {
      if (kindOf(asked) !== step) return undefined;
      stop.abort(reason);
      return { kind: 'silence' };
    };
    await expect(act(storage, step === 'block' ? 'commit' : step, stop.signal)).rejects.toBe(reason);
  });

  it.each([true, false])('tells a body that stops half-way, the line breaking: %s', async (breaks) => {
    await put(storage, KEY, CONTENT);
    const impatient = await open({ idleMs: 300 });
    spoil('read', { kind: 'half', breaks });
    await expect(contentOf(impatient)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(front.asked.filter((asked) => kindOf(asked) === 'read')).toHaveLength(1);
  });

  it('leaves open whether a commit without an answer worked, and finds that it did', async () => {
    spoil('commit', { kind: 'cut-after' });
    await expect(put(storage, KEY, CONTENT)).rejects.toMatchObject({ code: 'storage_unavailable', isRetryable: true });
    expect(front.asked.filter((asked) => kindOf(asked) === 'commit')).toHaveLength(1);
    front.spoil = () => undefined;
    expect((await contentOf(storage)).equals(CONTENT)).toBe(true);
    await expect(put(storage, KEY, CONTENT)).rejects.toMatchObject({ code: 'storage_exists' });
  });

  it('lets a read-back see another sum than the one that was written', async () => {
    const written = await put(storage, KEY, Buffer.from('snap'));
    spoil('stat', { kind: 'lie', headers: { 'content-md5': Buffer.alloc(16, 7).toString('base64') } });
    expect((await storage.stat(KEY, NEVER))?.checksum).toBe(`md5:${'07'.repeat(16)}`);
    expect(written.checksum).not.toBe(`md5:${'07'.repeat(16)}`);
  });

  it('finds a bit that turned on its way', async () => {
    spoil('block', { kind: 'flip' }, 2);
    await expect(put(storage, KEY, CONTENT)).rejects.toMatchObject({ code: 'storage_mismatch', isRetryable: true });
    expect(await keysOf(storage)).toEqual([]);
  });

  it('sends no block for an empty object, which Azure would refuse', async () => {
    await put(storage, KEY, Buffer.alloc(0));
    expect(front.asked.map(kindOf)).toEqual(['commit']);
  });

  it('follows no redirect', async () => {
    await put(storage, KEY, Buffer.from('snap'));
    spoil('stat', { kind: 'answer', status: 302, headers: { location: `${front.endpoint}/elsewhere` } });
    front.asked.length = 0;
    await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_failed' });
    expect(front.asked).toHaveLength(1);
  });

  it('ends a listing that goes round in a circle', async () => {
    for (const name of ['one', 'two', 'three', 'four', 'five']) await put(storage, objectKey(`snapshots/${name}.snap`), Buffer.from(name));
    const again = (text: string) => text.replace(/<NextMarker\s*\/>|<NextMarker>.*<\/NextMarker>/, '<NextMarker>again</NextMarker>');
    front.spoil = (asked) => (kindOf(asked) === 'list' ? { kind: 'lie', body: again } : undefined);
    await expect(collect(storage.list(PREFIX, NEVER))).rejects.toMatchObject({ code: 'storage_failed', message: expect.stringContaining('circle') });
  });

  it.each([
    [409, 'BlobImmutableDueToPolicy', 'storage_locked'],
    [409, 'BlobImmutableDueToLegalHold', 'storage_locked'],
    [409, 'SnapshotsPresent', 'storage_locked'],
    [412, 'LeaseIdMissing', 'storage_locked'],
    [403, 'AuthorizationPermissionMismatch', 'storage_denied'],
    [503, 'ServerBusy', 'storage_unavailable'],
  ])('tells a delete refused with %i %s as %s', async (status, code, expected) => {
    await put(storage, KEY, Buffer.from('kept'));
    spoil('delete', { kind: 'answer', status, code });
    await expect(storage.delete(KEY, NEVER)).rejects.toMatchObject({ code: expected, message: `azure: ${container}/${KEY}: ${code} (status ${status})` });
    expect(await keysOf(storage)).toEqual([KEY]);
  });

  it('tells a blob in cold storage', async () => {
    await put(storage, KEY, Buffer.from('cold'));
    spoil('read', { kind: 'answer', status: 409, code: 'BlobArchived' });
    await expect(contentOf(storage)).rejects.toMatchObject({ code: 'object_cold' });
  });

  it.each(['commit', 'stat', 'list', 'read', 'delete'] as const)('tells a container that is not there: %s', async (step) => {
    const lost = await open({ container: 'nowhere' });
    await expect(act(lost, step)).rejects.toMatchObject({ code: 'storage_misconfigured', message: expect.stringContaining('ContainerNotFound') });
  });

  it('says that the clock is wrong when it is denied for that', async () => {
    const late = await open({ now: () => new Date(Date.now() + 3_600_000) });
    spoil('stat', { kind: 'answer', status: 403, code: 'AuthenticationFailed' });
    const expected = expect.stringContaining('the clock of this host is 60 min ahead of that of Azure');
    await expect(late.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_denied', message: expected });
  });

  it('never lets two uploads of a key share their blocks', async () => {
    const [left, right] = await Promise.all([storage.open(KEY, { size: 5 }, NEVER), storage.open(KEY, { size: 5 }, NEVER)]);
    await left.write(CONTENT);
    // So much that its first blocks have arrived when the other commits.
    await right.write(Buffer.alloc(25 * 1024 * 1024));
    await left.commit();
    await expect(right.commit()).rejects.toMatchObject({ code: 'storage_exists' });
    await right.abort();
    expect((await contentOf(storage)).equals(CONTENT)).toBe(true);
  });

  it.each([
    [true, 'storage_exists'],
    [false, 'storage_failed'],
  ])('tells blocks that another commit made Azure forget, the blob being there: %s', async (isThere, code) => {
    if (isThere) await put(storage, KEY, Buffer.from('first'));
    spoil('commit', { kind: 'answer', status: 400, code: 'InvalidBlockList' });
    await expect(put(storage, KEY, Buffer.from('second'))).rejects.toMatchObject({ code });
  });

  it('shows no key and no signature in an error, at any depth', async () => {
    for (const step of ['commit', 'stat', 'list', 'read', 'delete'] as const) {
      spoil(step, { kind: 'answer', status: 403, code: 'AuthenticationFailed' });
      const error: unknown = await act(storage, step).catch((thrown: unknown) => thrown);
      const shown = `${inspect(error, { depth: 20, showHidden: true })} ${JSON.stringify(error)} ${JSON.stringify((error as Error).cause)}`;
      expect(shown).toContain('AuthenticationFailed');
      expect(shown).not.toMatch(/SharedKey|authorization|sig=/i);
      expect(shown).not.toContain(AZURITE_KEY);
    }
  });
});

function kindOf({ method, query }: Asked): string {
  const comp = query.get('comp');
  if (method === 'PUT') return comp === 'blocklist' ? 'commit' : 'block';
  if (method === 'GET') return comp === 'list' ? 'list' : 'read';
  return method === 'HEAD' ? 'stat' : 'delete';
}

async function act(storage: Storage, step: 'commit' | 'stat' | 'list' | 'read' | 'delete', signal = NEVER): Promise<unknown> {
  if (step === 'stat') return await storage.stat(KEY, signal);
  if (step === 'list') return await collect(storage.list(PREFIX, signal));
  if (step === 'read') return await collect(storage.read(KEY, signal));
  if (step === 'delete') return await storage.delete(KEY, signal);
  const pending = await storage.open(objectKey('snapshots/another.snap'), { size: 5 }, signal);
  try {
    await pending.write(Buffer.from('bytes'));
    return await pending.commit();
  } finally {
    await pending.abort();
  }
}
