import type { Destination } from '../../agent/destination.ts';
import { abortReason, ERROR_CODES, SnapshotError, toSnapshotError } from '../../errors.ts';
import { newestAt } from '../../inventory/newest.ts';
import { nameWithin } from '../../inventory/selection.ts';
import { manifestIfThere } from '../../retention/manifests.ts';
import { inspectArchive } from '../../snapshot/inspection.ts';
import type { Manifest } from '../../snapshot/manifest.ts';
import { Watchdog } from '../../snapshot/watchdog.ts';
import { baseName, type ObjectKey, within } from '../../storage/key.ts';
import { isFile, openArchiveFile } from '../archive-file.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { type Inspected, renderJson, renderText } from '../inspect-report.ts';
import { withSurroundings } from '../inspect-surroundings.ts';
import { printReport } from '../print.ts';
import { Progress } from '../progress.ts';
import { type Reading, withDestinations } from '../reading.ts';
import { listenForStop } from '../signals.ts';

type InspectFlags = Asked<'inspect'>['flags'];

const DEFAULT_PREFIX_DEPTH = 2;

/** A snapshot that can be read, wherever it is. */
interface Source {
  readonly name: string;
  readonly size: number | undefined;
  readonly manifest: Manifest | undefined;
  read(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

interface StoredSource extends Source {
  readonly destination: Destination;
  readonly key: ObjectKey;
}

/** What one archive holds, or how two differ; a damaged one is told as far as it goes. */
export async function runInspect({ args, flags }: Asked<'inspect'>, host: Host): Promise<number> {
  const { stop } = listenForStop(host, 0);
  const progress = Progress.of('inspect', host);
  try {
    const inspected: Inspected[] = [];
    for (const archive of args.length > 0 ? args : ['latest']) inspected.push(await inspectOne(archive, flags, host, progress, stop));
    progress.end();
    if (flags.json) host.out(renderJson(inspected));
    else printReport(host, renderText(inspected));
    return inspected.some(({ inspection }) => inspection.damage !== undefined) ? ERROR_CODES.archive_corrupt.exitCode : 0;
  } finally {
    progress.end();
  }
}

async function inspectOne(archive: string, flags: InspectFlags, host: Host, progress: Progress, stop: AbortSignal): Promise<Inspected> {
  const look = async ({ name, size, manifest, read }: Source): Promise<Inspected> => {
    const chunks = counted(read(stop), (bytes) => progress.tell(name, bytes, size));
    const inspection = await inspectArchive(chunks, flags['prefix-depth'] ?? DEFAULT_PREFIX_DEPTH);
    return { name, size, manifest, inspection, records: [], sealSince: undefined };
  };
  if (await isMeantAsFile(archive, flags)) {
    const inspected = await look({ ...(await openArchiveFile(archive)), name: archive });
    // A file needs no configuration; where there is one, it tells more.
    return flags.config === undefined ? inspected : await withDestinations(flags, host, (reading) => withSurroundings(inspected, undefined, reading, stop));
  }
  return await withDestinations(flags, host, async (reading) => {
    const found = await findSource(archive, reading, stop);
    return await withSurroundings(await look(found), found, reading, stop);
  });
}

/** A name has no slash; a word that is both a file here and a name is the file, unless destinations were spoken of. */
async function isMeantAsFile(archive: string, { config, destination }: InspectFlags): Promise<boolean> {
  if (archive.includes('/')) return true;
  const isPlaceGiven = config !== undefined || destination !== undefined;
  return archive !== 'latest' && !isPlaceGiven && (await isFile(archive));
}

async function findSource(name: string, { destinations, ours, config, log }: Reading, signal: AbortSignal): Promise<StoredSource> {
  const found: { readonly destination: Destination; readonly key: ObjectKey; readonly manifest: Manifest | undefined }[] = [];
  const failures: SnapshotError[] = [];
  for (const destination of destinations) {
    try {
      const place = name === 'latest' ? await findLatest(destination, ours, signal) : await findNamed(destination, name, signal);
      if (place) found.push(place);
    } catch (thrown) {
      if (signal.aborted) throw abortReason(signal);
      const error = toSnapshotError(thrown);
      failures.push(error);
      log.warn({ event: 'look_failed', what: destination.storage.name, code: error.code, error: error.message }, 'could not look at what is there');
    }
  }
  // Of equals the first destination's, as the configuration has them.
  const [newest] = found.sort((a, b) => Date.parse(b.manifest?.taken_at ?? '1970Z') - Date.parse(a.manifest?.taken_at ?? '1970Z'));
  if (!newest) throw failures[0] ?? new SnapshotError('not_found', `${name}: not at ${destinations.map(({ storage }) => storage.name).join(', ')}`);
  const { destination, key, manifest } = newest;
  const { storage } = destination;
  const stalled = () => new SnapshotError('storage_unavailable', `${storage.name}: ${key}: nothing moved for ${config.stallTimeoutMs / 1000}s`);
  const read = (outer: AbortSignal) => {
    const watchdog = new Watchdog(outer, config.stallTimeoutMs, stalled);
    return watchdog.each(storage.read(key, watchdog.signal));
  };
  return { destination, key, name: storage.locate(key), size: manifest?.stored_bytes, manifest, read };
}

async function findLatest(destination: Destination, ours: Reading['ours'], signal: AbortSignal) {
  const manifest = await newestAt(destination, ours, signal);
  return manifest && { destination, key: within(destination.prefix, baseName(manifest.key as ObjectKey)), manifest };
}

async function findNamed(destination: Destination, name: string, signal: AbortSignal) {
  const key = nameWithin(destination, name);
  const manifest = await manifestIfThere(destination.storage, key, signal);
  if (manifest) return { destination, key, manifest };
  return (await destination.storage.stat(key, signal)) && { destination, key, manifest: undefined };
}

async function* counted(chunks: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    onBytes(bytes);
    yield chunk;
  }
}
