import type { Destination } from '../agent/destination.ts';
import { SnapshotError, toSnapshotError } from '../errors.ts';
import { manifestIfThere } from '../retention/manifests.ts';
import { ArchiveVerifier } from '../snapshot/archive.ts';
import { ArchiveFault } from '../snapshot/archive-checks.ts';
import { isDamage } from '../snapshot/failures.ts';
import { exactNumber, type Manifest } from '../snapshot/manifest.ts';
import { failureKey, recordKey } from '../snapshot/name.ts';
import type { Proof } from '../snapshot/proof.ts';
import { writeRecord } from '../snapshot/record.ts';
import { Watchdog } from '../snapshot/watchdog.ts';
import type { Storage } from '../storage/contract.ts';
import { type ObjectKey, objectKey } from '../storage/key.ts';

/** What to do about a copy that is not whole. */
export const LEFT_THERE = 'nothing was deleted; "vault-snapshotd list" shows where else this snapshot is';

export interface VerifyDeps {
  /** Undefined: no manifest anywhere tells it. */
  readonly clusterId: string | undefined;
  readonly stallTimeoutMs: number;
  /** The host that verifies, for the record. */
  readonly by: string;
  readonly agentVersion: string;
  readonly isRecording: boolean;
  now(): Date;
  /** Hears how far it is; `total` where the manifest tells it. */
  onProgress(key: ObjectKey, bytes: number, total: number | undefined): void;
}

/** What reading one snapshot back has shown. */
export interface Verdict {
  /** Of the object, or the path of a file. */
  readonly key: string;
  /** Why it is not proved, and by which check. Undefined: it is. */
  readonly error: SnapshotError | undefined;
  readonly manifest: Manifest | undefined;
  readonly proof: Proof | undefined;
  readonly warnings: readonly string[];
  /** Where it was noted that it was proved again, or is damaged. */
  readonly record: ObjectKey | undefined;
}

/** Reads every byte of a stored snapshot and proves it again; never deletes one. Rejects only when the signal says so. */
export async function verifySnapshot(destination: Destination, key: ObjectKey, deps: VerifyDeps, signal: AbortSignal): Promise<Verdict> {
  const { storage } = destination;
  const verdict = { key, error: undefined, manifest: undefined, proof: undefined, warnings: [], record: undefined };
  const stalled = () => new SnapshotError('storage_unavailable', `${storage.name}: ${key}: nothing moved for ${deps.stallTimeoutMs / 1000}s`);
  const watchdog = new Watchdog(signal, deps.stallTimeoutMs, stalled);
  let manifest: Manifest | undefined;
  try {
    manifest = await watchdog.watch(() => manifestIfThere(storage, key, watchdog.signal));
    if (manifest && deps.clusterId !== undefined && manifest.cluster_id !== deps.clusterId) throw foreign(key, manifest);
    const proof = await proveAgain(watchdog.each(storage.read(key, watchdog.signal)), (bytes) => deps.onProgress(key, bytes, manifest?.stored_bytes), manifest);
    if (!manifest) return { ...verdict, proof, warnings: ['has no manifest: whole, but nobody tells whose it is'] };
    const warnings = [...proof.suspicious, ...(await checkPrevious(storage, manifest, watchdog))];
    const { record, warning } = await recordVerdict(destination, key, manifest, undefined, deps, signal);
    return { ...verdict, manifest, proof, record, warnings: warning === undefined ? warnings : [...warnings, warning] };
  } catch (thrown) {
    signal.throwIfAborted();
    const error = toSnapshotError(thrown);
    if (manifest === undefined || !isDamage(error)) return { ...verdict, manifest, error };
    const { record, warning } = await recordVerdict(destination, key, manifest, error, deps, signal);
    return { ...verdict, manifest, error, record, warnings: warning === undefined ? [] : [warning] };
  }
}

/** The bytes as they come, proved whole and, where there is a manifest, the very ones it is about. */
export async function proveAgain(archive: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void, manifest: Manifest | undefined): Promise<Proof> {
  const verifier = new ArchiveVerifier();
  try {
    let bytes = 0;
    for await (const chunk of archive) {
      await verifier.update(chunk);
      bytes += chunk.length;
      onBytes(bytes);
    }
    const proof = await verifier.finish();
    if (manifest) compare(manifest, proof);
    return proof;
  } catch (thrown) {
    verifier.abort(thrown);
    throw thrown;
  }
}

function compare(manifest: Manifest, proof: Proof): void {
  const checks = [
    ['stored size', manifest.stored_bytes, proof.bytes],
    ['stored sha256', manifest.stored_sha256, proof.sha256],
    ['archive sha256', manifest.archive_sha256, proof.sha256],
    ['raft index', manifest.raft_index, exactNumber(proof.meta.index)],
    ['raft term', manifest.raft_term, exactNumber(proof.meta.term)],
    ['entries', manifest.entries, proof.entries],
    ['seal fingerprint', manifest.seal_fingerprint, proof.sealFingerprint ?? null],
  ] as const;
  for (const [check, expected, found] of checks) if (expected !== found) throw new ArchiveFault(check, `${expected} as its manifest says`, `${found}`);
}

/** The manifests of one destination are a chain: one that was exchanged does not fit the next. What is pruned cannot be asked. */
async function checkPrevious(storage: Storage, { previous, raft_index: index }: Manifest, watchdog: Watchdog): Promise<readonly string[]> {
  if (!previous) return [];
  const before = await watchdog.watch(() => manifestIfThere(storage, objectKey(previous.key), watchdog.signal).catch(unreadable));
  if (before === 'unreadable') return [`the manifest of ${previous.key} before it cannot be read`];
  if (!before) return [];
  if (before.archive_sha256 !== previous.sha256) throw new ArchiveFault('chain to previous', `${previous.sha256} of ${previous.key}`, before.archive_sha256);
  // Right after a cluster was built anew.
  return BigInt(index) < BigInt(before.raft_index) ? [`its index ${index} is lower than ${before.raft_index} of ${before.key} before it`] : [];
}

/** Only what has a manifest has a place for records, and an alias holds another snapshot soon. */
async function recordVerdict(
  { storage, keepsHistory }: Destination,
  key: ObjectKey,
  manifest: Manifest,
  error: SnapshotError | undefined,
  { isRecording, now, by, agentVersion, stallTimeoutMs }: VerifyDeps,
  signal: AbortSignal,
): Promise<{ readonly record?: ObjectKey; readonly warning?: string }> {
  if (!isRecording || !keepsHistory) return {};
  const at = now();
  const told = { kind: 'verify', at, by, agentVersion, error, serverVersion: manifest.server_version, canary: undefined, rtoSeconds: undefined } as const;
  try {
    return { record: await writeRecord({ storage, manifest, stallTimeoutMs }, { ...told, level: error === undefined ? 'verified' : 'none' }, signal) };
  } catch (thrown) {
    signal.throwIfAborted();
    const failed = toSnapshotError(thrown);
    // Somebody else verified it within the same second.
    if (failed.code === 'storage_exists') return { record: error === undefined ? recordKey(key, at) : failureKey(key, at) };
    const what = error === undefined ? 'proved, but no' : 'no';
    return { warning: `${what} record could be written (--no-record asks for none): ${failed.message} (${failed.code})` };
  }
}

/** Its own verification tells that; this snapshot is none the worse for it. */
function unreadable(error: unknown): 'unreadable' {
  if (error instanceof SnapshotError && error.code === 'storage_mismatch') return 'unreadable';
  throw error;
}

function foreign(key: ObjectKey, { cluster_id }: Manifest): SnapshotError {
  return new SnapshotError('cluster_mismatch', `${key}: its manifest is of the cluster ${cluster_id}`);
}
