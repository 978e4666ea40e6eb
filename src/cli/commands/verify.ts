import { randomUUID } from 'node:crypto';
import { withDeadline } from '../../agent/deadline.ts';
import type { Destination } from '../../agent/destination.ts';
import { abortReason, SnapshotError, toSnapshotError } from '../../errors.ts';
import { newestAt, newestOf } from '../../inventory/newest.ts';
import { selectSnapshots } from '../../inventory/selection.ts';
import { proveAgain, type Verdict, type VerifyDeps, verifySnapshot } from '../../inventory/verification.ts';
import { thawing } from '../../recovery/thaw.ts';
import type { NamedCluster } from '../../retention/manifests.ts';
import type { Manifest } from '../../snapshot/manifest.ts';
import { objectKey } from '../../storage/key.ts';
import { openArchiveFile } from '../archive-file.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { printReport } from '../print.ts';
import { Progress } from '../progress.ts';
import { type Reading, withDestinations } from '../reading.ts';
import { listenForStop } from '../signals.ts';
import { ageOf } from '../units.ts';
import { type Question, questionOf } from '../verify-question.ts';
import { exitCodeOf, renderJson, renderText, type TimedPlace, type Verified } from '../verify-report.ts';
import { VERSION } from '../version.ts';

// A listing ends, however many objects there are; reading them back has no limit but that something moves.
const LOOK_LIMIT_MS = 3_600_000;

/** Reads every byte back, from a file or from destinations, and says whether it is still what was proved. */
export async function runVerify({ args, flags }: Asked<'verify'>, host: Host): Promise<number> {
  const { stop } = listenForStop(host, 0);
  const progress = Progress.of('verify', host);
  const startedAt = new Date();
  const [file] = args;
  const question = questionOf(flags, file);
  try {
    const places =
      file === undefined
        ? await withDestinations(flags, host, (reading) => verifyStored(question, host, flags.thaw ? thawed(reading) : reading, progress, stop))
        : [await timed(() => verifyFile(file, progress, stop))];
    progress.end();
    const report = { runId: randomUUID(), places, startedAt, endedAt: new Date() };
    if (flags.json) host.out(renderJson(report));
    else printReport(host, renderText(report));
    return exitCodeOf(report);
  } finally {
    progress.end();
  }
}

function thawed(reading: Reading): Reading {
  return { ...reading, destinations: reading.destinations.map(thawing) };
}

async function verifyFile(path: string, progress: Progress, signal: AbortSignal): Promise<Verified> {
  const file = await openArchiveFile(path);
  const { manifest } = file;
  const verdict = { key: path, manifest, warnings: [], record: undefined };
  try {
    const proof = await proveAgain(file.read(signal), (bytes) => progress.tell(path, bytes, file.size), manifest);
    const warnings = manifest ? proof.suspicious : [...proof.suspicious, 'no manifest lies beside: whole, but nobody tells whose it is'];
    return { destination: undefined, verdicts: [{ ...verdict, proof, warnings, error: undefined }], error: undefined };
  } catch (thrown) {
    if (signal.aborted) throw abortReason(signal);
    return { destination: undefined, verdicts: [{ ...verdict, proof: undefined, error: toSnapshotError(thrown) }], error: undefined };
  }
}

async function verifyStored(question: Question, host: Host, reading: Reading, progress: Progress, stop: AbortSignal): Promise<readonly TimedPlace[]> {
  const newest = await Promise.all(reading.destinations.map((destination) => look(destination, reading.ours, stop)));
  const clusterId = reading.ours.clusterId ?? newestOf(newest.map((found) => (found instanceof SnapshotError ? undefined : found)))?.cluster_id;
  const ours = { ...reading.ours, clusterId };
  const places: TimedPlace[] = [];
  // One after the other: each of them reads as fast as it can.
  for (const [at, destination] of reading.destinations.entries()) {
    const found = newest[at];
    if (found instanceof SnapshotError) places.push({ destination: destination.storage.name, verdicts: [], error: found, ms: 0 });
    else places.push(await timed(() => verifyPlace(destination, found, question, ours, makeDeps(destination, ours, question, host, reading, progress), stop)));
  }
  return places;
}

async function timed(work: () => Promise<Verified>): Promise<TimedPlace> {
  const begun = performance.now();
  const place = await work();
  return { ...place, ms: performance.now() - begun };
}

function makeDeps({ storage }: Destination, { clusterId }: NamedCluster, question: Question, host: Host, { config }: Reading, progress: Progress): VerifyDeps {
  return {
    clusterId,
    stallTimeoutMs: config.stallTimeoutMs,
    by: host.hostname,
    agentVersion: VERSION,
    isRecording: question.isRecording,
    now: () => new Date(),
    onProgress: (key, bytes, total) => progress.tell(`${storage.name}: ${key}`, bytes, total),
  };
}

async function verifyPlace(
  destination: Destination,
  newest: Manifest | undefined,
  question: Question,
  ours: NamedCluster,
  deps: VerifyDeps,
  stop: AbortSignal,
): Promise<Verified> {
  const verdicts: Verdict[] = [];
  const { name } = destination.storage;
  try {
    const keys = await limited(name, stop, (signal) => selectSnapshots(destination, question.selection, ours, Math.random, signal));
    for (const key of keys) {
      const verdict = await verifySnapshot(destination, key, deps, stop);
      if (!isPassedOver(verdict, question)) verdicts.push(verdict);
    }
    if (verdicts.length === 0)
      throw new SnapshotError('not_found', `${name}: there is no ${question.selection.kind === 'latest' ? 'proved ' : ''}snapshot here`);
    const judged = question.selection.kind === 'name' ? verdicts[0]?.manifest : newest;
    return { destination: name, verdicts, error: findStale(name, judged, question.maxAgeMs) };
  } catch (thrown) {
    if (stop.aborted) throw abortReason(stop);
    return { destination: name, verdicts, error: toSnapshotError(thrown) };
  }
}

/** Of many: what was pruned meanwhile, and what is another cluster's. Who asked for one by its name is told. */
function isPassedOver({ error }: Verdict, { selection }: Question): boolean {
  const isOneOfMany = selection.kind !== 'name' && selection.kind !== 'latest';
  return isOneOfMany && (error?.code === 'not_found' || error?.code === 'cluster_mismatch');
}

function findStale(name: string, manifest: Manifest | undefined, maxAgeMs: number | undefined): SnapshotError | undefined {
  if (maxAgeMs === undefined) return undefined;
  if (manifest === undefined) return new SnapshotError('stale', `${name}: nobody tells how old it is: there is no manifest`);
  const age = Date.now() - Date.parse(manifest.taken_at);
  return age <= maxAgeMs
    ? undefined
    : new SnapshotError('stale', `${name}: ${objectKey(manifest.key)} is ${ageOf(age)} old, at most ${ageOf(maxAgeMs)} is wanted`);
}

async function look(destination: Destination, ours: NamedCluster, stop: AbortSignal): Promise<Manifest | SnapshotError | undefined> {
  try {
    return await limited(destination.storage.name, stop, (signal) => newestAt(destination, ours, signal));
  } catch (thrown) {
    if (stop.aborted) throw abortReason(stop);
    return toSnapshotError(thrown);
  }
}

async function limited<Result>(name: string, stop: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  return await withDeadline(stop, LOOK_LIMIT_MS, () => new SnapshotError('storage_unavailable', `${name}: the listing has no end`), work);
}
