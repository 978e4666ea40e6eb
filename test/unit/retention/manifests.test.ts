import { describe, expect, it } from 'vitest';
import { SAFETY_SCHEDULE } from '../../../src/recovery/choose.ts';
import { newestManifest } from '../../../src/retention/manifests.ts';
import { FOREVER, keyOf, manifestOf, OURS, PREFIX, put, putManifest, recordOf, storeOf } from './some-store.ts';

describe('the newest manifest', () => {
  it('is found among others, records and strange files', async () => {
    const storage = storeOf({ proved: [1, 3, 2] });
    put(storage, recordOf(9), '{}');
    put(storage, 'raft_snapshots/manifests/zzz.json', '{}');
    put(storage, keyOf(8), 'without a manifest');
    expect(await newestManifest(storage, PREFIX, OURS, FOREVER)).toMatchObject({ manifest: { key: keyOf(3) } });
  });

  it('is that of our cluster, and one that can be read', async () => {
    const storage = storeOf({ proved: [1, 2] });
    putManifest(storage, 3, { cluster_id: 'id-2' });
    put(storage, manifestOf(4), 'not json');
    expect(await newestManifest(storage, PREFIX, OURS, FOREVER)).toMatchObject({ manifest: { key: keyOf(2) } });
  });

  it('is anybody’s while the cluster is not known', async () => {
    const storage = storeOf({ proved: [1] });
    putManifest(storage, 3, { cluster_id: 'id-2' });
    expect(await newestManifest(storage, PREFIX, { ...OURS, clusterId: undefined }, FOREVER)).toMatchObject({ manifest: { key: keyOf(3) } });
  });

  it('is none of a state that a restore gave up, and is known to be given up itself', async () => {
    const storage = storeOf({ proved: [1, 2] });
    expect(await newestManifest(storage, PREFIX, OURS, FOREVER)).toMatchObject({ manifest: { key: keyOf(2) }, isGivenUp: false });
    putManifest(storage, 3, { schedule: SAFETY_SCHEDULE });
    expect(await newestManifest(storage, PREFIX, OURS, FOREVER)).toMatchObject({
      manifest: { key: keyOf(2) },
      isGivenUp: true,
      latest: { schedule: SAFETY_SCHEDULE },
    });
    putManifest(storage, 4);
    expect(await newestManifest(storage, PREFIX, OURS, FOREVER)).toMatchObject({ manifest: { key: keyOf(4) }, isGivenUp: false });
  });

  it('is not given up by the restore of another cluster', async () => {
    const storage = storeOf({ proved: [1] });
    putManifest(storage, 2, { schedule: SAFETY_SCHEDULE, cluster_id: 'id-2' });
    expect(await newestManifest(storage, PREFIX, OURS, FOREVER)).toMatchObject({ manifest: { key: keyOf(1) }, isGivenUp: false });
  });

  it('is none where there is none', async () => {
    expect(await newestManifest(storeOf({ bare: [1] }), PREFIX, OURS, FOREVER)).toEqual({ manifest: undefined, isGivenUp: false, latest: undefined });
  });

  it('is no guess when the store fails', async () => {
    const storage = storeOf({ proved: [1] });
    storage.inject({ step: 'read' });
    await expect(newestManifest(storage, PREFIX, OURS, FOREVER)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});
