import { SnapshotError } from '../errors.ts';
import { type ObjectKey, objectKey } from '../storage/key.ts';
import type { Proof } from './proof.ts';

/** What was written into Vault right before a snapshot, and must be found in whatever is restored from it. */
export interface Canary {
  readonly mount: string;
  readonly path: string;
  readonly namespace: string | null;
  readonly field: string;
  readonly kv_version: 1 | 2;
  /** Unix seconds, as a text. */
  readonly value: string;
  readonly round_id: string;
  readonly written_at: string;
}

/** What was proved about one snapshot, written last beside it and never rewritten. Field names are public (docs/manifest.md). */
export interface Manifest {
  readonly format: 1;
  readonly key: string;
  /** Which of all that ever had this key, where the store tells them apart. */
  readonly object_version: string | null;
  readonly cluster_id: string;
  readonly cluster_name: string;
  readonly product: 'vault' | 'openbao';
  readonly server_version: string;
  /** The host that took it. */
  readonly node: string;
  readonly round_id: string;
  readonly schedule: string;
  /** RFC 3339 UTC. */
  readonly taken_at: string;
  readonly finished_at: string;
  readonly agent_version: string;
  readonly seal_type: string;
  readonly seal_shares: number;
  readonly seal_threshold: number;
  readonly recovery_seal: boolean;
  readonly seal_fingerprint: string | null;
  /** Since when these unseal keys are in use, as far as the snapshots at this destination tell. */
  readonly key_era: string | null;
  readonly raft_index: number | string;
  readonly raft_term: number | string;
  readonly raft_servers: readonly { readonly id: string; readonly voter: boolean }[];
  readonly entries: number;
  readonly state_bytes: number;
  readonly archive_bytes: number;
  readonly archive_sha256: string;
  readonly stored_bytes: number;
  readonly stored_sha256: string;
  /** Whether size and checksum were read back after the commit and are those of what was sent; false: the credentials may only write. */
  readonly read_back: boolean;
  readonly encryption: null;
  readonly canary: Canary | null;
  /** Why there is none although there should be. */
  readonly canary_error: string | null;
  readonly previous: { readonly key: string; readonly sha256: string; readonly raft_index: number | string } | null;
  readonly suspicious: readonly string[];
  /** What happened to Vault while we read, if anything: a leader change, a seal, silence. */
  readonly notes: readonly string[];
}

/** What Vault told about the cluster before the read. */
export interface ManifestFacts {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly product: 'vault' | 'openbao';
  readonly version: string;
  readonly sealType: string;
  readonly sealShares: number;
  readonly sealThreshold: number;
  readonly hasRecoverySeal: boolean;
}

export interface ManifestInput {
  readonly key: ObjectKey;
  readonly facts: ManifestFacts;
  readonly proof: Proof;
  readonly node: string;
  readonly roundId: string;
  readonly schedule: string;
  readonly takenAt: Date;
  readonly finishedAt: Date;
  readonly agentVersion: string;
  readonly previous: Manifest | undefined;
  readonly canary: Canary | null;
  readonly canaryError: string | null;
  readonly notes: readonly string[];
}

export function makeManifest({ key, facts, proof, previous, ...round }: ManifestInput): Manifest {
  // The seal of the archive is the one it must be opened with; the server's may be another one by now.
  const seal = proof.seal ?? { type: facts.sealType, shares: facts.sealShares, threshold: facts.sealThreshold };
  return {
    format: 1,
    key,
    object_version: null,
    cluster_id: facts.clusterId,
    cluster_name: facts.clusterName,
    product: facts.product,
    server_version: facts.version,
    node: round.node,
    round_id: round.roundId,
    schedule: round.schedule,
    taken_at: round.takenAt.toISOString(),
    finished_at: round.finishedAt.toISOString(),
    agent_version: round.agentVersion,
    seal_type: seal.type,
    seal_shares: seal.shares,
    seal_threshold: seal.threshold,
    recovery_seal: facts.hasRecoverySeal,
    seal_fingerprint: proof.sealFingerprint ?? null,
    key_era: keyEra(proof.sealFingerprint, previous, round.takenAt),
    raft_index: exactNumber(proof.meta.index),
    raft_term: exactNumber(proof.meta.term),
    raft_servers: proof.meta.servers,
    entries: proof.entries,
    state_bytes: proof.stateBytes,
    archive_bytes: proof.bytes,
    archive_sha256: proof.sha256,
    stored_bytes: proof.bytes,
    stored_sha256: proof.sha256,
    read_back: true,
    encryption: null,
    canary: round.canary,
    canary_error: round.canaryError,
    previous: previous ? { key: previous.key, sha256: previous.archive_sha256, raft_index: previous.raft_index } : null,
    suspicious: proof.suspicious,
    notes: round.notes,
  };
}

function keyEra(fingerprint: string | undefined, previous: Manifest | undefined, takenAt: Date): string | null {
  if (fingerprint === undefined) return null;
  return previous?.seal_fingerprint === fingerprint ? (previous.key_era ?? previous.taken_at) : takenAt.toISOString();
}

/** What tells which unseal keys a snapshot needs. */
export type Sealed = Pick<Manifest, 'cluster_id' | 'seal_type' | 'seal_fingerprint'>;

/** Whether the snapshots before this one need other unseal keys: a rekey, or another kind of seal; false where nobody can tell. */
export function haveKeysChanged(before: Sealed | undefined, { cluster_id, seal_type, seal_fingerprint }: Sealed): boolean {
  if (before === undefined || before.cluster_id !== cluster_id) return false;
  const areBothKnown = before.seal_fingerprint !== null && seal_fingerprint !== null;
  return before.seal_type !== seal_type || (areBothKnown && before.seal_fingerprint !== seal_fingerprint);
}

export function renderManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Strict on what decisions rest on; fields of later versions pass. */
export function parseManifest(text: string): Manifest {
  const manifest = parseJson(text);
  for (const [field, { rule, isRight }] of Object.entries(RELIED_ON)) {
    if (!isRight(manifest[field])) throw unreadable(`${field} must be ${rule}`);
  }
  return manifest as unknown as Manifest;
}

/** A number where JSON can hold it exactly, its digits where not. */
export function exactNumber(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}

interface Rule {
  readonly rule: string;
  isRight(value: unknown): boolean;
}

const TEXT: Rule = { rule: 'a text', isRight: (value) => typeof value === 'string' };
const COUNT: Rule = { rule: 'a whole number', isRight: (value) => Number.isSafeInteger(value) && Number(value) >= 0 };
const SHA256: Rule = { rule: '64 hexadecimal digits', isRight: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) };
const TIME: Rule = { rule: 'a time in UTC', isRight: (value) => typeof value === 'string' && value.endsWith('Z') && !Number.isNaN(Date.parse(value)) };
const INDEX: Rule = {
  rule: 'a whole number or its digits',
  isRight: (value) => COUNT.isRight(value) || (typeof value === 'string' && /^\d{1,20}$/.test(value)),
};

const RELIED_ON: Readonly<Partial<Record<keyof Manifest, Rule>>> = {
  format: { rule: '1', isRight: (value) => value === 1 },
  key: { rule: 'an object key', isRight: isKey },
  cluster_id: { rule: 'a text that is not empty', isRight: (value) => typeof value === 'string' && value !== '' },
  product: TEXT,
  server_version: TEXT,
  node: TEXT,
  taken_at: TIME,
  seal_type: TEXT,
  raft_index: INDEX,
  raft_term: INDEX,
  entries: COUNT,
  archive_bytes: COUNT,
  archive_sha256: SHA256,
  stored_bytes: COUNT,
  stored_sha256: SHA256,
  suspicious: { rule: 'a list of texts', isRight: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string') },
};

function isKey(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    return objectKey(value) !== '';
  } catch (error) {
    if (error instanceof SnapshotError) return false;
    throw error;
  }
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable('not JSON', error);
    throw error;
  }
  throw unreadable('not a JSON object');
}

function unreadable(what: string, cause?: unknown): SnapshotError {
  return new SnapshotError('storage_mismatch', `manifest: ${what}`, cause === undefined ? {} : { cause });
}
