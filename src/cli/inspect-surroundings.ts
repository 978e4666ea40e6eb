import type { Destination } from '../agent/destination.ts';
import { abortReason, toSnapshotError } from '../errors.ts';
import { lookAround, oldestWithSeal } from '../inventory/surroundings.ts';
import { recordTime } from '../snapshot/name.ts';
import { baseName, type ObjectKey } from '../storage/key.ts';
import type { Inspected } from './inspect-report.ts';
import type { Reading } from './reading.ts';

/** Its records, and since when its unseal keys are in use as far as any destination tells. One that cannot be asked is only warned of. */
export async function withSurroundings(
  inspected: Inspected,
  stored: { readonly destination: Destination; readonly key: ObjectKey } | undefined,
  { destinations, ours, log }: Reading,
  signal: AbortSignal,
): Promise<Inspected> {
  const fingerprint = inspected.inspection.state?.sealFingerprint ?? inspected.manifest?.seal_fingerprint;
  const wanted = { fingerprint, clusterId: inspected.manifest?.cluster_id ?? ours.clusterId, index: inspected.inspection.meta?.index };
  let { records, sealSince } = inspected;
  for (const destination of destinations) {
    const { name } = destination.storage;
    try {
      const around = await lookAround(destination, stored?.destination === destination ? stored.key : undefined, ours, signal);
      const proofs = around.records.flatMap((key) => {
        const at = recordTime(baseName(key));
        return at ? [{ key, at: at.toISOString() }] : [];
      });
      if (proofs.length > 0) records = proofs;
      const manifest = typeof fingerprint === 'string' ? await oldestWithSeal(destination, around.manifests, { ...wanted, fingerprint }, signal) : undefined;
      const isOlder = manifest && (sealSince === undefined || manifest.taken_at < sealSince.manifest.taken_at);
      if (isOlder) sealSince = { destination: name, manifest };
    } catch (thrown) {
      if (signal.aborted) throw abortReason(signal);
      const error = toSnapshotError(thrown);
      log.warn({ event: 'look_failed', what: name, code: error.code, error: error.message }, 'could not look at what is there');
    }
  }
  return { ...inspected, records, sealSince };
}
