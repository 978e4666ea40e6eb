import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { type VerifyDeps, verifySnapshot } from '../../../src/inventory/verification.ts';
import { makeManifest, renderManifest } from '../../../src/snapshot/manifest.ts';
import { manifestKey } from '../../../src/snapshot/name.ts';
import { buildArchive } from '../../fakes/archive.ts';
import { MemoryStorage } from '../../fakes/memory-storage.ts';
import { FOREVER, keyOf, put } from '../retention/some-store.ts';
import { SOME_INPUT } from '../snapshot/some-manifest.ts';
import { verifyArchive } from '../snapshot/verify-archive.ts';
import { someDestination } from './some-destination.ts';

const KEY = keyOf(1);
const NOW = new Date('2026-02-01T03:04:05Z');
const RECORD = `${manifestKey(KEY).slice(0, -5)}.verified-20260201T030405Z.json`;

const DEPS: VerifyDeps = {
  clusterId: 'id-1',
  stallTimeoutMs: 60_000,
  by: 'vault-0',
  agentVersion: '0.1.0',
  isRecording: true,
  now: () => NOW,
  onProgress: () => undefined,
};

async function stored(): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  const bytes = buildArchive({ padStateTo: 100_000 });
  storage.objects.set(KEY, { bytes, modifiedAt: NOW });
  put(storage, manifestKey(KEY), renderManifest(makeManifest({ ...SOME_INPUT, key: KEY, proof: await verifyArchive(bytes) })));
  return storage;
}

describe('a verification', () => {
  it('writes one record, and finds the one of somebody who was as quick', async () => {
    const storage = await stored();
    for (const _turn of [1, 2])
      expect(await verifySnapshot(someDestination(storage), KEY, DEPS, FOREVER)).toMatchObject({ error: undefined, record: RECORD, warnings: [] });
    expect([...storage.objects.keys()]).toEqual([KEY, manifestKey(KEY), RECORD]);
  });

  it('that finds damage leaves a record that no listing takes for a proof', async () => {
    const storage = await stored();
    const { bytes } = storage.objects.get(KEY)!;
    storage.objects.set(KEY, { bytes: bytes.subarray(0, -8), modifiedAt: NOW });
    const failed = RECORD.replace('verified-', 'failed-');
    for (const _turn of [1, 2])
      expect(await verifySnapshot(someDestination(storage), KEY, DEPS, FOREVER)).toMatchObject({ error: { code: 'archive_corrupt' }, record: failed });
    expect([...storage.objects.keys()]).toEqual([KEY, manifestKey(KEY), failed]);
    const written = JSON.parse(storage.objects.get(failed)!.bytes.toString()) as object;
    expect(written).toMatchObject({
      kind: 'verify',
      outcome: 'failed',
      level: 'none',
      at: NOW.toISOString(),
      by: 'vault-0',
      error: { code: 'archive_corrupt' },
    });
    await verifySnapshot(someDestination(storage), KEY, { ...DEPS, isRecording: false, now: () => new Date(0) }, FOREVER);
    expect(storage.objects.size).toBe(3);
  });

  it('that finds damage and cannot note it down says both', async () => {
    const storage = await stored();
    storage.objects.set(KEY, { bytes: Buffer.from('no archive'), modifiedAt: NOW });
    storage.inject({ step: 'open', error: new SnapshotError('storage_denied', 'read only') });
    const verdict = await verifySnapshot(someDestination(storage), KEY, DEPS, FOREVER);
    expect(verdict).toMatchObject({ error: { code: 'archive_corrupt' }, record: undefined });
    expect(verdict.warnings).toEqual(['no record could be written (--no-record asks for none): read only (storage_denied)']);
  });

  it('writes none where the one object will hold another snapshot soon', async () => {
    const storage = await stored();
    const verdict = await verifySnapshot(someDestination(storage, { keepsHistory: false }), KEY, DEPS, FOREVER);
    expect(verdict).toMatchObject({ error: undefined, record: undefined });
    expect(storage.objects.size).toBe(2);
  });

  it('tells how far it is, of how much', async () => {
    const storage = await stored();
    const told: unknown[] = [];
    await verifySnapshot(someDestination(storage), KEY, { ...DEPS, onProgress: (...args) => told.push(args) }, FOREVER);
    const size = storage.objects.get(KEY)?.bytes.length;
    expect(told.at(-1)).toEqual([KEY, size, size]);
    expect(told.length).toBeGreaterThan(2);
  });

  it.each(['storage_unavailable', 'storage_denied'] as const)('that cannot read to the end is no damage, and has no record: %s', async (code) => {
    const storage = await stored();
    storage.inject({ step: 'read', nth: 6, error: new SnapshotError(code, 'cut') });
    expect(await verifySnapshot(someDestination(storage), KEY, DEPS, FOREVER)).toMatchObject({ error: { code }, record: undefined });
    expect(storage.objects.size).toBe(2);
  });

  it('gives up a destination that hangs', async () => {
    const storage = await stored();
    storage.inject({ step: 'read', nth: 6, error: 'hang' });
    const verdict = await verifySnapshot(someDestination(storage), KEY, { ...DEPS, stallTimeoutMs: 20 }, FOREVER);
    expect(verdict.error).toMatchObject({ code: 'storage_unavailable', message: `memory: ${KEY}: nothing moved for 0.02s` });
  });

  it('ends when it is told to, and records nothing', async () => {
    const storage = await stored();
    const stop = new AbortController();
    const onProgress = () => stop.abort(new SnapshotError('stopped', 'enough'));
    await expect(verifySnapshot(someDestination(storage), KEY, { ...DEPS, onProgress }, stop.signal)).rejects.toThrow('enough');
    expect(storage.objects.size).toBe(2);
  });

  it('refuses a manifest that cannot be read, but not for that of the one before', async () => {
    const storage = await stored();
    const before = keyOf(2);
    const manifest = makeManifest({ ...SOME_INPUT, key: KEY, proof: await verifyArchive(storage.objects.get(KEY)!.bytes) });
    put(storage, manifestKey(KEY), renderManifest({ ...manifest, previous: { key: before, sha256: 'ab'.repeat(32), raft_index: 1 } }));
    put(storage, manifestKey(before), '{');
    expect(await verifySnapshot(someDestination(storage), KEY, DEPS, FOREVER)).toMatchObject({
      error: undefined,
      warnings: [expect.stringContaining('cannot be read')],
    });
    put(storage, manifestKey(KEY), '{');
    expect(await verifySnapshot(someDestination(storage), KEY, DEPS, FOREVER)).toMatchObject({ error: { code: 'storage_mismatch' } });
  });
});
