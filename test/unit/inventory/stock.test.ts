import { describe, expect, it } from 'vitest';
import { takeStock } from '../../../src/inventory/stock.ts';
import { within } from '../../../src/storage/key.ts';
import { MemoryStorage } from '../../fakes/memory-storage.ts';
import { FOREVER, manifestOf, nameOf, OURS, PREFIX, put, putManifestFor, recordOf, storeOf } from '../retention/some-store.ts';
import { someDestination } from './some-destination.ts';

const NEWEST = within(PREFIX, 'newest.snap');

describe('the stock of a destination', () => {
  it('has each snapshot with what its manifest and its records tell, newest first', async () => {
    const storage = storeOf({ proved: [1, 2], bare: [3] });
    put(storage, recordOf(1), '{}');
    put(storage, within(PREFIX, 'notes.txt'), 'mine');
    const { holdings, strangers, lost, errors } = await takeStock(someDestination(storage), OURS, FOREVER);
    expect(holdings.map(({ name, verifiedAt, told }) => [name, verifiedAt?.toISOString(), told?.clusterId])).toEqual([
      [nameOf(3), undefined, undefined],
      [nameOf(2), undefined, 'id-1'],
      [nameOf(1), '2026-02-01T00:00:00.000Z', 'id-1'],
    ]);
    expect({ strangers, lost, errors }).toEqual({ strangers: 1, lost: [], errors: [] });
  });

  it('reads nothing but the listing and the manifests', async () => {
    const storage = storeOf({ proved: [1] });
    await takeStock(someDestination(storage), OURS, FOREVER);
    expect(storage.steps.filter((step) => step.startsWith('read'))).toEqual(
      Array(storage.steps.filter((step) => step === `read ${manifestOf(1)}`).length).fill(`read ${manifestOf(1)}`),
    );
    expect(storage.steps.filter((step) => !/^(list|read) /.test(step))).toEqual([]);
  });

  it('is the one object where no history is kept, with the time of what it holds', async () => {
    const storage = new MemoryStorage();
    put(storage, NEWEST, 'x'.repeat(10));
    const alone = someDestination(storage, { alias: 'newest', keepsHistory: false });
    expect((await takeStock(alone, OURS, FOREVER)).holdings).toMatchObject([{ name: 'newest.snap', hasManifest: false, told: undefined }]);
    putManifestFor(storage, NEWEST, { stored_bytes: 10, taken_at: '2026-01-05T00:00:00.000Z' });
    const { holdings, strangers, errors } = await takeStock(alone, OURS, FOREVER);
    expect(holdings).toMatchObject([{ name: 'newest.snap', size: 10, takenAt: new Date('2026-01-05T00:00:00Z'), told: { clusterId: 'id-1' } }]);
    expect({ strangers, errors }).toEqual({ strangers: 0, errors: [] });
  });

  it('tells a manifest that cannot be read, and what is lost', async () => {
    const storage = storeOf({ proved: [1, 2] });
    put(storage, manifestOf(1), '{');
    storage.objects.delete(within(PREFIX, nameOf(2)));
    const { holdings, lost, errors } = await takeStock(someDestination(storage), OURS, FOREVER);
    expect(holdings).toMatchObject([{ name: nameOf(1), told: undefined, hasManifest: true }]);
    expect(lost).toEqual([within(PREFIX, nameOf(2))]);
    expect(errors).toMatchObject([{ error: { code: 'storage_mismatch' } }]);
  });

  it('ends when it is told to', async () => {
    const storage = storeOf({ proved: [1] });
    storage.inject({ step: 'list', error: 'hang' });
    await expect(takeStock(someDestination(storage), OURS, AbortSignal.abort(new Error('enough')))).rejects.toThrow();
  });
});
