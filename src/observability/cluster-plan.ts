import type { Destination } from '../agent/destination.ts';
import { longestGapMs } from '../agent/schedule.ts';
import type { Config } from '../config/config.ts';
import { within } from '../storage/key.ts';
import type { VaultClient } from '../vault/client.ts';
import type { ClusterPlan } from './ledger.ts';
import type { DestinationPlan } from './ledger-destination.ts';

/** What the ledger needs to know of a configuration. */
export function planOf(config: Config, destinations: readonly Destination[], vault: VaultClient, now: Date): ClusterPlan {
  const rules = new Map(destinations.map(({ schedule, rule }) => [schedule, rule]));
  return {
    name: config.cluster.name,
    vaultAddress: config.vault.address,
    isTlsVerified: !config.vault.tls.isVerificationOff,
    destinations: destinations.map(planDestination),
    schedules: [...rules].map(([name, rule]) => ({ name, intervalMs: longestGapMs(rule, now) })),
    vitals: () => vault.vitals(),
  };
}

function planDestination({ storage, prefix, schedule }: Destination): DestinationPlan {
  const { name, kind } = storage;
  // Any name will do: what stands before it is the place.
  const location = storage.locate(within(prefix, 'any')).replace(/\/any$/, '');
  return { name, kind, location, schedule };
}
