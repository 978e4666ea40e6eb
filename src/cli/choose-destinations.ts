import type { DestinationConfig } from '../config/config.ts';
import { SnapshotError } from '../errors.ts';

/** The one of that name, or all of them. */
export function chooseDestinations(all: readonly DestinationConfig[], name: string | undefined): readonly DestinationConfig[] {
  const chosen = all.filter((destination) => name === undefined || destination.name === name);
  if (chosen.length > 0) return chosen;
  throw new SnapshotError('usage', `--destination: there is no ${JSON.stringify(name)}, only ${all.map((destination) => destination.name).join(', ')}`);
}
