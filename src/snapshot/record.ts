import { ERROR_CODES, type ErrorCode, SnapshotError } from '../errors.ts';
import type { Storage } from '../storage/contract.ts';
import { type ObjectKey, objectKey } from '../storage/key.ts';
import { deliverBytes } from './deliver.ts';
import type { Manifest } from './manifest.ts';
import { failureKey, recordKey } from './name.ts';

/** What was done with a stored snapshot after it was taken. Field names are public (docs/manifest.md). */
export interface NewRecord {
  readonly kind: 'verify' | 'drill';
  /** How far it came. */
  readonly level: string;
  readonly at: Date;
  /** The host. */
  readonly by: string;
  readonly agentVersion: string;
  readonly serverVersion: string;
  readonly canary: object | undefined;
  readonly rtoSeconds: number | undefined;
  /** Why it failed; undefined: it went well. */
  readonly error: SnapshotError | undefined;
}

/** Beside the manifest; resolves with where. */
export async function writeRecord(
  { storage, manifest, stallTimeoutMs }: { readonly storage: Storage; readonly manifest: Manifest; readonly stallTimeoutMs: number },
  record: NewRecord,
  signal: AbortSignal,
): Promise<ObjectKey> {
  const { kind, level, at, by, error } = record;
  const subject = objectKey(manifest.key);
  const key = error === undefined ? recordKey(subject, at) : failureKey(subject, at);
  const told = {
    kind,
    outcome: error === undefined ? 'ok' : 'failed',
    level,
    at: at.toISOString(),
    by,
    agent_version: record.agentVersion,
    archive_sha256: manifest.archive_sha256,
    server_version: record.serverVersion,
    canary: record.canary ?? null,
    rto_seconds: record.rtoSeconds ?? null,
    error: error === undefined ? null : { code: error.code, message: error.message },
  };
  await deliverBytes({ storage, key, bytes: Buffer.from(`${JSON.stringify(told, null, 2)}\n`), stallTimeoutMs }, signal);
  return key;
}

/** A record as those need it who look what came of a snapshot. */
export interface FoundRecord {
  readonly kind: string;
  readonly level: string;
  readonly at: Date;
  readonly seconds: number;
  readonly error: SnapshotError | undefined;
}

const LIMIT_BYTES = 64 * 1024;

/** Undefined for what nobody can read, and for what was pruned meanwhile. */
export async function readRecord(storage: Storage, key: ObjectKey, signal: AbortSignal): Promise<FoundRecord | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of storage.read(key, signal)) {
      bytes += chunk.length;
      if (bytes > LIMIT_BYTES) return undefined;
      chunks.push(chunk);
    }
    return parseRecord(Buffer.concat(chunks).toString());
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'not_found') return undefined;
    throw error;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parseRecord(text: string): FoundRecord | undefined {
  const json = parseObject(text);
  if (json === undefined) return undefined;
  const { kind, at, level, rto_seconds: seconds, error } = json;
  const time = new Date(String(at));
  if (typeof kind !== 'string' || typeof level !== 'string' || Number.isNaN(time.getTime())) return undefined;
  const failure = typeof error === 'object' && error !== null ? toError(error as Fields) : undefined;
  return { kind, level, at: time, seconds: typeof seconds === 'number' ? seconds : 0, error: failure };
}

/** Of a later version, perhaps: what it says can still be read. */
function toError({ code, message }: Fields): SnapshotError {
  const known = Object.keys(ERROR_CODES).find((name): name is ErrorCode => name === code) ?? 'failed';
  return new SnapshotError(known, String(message));
}

function parseObject(text: string): Fields | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Fields) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
