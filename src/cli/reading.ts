import type { Destination } from '../agent/destination.ts';
import { type Composed, compose } from '../compose.ts';
import type { Config } from '../config/config.ts';
import type { NamedCluster } from '../retention/manifests.ts';
import { parseNameTemplate } from '../snapshot/name.ts';
import { chooseDestinations } from './choose-destinations.ts';
import type { Host } from './host.ts';
import { type ConfigFlags, load } from './load.ts';

/** What the verbs that only read work with: the destinations, and whose snapshots are meant. Vault is never asked. */
export interface Reading {
  readonly config: Config;
  readonly destinations: readonly Destination[];
  /** `clusterId` only where the configuration pins it. */
  readonly ours: NamedCluster;
  readonly log: Composed['log'];
}

interface Wanted extends ConfigFlags {
  readonly destination: string | undefined;
}

/** Opens the destinations for the time of the work. */
export async function withDestinations<Result>(wanted: Wanted, host: Host, work: (reading: Reading) => Promise<Result>): Promise<Result> {
  const { config } = await load(wanted, host);
  const chosen = chooseDestinations(config.destinations, wanted.destination);
  // What the configuration warns of is the daemon's to tell.
  const composed = await compose({ ...config, destinations: chosen, warnings: [], log: { ...config.log, level: 'warn' } }, host);
  const ours = { template: parseNameTemplate(config.nameTemplate), clusterName: config.cluster.name ?? '', clusterId: config.cluster.id };
  try {
    return await work({ config, destinations: composed.destinations, ours, log: composed.log });
  } finally {
    await composed.close();
  }
}
