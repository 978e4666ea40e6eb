import { renderManifest } from '../../../src/snapshot/manifest.ts';
import { manifestKey, parseNameTemplate } from '../../../src/snapshot/name.ts';
import { keyPrefix, objectKey, within } from '../../../src/storage/key.ts';
import { MemoryStorage } from '../../fakes/memory-storage.ts';
import { someManifest } from '../snapshot/some-manifest.ts';

type Changes = Parameters<typeof someManifest>[0];

export const PREFIX = keyPrefix('raft_snapshots');
export const FOREVER = new AbortController().signal;
export const OURS = { template: parseNameTemplate('raft_snapshot-{unix_ns}.snap'), clusterName: 'prod', clusterId: 'id-1' };

/** `raft_snapshot-<ns>.snap` of that day of January 2026, at noon. */
export function nameOf(day: number): string {
  return `raft_snapshot-${BigInt(Date.UTC(2026, 0, day, 12)) * 1_000_000n}.snap`;
}

export const keyOf = (day: number) => within(PREFIX, nameOf(day));
export const manifestOf = (day: number) => within(PREFIX, `manifests/${nameOf(day)}.json`);
export const recordOf = (day: number) => within(PREFIX, `manifests/${nameOf(day)}.verified-20260201T000000Z.json`);

/** Objects of 10 bytes on the given days, with a manifest where told. */
export function storeOf({ proved = [], bare = [] }: { readonly proved?: readonly number[]; readonly bare?: readonly number[] }): MemoryStorage {
  const storage = new MemoryStorage();
  for (const day of [...proved, ...bare]) put(storage, keyOf(day), 'x'.repeat(10));
  for (const day of proved) putManifest(storage, day);
  return storage;
}

export function putManifest(storage: MemoryStorage, day: number, changes: Changes = {}): void {
  putManifestFor(storage, keyOf(day), { stored_bytes: 10, ...changes });
}

export function putManifestFor(storage: MemoryStorage, key: string, changes: Changes): void {
  put(storage, manifestKey(objectKey(key)), renderManifest(someManifest({ key, ...changes })));
}

export function put(storage: MemoryStorage, key: string, text: string): void {
  storage.objects.set(key, { bytes: Buffer.from(text), modifiedAt: new Date(0) });
}
