import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { objectKey } from '../../src/storage/key.ts';
import { keysOf, NEVER, put } from '../contract/storage-steps.ts';
import { type Fault, HostileFront } from '../fakes/azure/hostile-front.ts';
import { type Azurite, startAzurite } from '../servers/azurite.ts';
import { accountKey, openAzure } from './azure-scene.ts';

const KEYS = Array.from({ length: 3 }, (_, nth) => objectKey(`snapshots/${nth}.snap`));

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
  container = await azurite.newContainer();
  storage = await openAzure({ container, login: accountKey(front.endpoint) });
  for (const key of KEYS) await put(storage, key, Buffer.from('x'));
  front.asked.length = 0;
  front.spoil = () => undefined;
});

function spoilBatches(fault: Fault): void {
  front.spoil = ({ query }) => (query.get('comp') === 'batch' ? fault : undefined);
}

const singles = () => front.asked.filter(({ method }) => method === 'DELETE');

describe('deleting many blobs', () => {
  it('takes one request', async () => {
    expect(await storage.deleteAll([...KEYS, objectKey('snapshots/nothing.snap')], NEVER)).toEqual([]);
    expect(await keysOf(storage)).toEqual([]);
    expect(singles()).toEqual([]);
  });

  it('asks alone for what stays, and tells why', async () => {
    await azurite.service.getContainerClient(container).getBlobClient(KEYS[1]!).createSnapshot();
    expect(await storage.deleteAll(KEYS, NEVER)).toEqual([{ key: KEYS[1], error: expect.objectContaining({ code: 'storage_locked' }) }]);
    expect(await keysOf(storage)).toEqual([KEYS[1]]);
    expect(singles()).toHaveLength(1);
  });

  it.each([
    { status: 403, code: 'AuthorizationPermissionMismatch' },
    { status: 400, code: 'UnsupportedQueryParameter' },
  ])('goes one by one where the whole is refused with $code', async ({ status, code }) => {
    spoilBatches({ kind: 'answer', status, code });
    expect(await storage.deleteAll(KEYS, NEVER)).toEqual([]);
    expect(await keysOf(storage)).toEqual([]);
  });

  it('does not answer an overloaded service with more requests', async () => {
    spoilBatches({ kind: 'answer', status: 503, code: 'ServerBusy' });
    const errors = await storage.deleteAll(KEYS, NEVER);
    expect(errors.map(({ key, error }) => [key, error.code])).toEqual(KEYS.map((key) => [key, 'storage_unavailable']));
    expect(singles()).toEqual([]);
  });

  it('tells each blob of a container that is not there', async () => {
    const lost = await openAzure({ container: 'no-such-container', login: accountKey(front.endpoint) });
    const errors = await lost.deleteAll(KEYS, NEVER);
    expect(errors.map(({ error }) => error.code)).toEqual(KEYS.map(() => 'storage_misconfigured'));
  });

  it('hears the signal while nothing comes back', async () => {
    const stop = new AbortController();
    front.spoil = () => {
      stop.abort(new SnapshotError('stopped', 'stop'));
      return { kind: 'silence' };
    };
    await expect(storage.deleteAll(KEYS, stop.signal)).rejects.toMatchObject({ code: 'stopped' });
  });
});
