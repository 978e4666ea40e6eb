import type { DestinationConfig } from '../config/config.ts';
import { SnapshotError } from '../errors.ts';

/** The one of that name, or all of them. */
export function chooseDestinations(all: readonly DestinationConfig[], name: string | undefined): readonly DestinationConfig[] {
  const chosen = all.filter((destination) => name === undefined || destination.name === name);
  if (chosen.length > 0) return chosen;
  throw new SnapshotError('usage', `--destination: there is no ${JSON.stringify(name)}, only ${all.map((destination) => destination.name).join(', ')}`);
}

/** Those that lie in this bucket or container. */
export function chooseInBucket(all: readonly DestinationConfig[], bucket: string): readonly DestinationConfig[] {
  const chosen = all.filter((destination) => bucketOf(destination) === bucket);
  if (chosen.length > 0) return chosen;
  const known = all.flatMap((destination) => bucketOf(destination) ?? []);
  const says = known.length === 0 ? 'no destination of the configuration lies in one' : `only ${known.join(', ')}`;
  throw new SnapshotError('usage', `--bucket: there is no ${JSON.stringify(bucket)}, ${says}`);
}

function bucketOf(destination: DestinationConfig): string | undefined {
  if (destination.kind === 'aws') return destination.settings.s3_bucket;
  if (destination.kind === 'gcp') return destination.settings.bucket;
  return destination.kind === 'azure' ? destination.settings.container : undefined;
}
