import { expect } from 'vitest';
import { parseManifest } from '../../src/snapshot/manifest.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { keyPrefix, objectKey } from '../../src/storage/key.ts';
import { LocalStorage } from '../../src/storage/local/storage.ts';
import { contentOf, digest, keysOf } from '../contract/storage-steps.ts';
import type { Settings } from '../system/scene.ts';
import { verifyArchive } from '../unit/snapshot/verify-archive.ts';

/** One destination: what the configuration says of it, and how the tests look at it behind the program's back. */
export interface Place {
  readonly name: string;
  readonly block: 'local_storage' | 'aws_storage' | 'google_storage' | 'azure_storage';
  readonly settings: Settings;
  readonly prefix: string;
  readonly storage: Storage;
}

export function localPlace(name: string, path: string): Place {
  const owner = { host: 'test', pid: 1, startedMs: 0 };
  const storage = new LocalStorage({ name, path, owner, isAlive: () => true, now: () => new Date() });
  return { name, block: 'local_storage', settings: { name, path }, prefix: '', storage };
}

/** The blocks of a configuration with these places, and for some of them with these keys besides. */
export function blocksOf(places: readonly Place[], more: Readonly<Record<string, Settings | undefined>> = {}): Settings {
  const blocks = Map.groupBy(places, ({ block }) => block);
  return Object.fromEntries([...blocks].map(([block, of]) => [block, of.map(({ name, settings }) => ({ ...settings, ...more[name] }))]));
}

/** Names of all that can be seen, the manifests apart. */
export async function namesAt({ storage, prefix }: Place): Promise<{ readonly snapshots: readonly string[]; readonly manifests: readonly string[] }> {
  const top = keyPrefix(prefix);
  const bare = async (folder: string) => (await keysOf(storage, folder)).map((key) => key.slice(folder.length));
  return { snapshots: await bare(top), manifests: await bare(`${top}manifests/`) };
}

export async function bytesAt({ storage, prefix }: Place, name: string): Promise<Buffer> {
  return await contentOf(storage, objectKey(`${keyPrefix(prefix)}${name}`));
}

/** Whatever can be seen is a whole snapshot: what its manifest says was proved, or it is proved here. Tells the sums by name. */
export async function expectWholeAt(place: Place): Promise<ReadonlyMap<string, string>> {
  const { snapshots, manifests } = await namesAt(place);
  const sums = new Map<string, string>();
  for (const name of snapshots) {
    const bytes = await bytesAt(place, name);
    const isProved = manifests.includes(`${name}.json`);
    const proved = isProved ? parseManifest((await bytesAt(place, `manifests/${name}.json`)).toString()).archive_sha256 : (await verifyArchive(bytes)).sha256;
    expect(digest(bytes), `${place.name}: ${name}`).toBe(proved);
    sums.set(name, proved);
  }
  return sums;
}

/** As a round leaves it that ended well: snapshots, each with its manifest, and nothing else. */
export async function expectTidyAt(place: Place): Promise<ReadonlyMap<string, string>> {
  const { snapshots, manifests } = await namesAt(place);
  expect(manifests, place.name).toEqual(snapshots.map((name) => `${name}.json`));
  return await expectWholeAt(place);
}
