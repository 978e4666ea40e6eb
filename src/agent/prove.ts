import { SnapshotError, toSnapshotError } from '../errors.ts';
import type { Proof } from '../snapshot/proof.ts';
import type { Vault } from '../vault/contract.ts';
import { withDeadline } from './deadline.ts';
import type { Leader } from './deps.ts';

/** An archive that may be seen: whole, and not older than what the leader had applied before we read. */
export interface Proved {
  readonly proof: Proof;
  /** What became of Vault meanwhile, for the manifest. */
  readonly notes: readonly string[];
}

// For the record only: silence must not hold the snapshot up.
const SECOND_LOOK_MS = 5_000;

export async function prove(drained: Promise<Proof>, before: Leader, vault: Vault, signal: AbortSignal): Promise<Proved> {
  const proof = await drained;
  const { appliedIndex } = before;
  if (appliedIndex !== undefined && proof.meta.index < appliedIndex) {
    throw new SnapshotError('archive_stale', `archive: index ${proof.meta.index}, but the leader had applied ${appliedIndex} before it was read`);
  }
  return {
    proof,
    notes: [...(appliedIndex === undefined ? ['freshness not checked: the server did not tell its applied index'] : []), ...(await lookAgain(vault, signal))],
  };
}

/** A change of leader, a seal or silence now stops nothing: the archive has proved itself. */
async function lookAgain(vault: Vault, signal: AbortSignal): Promise<readonly string[]> {
  const silent = () => new SnapshotError('vault_unreachable', `vault: no answer within ${SECOND_LOOK_MS / 1000}s`);
  try {
    const after = await withDeadline(signal, SECOND_LOOK_MS, silent, (limited) => vault.leadership(limited));
    return after.role === 'leader' ? [] : [`no longer the leader after the read: ${after.reason}`];
  } catch (error) {
    return [`not known who leads after the read: ${toSnapshotError(error).message}`];
  }
}
