import { toSnapshotError } from '../errors.ts';
import { newestManifest } from '../retention/manifests.ts';
import { findWhole } from '../snapshot/deliver.ts';
import { parseManifest } from '../snapshot/manifest.ts';
import type { Intent } from '../spool/contract.ts';
import { objectKey } from '../storage/key.ts';
import { writeManifest } from './delivery.ts';
import type { RoundDeps } from './deps.ts';
import type { Destination } from './destination.ts';

/** What a killed process left is found, told and removed, or brought to its end. What fails here is only told: rounds go on. */
export async function prepare(destinations: readonly Destination[], deps: RoundDeps, signal: AbortSignal): Promise<void> {
  const { spools, intents, log } = deps;
  await attempt(deps, 'spool', async () => report(await spools.sweep()));
  for (const { storage, prefix } of destinations) {
    await attempt(deps, storage.name, async () => report(await storage.sweep(prefix, signal)));
  }
  await attempt(deps, 'intents', async () => {
    for (const intent of await intents.list()) {
      const destination = destinations.find(({ storage }) => storage.name === intent.destination);
      if (destination) await attempt(deps, intent.destination, () => adopt(intent, destination, deps, signal));
    }
  });

  function report(removed: readonly string[]): void {
    for (const what of removed) log.warn({ event: 'leftover_removed', what }, 'removed what a killed process left');
  }
}

/** Committed, but killed before the manifest: proved again, then the manifest is written. */
async function adopt(intent: Intent, { storage }: Destination, deps: RoundDeps, signal: AbortSignal): Promise<void> {
  const key = objectKey(intent.key);
  const { archive_sha256: sha256 } = parseManifest(intent.manifest);
  if (await findWhole(storage, key, sha256, signal)) {
    await writeManifest(storage, intent, deps, signal);
    deps.log.info({ event: 'snapshot_adopted', destination: storage.name, key }, 'adopted a snapshot whose round was killed');
  }
  await deps.intents.clear(intent);
}

/** Finds the newest proved snapshot of this cluster at every destination; where that fails, what was known before stays. */
export async function lookAround(destinations: readonly Destination[], deps: RoundDeps, signal: AbortSignal): Promise<void> {
  const { nameTemplate: template, clusterName } = deps.settings;
  const { clusterId } = await deps.vault.describe(signal);
  await Promise.all(
    destinations.map((destination) =>
      attempt(deps, destination.storage.name, async () => {
        destination.newest = await newestManifest(destination.storage, destination.prefix, { template, clusterName, clusterId }, signal);
        destination.lastRound = destination.newest && new Date(destination.newest.taken_at);
      }),
    ),
  );
}

async function attempt(deps: RoundDeps, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    const { code, message, advice } = toSnapshotError(thrown);
    deps.log.warn({ event: 'look_failed', what, code, error: message, advice }, 'could not look at what is there');
  }
}
