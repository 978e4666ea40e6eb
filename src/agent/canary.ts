import { abortReason, SnapshotError, toSnapshotError } from '../errors.ts';
import type { Canary } from '../snapshot/manifest.ts';
import { withDeadline } from './deadline.ts';
import type { RoundDeps } from './deps.ts';

/** A store that hangs must not hold a round up. */
const CANARY_LIMIT_MS = 5_000;

/** What the manifest tells of it. */
export interface Planted {
  readonly canary: Canary | null;
  readonly canaryError: string | null;
}

/** Writes what a restore must find again, right before the read. Rejects only where no snapshot is wanted without it. */
export async function plantCanary(roundId: string, { vault, clock, log, tell, settings }: RoundDeps, signal: AbortSignal): Promise<Planted> {
  const { canary: wanted } = settings;
  if (wanted === undefined) return { canary: null, canaryError: null };
  const { mount, path, namespace, field, isRequired } = wanted;
  const writtenAt = clock.now();
  const value = `${Math.floor(writtenAt.getTime() / 1000)}`;
  const silent = () => new SnapshotError('vault_unreachable', `vault: ${mount}/${path}: not written within ${CANARY_LIMIT_MS / 1000}s`);
  try {
    const write = (limited: AbortSignal) => vault.writeCanary(wanted, { [field]: value, round_id: roundId }, limited);
    const version = await withDeadline(signal, CANARY_LIMIT_MS, silent, write);
    tell({ kind: 'canary', error: undefined });
    log.debug({ event: 'canary_written', mount, path, kv_version: version, value }, 'wrote the canary');
    const canary = { mount, path, namespace: namespace ?? null, field, kv_version: version, value, round_id: roundId, written_at: writtenAt.toISOString() };
    return { canary, canaryError: null };
  } catch (thrown) {
    if (signal.aborted) throw abortReason(signal);
    const error = toSnapshotError(thrown);
    const { code, message, advice } = error;
    tell({ kind: 'canary', error });
    if (isRequired) throw new SnapshotError(code, `canary: ${message}`, { cause: error, advice });
    log.warn({ event: 'canary_failed', code, error: message, advice }, 'the snapshot goes without a canary');
    return { canary: null, canaryError: message };
  }
}
