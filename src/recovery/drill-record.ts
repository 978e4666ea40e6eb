import type { Destination } from '../agent/destination.ts';
import { type ErrorCode, type SnapshotError, toSnapshotError } from '../errors.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import { writeRecord } from '../snapshot/record.ts';
import type { DrillRecord } from './drill.ts';
import type { Level } from './outcome.ts';

export interface RecordInput {
  readonly destination: Destination;
  readonly manifest: Manifest;
  readonly level: Level;
  readonly at: Date;
  readonly by: string;
  readonly agentVersion: string;
  readonly record: DrillRecord;
  /** Why it failed, if it did. */
  readonly error: SnapshotError | undefined;
  readonly stallTimeoutMs: number;
}

/** What a failed drill has found out about the snapshot; the rest is a matter of the place it ran at. */
const FINDINGS: readonly ErrorCode[] = [
  'archive_corrupt',
  'storage_mismatch',
  'stale',
  'server_refused',
  'restore_timeout',
  'seal_mismatch',
  'seal_config_differs',
  'node_removed',
  'wrong_unseal_keys',
  'no_token',
  'check_failed',
  'canary_missing',
  'canary_differs',
  'canary_stale',
  'level_verified',
  'level_installed',
  'level_unsealed',
];

/** Whether everybody who uses the snapshot has to know: one that was mistyped, or has no room, must not raise their alarm. */
export function isFinding({ code }: SnapshotError): boolean {
  return FINDINGS.includes(code);
}

/** Beside the snapshot, how it went: daemons and people look there. Resolves with why it could not be written. */
export async function recordDrill(input: RecordInput, signal: AbortSignal): Promise<string | undefined> {
  const { destination, manifest, record, level, at, by, agentVersion, error, stallTimeoutMs } = input;
  const serverVersion = record.server?.version ?? manifest.server_version;
  const told = { kind: 'drill', level, at, by, agentVersion, serverVersion, canary: record.canary, rtoSeconds: record.rtoSeconds, error } as const;
  try {
    await writeRecord({ storage: destination.storage, manifest, stallTimeoutMs }, told, signal);
    return undefined;
  } catch (thrown) {
    signal.throwIfAborted();
    const { message, code } = toSnapshotError(thrown);
    return `no record could be written (--no-record asks for none): ${message} (${code})`;
  }
}
