import { SnapshotError } from '../errors.ts';
import type { ClusterFacts } from '../vault/contract.ts';
import type { Host } from './host.ts';

/** What it may be called. A listener can keep the name to itself; the id is always told. */
export function namesOf(
  { clusterName, clusterId }: ClusterFacts,
  configured: { readonly id: string | undefined; readonly name: string | undefined },
): readonly string[] {
  const names = [clusterName, configured.id === clusterId ? (configured.name ?? '') : ''].filter((name) => name !== '');
  return names.length === 0 ? [clusterId] : names;
}

/** Rejects unless one of the names is given or typed. */
export async function confirmCluster(given: string | undefined, names: readonly string[], host: Host, signal: AbortSignal): Promise<void> {
  const asked = `the cluster that is overwritten is ${names.join(' or ')}`;
  const advice = `say --confirm ${names[0]} if you mean it`;
  if (given !== undefined) {
    if (names.includes(given)) return;
    throw new SnapshotError('refused', `${asked}, not ${JSON.stringify(given)}`, { advice });
  }
  if (!host.isStdinTerminal) throw new SnapshotError('refused', `nobody is here to ask: ${asked}`, { advice });
  host.err(`Everything in it is replaced by the snapshot. Type the name of the cluster (${names.join(' or ')}) to go on: `);
  const typed = await host.readLine(signal);
  if (!names.includes(typed?.trim() ?? '')) throw new SnapshotError('refused', `${asked}; something else was typed`, { advice: 'nothing was touched' });
}
