import { renderManifest } from '../../src/snapshot/manifest.ts';
import type { MemoryStorage } from '../fakes/memory-storage.ts';
import { someManifest } from '../unit/snapshot/some-manifest.ts';

/** A snapshot with its manifest, as another node has left it. */
export function leave(storage: MemoryStorage, takenAt: Date, changes: Parameters<typeof someManifest>[0] = {}): void {
  const name = `raft_snapshot-${takenAt.getTime()}000000.snap`;
  const key = `raft_snapshots/${name}`;
  const manifest = someManifest({ key, taken_at: takenAt.toISOString(), node: 'vault-1', stored_bytes: 10, ...changes });
  storage.objects.set(key, { bytes: Buffer.alloc(10), modifiedAt: takenAt });
  storage.objects.set(`raft_snapshots/manifests/${name}.json`, { bytes: Buffer.from(renderManifest(manifest)), modifiedAt: takenAt });
}
