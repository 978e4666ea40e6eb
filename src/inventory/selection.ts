import { aliasKey, type Destination } from '../agent/destination.ts';
import { SnapshotError } from '../errors.ts';
import type { NamedCluster } from '../retention/manifests.ts';
import { surveySubjects } from '../retention/survey.ts';
import { type ObjectKey, objectKey, within } from '../storage/key.ts';
import { newestAt } from './newest.ts';

/** Which snapshots of a destination are meant. */
export type Selection =
  | { readonly kind: 'latest' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'all' }
  | { readonly kind: 'newest'; readonly count: number }
  | { readonly kind: 'sample'; readonly percent: number };

/** Newest first. None where the place is empty; a name is taken as it is, `latest` is the newest with a manifest of this cluster. */
export async function selectSnapshots(
  destination: Destination,
  selection: Selection,
  ours: NamedCluster,
  random: () => number,
  signal: AbortSignal,
): Promise<readonly ObjectKey[]> {
  const { prefix, keepsHistory } = destination;
  const alias = keepsHistory ? undefined : aliasKey(destination);
  if (selection.kind === 'name') return [nameWithin(destination, selection.name)];
  if (selection.kind === 'latest' || alias !== undefined) {
    const newest = await newestAt(destination, ours, signal);
    // The place may have been moved since the manifest was written: its name counts, not its folder.
    return newest ? [alias ?? within(prefix, newest.key.slice(newest.key.lastIndexOf('/') + 1))] : [];
  }
  const { subjects } = await surveySubjects(destination.storage, prefix, ours, signal);
  const there = [...subjects.values()].filter(({ size }) => size !== undefined).sort((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
  const keys = there.map(({ key }) => key);
  if (selection.kind === 'newest') return keys.slice(0, selection.count);
  return selection.kind === 'sample' ? draw(keys, selection.percent, random) : keys;
}

/** The name of an object of that place, without its prefix or with it. */
export function nameWithin({ prefix }: Destination, name: string): ObjectKey {
  try {
    return name.startsWith(prefix) ? objectKey(name) : within(prefix, name);
  } catch (cause) {
    throw new SnapshotError('usage', `${JSON.stringify(name)} is not the name of a snapshot`, { cause });
  }
}

/** So many of a hundred, by chance, but at least one; in the order they had. */
function draw(keys: readonly ObjectKey[], percent: number, random: () => number): readonly ObjectKey[] {
  const lots = keys.map((key) => ({ key, lot: random() })).sort((a, b) => a.lot - b.lot);
  const drawn = new Set(lots.slice(0, Math.ceil((keys.length * percent) / 100)).map(({ key }) => key));
  return keys.filter((key) => drawn.has(key));
}
