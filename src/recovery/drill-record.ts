import type { Destination } from '../agent/destination.ts';
import { toSnapshotError } from '../errors.ts';
import { deliverBytes } from '../snapshot/deliver.ts';
import type { Manifest } from '../snapshot/manifest.ts';
import { recordKey } from '../snapshot/name.ts';
import { type ObjectKey, objectKey } from '../storage/key.ts';
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
  readonly stallTimeoutMs: number;
}

/** Beside the snapshot, that it went well: daemons and people look there. Resolves with why it could not be written. */
export async function recordDrill(input: RecordInput, signal: AbortSignal): Promise<string | undefined> {
  const { destination, manifest, record, at, stallTimeoutMs } = input;
  const key: ObjectKey = recordKey(objectKey(manifest.key), at);
  const facts = { kind: 'drill', level: input.level, at: at.toISOString(), by: input.by, agent_version: input.agentVersion };
  const rest = {
    archive_sha256: manifest.archive_sha256,
    server_version: record.server?.version ?? manifest.server_version,
    canary: record.canary ?? null,
    rto_seconds: record.rtoSeconds ?? null,
  };
  const bytes = Buffer.from(`${JSON.stringify({ ...facts, ...rest }, null, 2)}\n`);
  try {
    await deliverBytes({ storage: destination.storage, key, bytes, stallTimeoutMs }, signal);
    return undefined;
  } catch (thrown) {
    signal.throwIfAborted();
    const { message, code } = toSnapshotError(thrown);
    return `no record could be written (--no-record asks for none): ${message} (${code})`;
  }
}
