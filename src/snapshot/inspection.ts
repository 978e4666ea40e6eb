import { SnapshotError } from '../errors.ts';
import { ArchiveVerifier } from './archive.ts';
import type { ArchiveSoFar } from './archive-members.ts';

/** Records of the state whose keys begin alike. */
export interface PrefixCount {
  readonly prefix: string;
  readonly entries: number;
  readonly bytes: number;
}

/** What an archive holds; of a damaged one, what came before the damage. */
export interface Inspection extends ArchiveSoFar {
  /** Of the whole archive; undefined for a damaged one. */
  readonly sha256: string | undefined;
  /** Why it is not whole; undefined for a whole one. */
  readonly damage: SnapshotError | undefined;
  /** The most bytes first. */
  readonly prefixes: readonly PrefixCount[];
  /** Versions of the servers that ever led this cluster, in the order of their keys. */
  readonly versions: readonly string[];
}

const VERSIONS = 'core/versions/';

/** Reads an archive once. `depth` is how many parts of a key make its prefix; 0 is all of them. Rejects only when reading fails. */
export async function inspectArchive(archive: AsyncIterable<Uint8Array>, depth: number): Promise<Inspection> {
  const counts = new Map<string, { entries: number; bytes: number }>();
  const versions: string[] = [];
  const verifier = new ArchiveVerifier((key, bytes) => {
    const prefix = depth === 0 ? key : key.split('/', depth).join('/');
    const count = counts.get(prefix);
    if (count) {
      count.entries += 1;
      count.bytes += bytes;
    } else counts.set(prefix, { entries: 1, bytes });
    if (key.startsWith(VERSIONS)) versions.push(readable(key.slice(VERSIONS.length)));
  });
  const { sha256, damage } = await proveOrTell(archive, verifier);
  const prefixes = [...counts].map(([prefix, count]) => ({ prefix: readable(prefix), ...count }));
  prefixes.sort((a, b) => b.bytes - a.bytes || (a.prefix < b.prefix ? -1 : 1));
  return { ...verifier.soFar(), sha256, damage, prefixes, versions };
}

async function proveOrTell(
  archive: AsyncIterable<Uint8Array>,
  verifier: ArchiveVerifier,
): Promise<{ readonly sha256: string | undefined; readonly damage: SnapshotError | undefined }> {
  try {
    for await (const chunk of archive) await verifier.update(chunk);
    return { sha256: (await verifier.finish()).sha256, damage: undefined };
  } catch (thrown) {
    verifier.abort(thrown);
    if (thrown instanceof SnapshotError && thrown.code === 'archive_corrupt') return { sha256: undefined, damage: thrown };
    throw thrown;
  }
}

/** Keys come a byte to a character; people write them in UTF-8. */
function readable(key: string): string {
  return Buffer.from(key, 'latin1').toString();
}
