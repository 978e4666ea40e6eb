import type { Composed } from '../compose.ts';
import type { Config } from '../config/config.ts';
import { SnapshotError } from '../errors.ts';
import type { Wish } from '../recovery/choose.ts';
import { thawing } from '../recovery/thaw.ts';
import type { NamedCluster } from '../retention/manifests.ts';
import { chooseDestinations, chooseInBucket } from './choose-destinations.ts';
import type { Asked } from './grammar/verbs.ts';
import { type Chosen, chooseFile, chooseStored } from './recovery-source.ts';

type Flags = Asked<'restore'>['flags'];

/** Undefined: a file. */
export function wishOf({ snapshot, before, file }: Flags): Wish | undefined {
  if (before !== undefined) return { kind: 'before', at: before };
  if (snapshot !== undefined) return snapshot === 'latest' ? { kind: 'latest' } : { kind: 'name', name: snapshot };
  if (file !== undefined) return undefined;
  const advice = 'say --snapshot latest, --snapshot NAME, --before TIME or --file FILE; "vault-snapshotd list" shows what there is';
  throw new SnapshotError('usage', 'nothing says which snapshot is meant', { advice });
}

/** Where the snapshot may come from; the safety snapshot of another day does not. */
export function placesOf({ destinations }: Config, { destination, bucket }: Flags): readonly string[] {
  const named = destination === undefined ? destinations : chooseDestinations(destinations, destination);
  return (bucket === undefined ? named : chooseInBucket(named, bucket)).map(({ name }) => name);
}

interface Where {
  readonly flags: Flags;
  /** Of the destinations that are asked. */
  readonly names: readonly string[];
}

export async function chooseSource(
  wish: Wish | undefined,
  { flags, names }: Where,
  { destinations }: Composed,
  ours: NamedCluster,
  signal: AbortSignal,
): Promise<Chosen> {
  if (wish === undefined) return await chooseFile(flags.file ?? '', ours.clusterId, ours);
  const places = destinations.filter(({ storage: { name } }) => names.includes(name));
  return await chooseStored(flags.thaw ? places.map(thawing) : places, { wish, clusterId: ours.clusterId }, ours, signal);
}
