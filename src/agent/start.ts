import { findWhole } from '../snapshot/deliver.ts';
import { parseManifest, renderManifest } from '../snapshot/manifest.ts';
import type { Intent } from '../spool/contract.ts';
import { objectKey } from '../storage/key.ts';
import { attempt } from './attempt.ts';
import { Course } from './course.ts';
import { writeManifest } from './delivery.ts';
import type { RoundDeps } from './deps.ts';
import type { Destination } from './destination.ts';

// Reading a large snapshot back takes its time, but no destination may keep the first round waiting for ever.
const ADOPT_LIMIT_MS = 300_000;

/** What a killed process left is found, told and removed, or brought to its end. What fails here is only told: rounds go on. */
export async function prepare(destinations: readonly Destination[], deps: RoundDeps, signal: AbortSignal): Promise<void> {
  const { spools, log, settings } = deps;
  const report = (removed: readonly string[]) => {
    for (const what of removed) log.warn({ event: 'leftover_removed', what }, 'removed what a killed process left');
  };
  const sweepAll = destinations.map(({ storage, prefix }) =>
    attempt(deps, storage.name, settings.stallTimeoutMs, signal, async (limited) => report(await storage.sweep(prefix, limited))),
  );
  await Promise.all([attempt(deps, 'spool', settings.stallTimeoutMs, signal, async () => report(await spools.sweep())), ...sweepAll]);
  await adoptUnfinished(destinations, deps, signal);
}

/** Snapshots committed by a round that ended, however it ended, before their manifests were written. */
export async function adoptUnfinished(destinations: readonly Destination[], deps: RoundDeps, signal: AbortSignal): Promise<void> {
  await attempt(deps, 'intents', ADOPT_LIMIT_MS, signal, async (limited) => {
    for (const intent of await deps.intents.list()) {
      const destination = destinations.find(({ storage }) => storage.name === intent.destination);
      if (destination) await attempt(deps, intent.destination, ADOPT_LIMIT_MS, limited, (one) => adopt(intent, destination, deps, one));
    }
  });
}

/** Committed, but ended before the manifest: proved again, then the manifest is written. */
async function adopt(intent: Intent, destination: Destination, deps: RoundDeps, signal: AbortSignal): Promise<void> {
  const { storage } = destination;
  const key = objectKey(intent.key);
  const manifest = parseManifest(intent.manifest);
  const { archive_bytes: bytes, archive_sha256: sha256 } = manifest;
  const found = await findWhole(storage, key, { bytes, sha256 }, deps.settings.stallTimeoutMs, signal);
  if (found) {
    const told = renderManifest({ ...manifest, object_version: found.version ?? null });
    await writeManifest(destination, { ...intent, manifest: told }, new Course(storage.name, deps), deps, signal);
    deps.log.info({ event: 'snapshot_adopted', destination: storage.name, key }, 'adopted a snapshot whose round did not come to its end');
  }
  await deps.intents.clear(intent);
}
