import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../../src/cli/host.ts';
import { run } from '../../../src/cli/run.ts';
import { type Manifest, makeManifest, renderManifest } from '../../../src/snapshot/manifest.ts';
import { objectKey } from '../../../src/storage/key.ts';
import { type ArchiveOptions, buildArchive } from '../../fakes/archive.ts';
import { FakeHost } from '../../fakes/fake-host.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';
import { SOME_INPUT } from '../snapshot/some-manifest.ts';
import { verifyArchive } from '../snapshot/verify-archive.ts';

const HOUR_MS = 3_600_000;

/** The same for the whole file, so that a name can be told again. */
const NOW_MS = Math.floor(Date.now() / 1000) * 1000;

/** `raft_snapshot-<ns>.snap` of that many hours ago. */
export function nameAt(hoursAgo: number): string {
  return `raft_snapshot-${BigInt(timeAt(hoursAgo).getTime()) * 1_000_000n}.snap`;
}

export function timeAt(hoursAgo: number): Date {
  return new Date(NOW_MS - hoursAgo * HOUR_MS);
}

/** A host with local destinations of these names, and nothing of Vault: the verbs that read need none. */
export async function storedScene({ names = ['local'], settings = {}, each = {} }: SceneOptions = {}) {
  const home = await scratchDirectory();
  const config = join(home, 'snapshot.json');
  const folderOf = (name: string) => join(home, name);
  for (const name of names) await mkdir(join(folderOf(name), 'manifests'), { recursive: true });
  const destinations = names.map((name) => ({ name, path: folderOf(name), ...each }));
  const base = { addr: 'http://127.0.0.1:1', token: 't0ken', frequency: '1h', spool_path: join(home, 'state'), local_storage: destinations };
  await writeFile(config, JSON.stringify({ ...base, ...settings }));

  /** A whole snapshot with its manifest, at that destination or those. */
  const put = async (hoursAgo: number, options: PutOptions = {}): Promise<Buffer> => {
    const archive = buildArchive({ index: BigInt(1000 - hoursAgo), ...options.archive });
    const proof = await verifyArchive(archive);
    const name = nameAt(hoursAgo);
    const previous = options.previous === undefined ? null : { key: nameAt(options.previous), sha256: 'ab'.repeat(32), raft_index: 1 };
    const taken = { takenAt: timeAt(hoursAgo), finishedAt: timeAt(hoursAgo) };
    const manifest = { ...makeManifest({ ...SOME_INPUT, ...taken, proof, key: objectKey(name) }), previous, ...options.manifest };
    for (const at of options.at ?? names) {
      await writeFile(join(folderOf(at), name), archive);
      if (!options.isBare) await writeFile(join(folderOf(at), 'manifests', `${name}.json`), renderManifest(manifest));
    }
    return archive;
  };
  const callOn = async (parts: Partial<Pick<Host, 'env' | 'serviceAccountDirectory'>>, verb: string, ...flags: readonly string[]) => {
    const host = new FakeHost({ argv: [verb, ...flags, '--config', config], homeDirectory: home, ...parts });
    return { code: await run(host), host };
  };
  const call = (verb: string, ...flags: readonly string[]) => callOn({}, verb, ...flags);
  return { home, config, folderOf, put, call, callOn };
}

interface SceneOptions {
  readonly names?: readonly string[];
  /** Keys of the configuration, besides. */
  readonly settings?: object;
  /** Keys of every destination, besides. */
  readonly each?: object;
}

interface PutOptions {
  readonly archive?: ArchiveOptions;
  readonly at?: readonly string[];
  /** The one before it, by its manifest: so many hours ago. */
  readonly previous?: number;
  readonly manifest?: Partial<Manifest>;
  /** Without a manifest. */
  readonly isBare?: boolean;
}
