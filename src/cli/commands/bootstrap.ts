import { randomUUID } from 'node:crypto';
import { systemClock } from '../../agent/clock.ts';
import { type Composed, compose } from '../../compose.ts';
import type { Config } from '../../config/config.ts';
import { abortReason, SnapshotError } from '../../errors.ts';
import { KubernetesLease } from '../../kubernetes/lease.ts';
import { findServiceAccount } from '../../kubernetes/service-account.ts';
import { type BootstrapDeps, type BootstrapRecord, bootstrap } from '../../recovery/bootstrap.ts';
import { type Claim, claimLease, UNDISPUTED } from '../../recovery/bootstrap-lease.ts';
import { type Marker, signOf } from '../../recovery/bootstrap-marker.ts';
import { statusUnlessSilent } from '../../recovery/bootstrap-peers.ts';
import { Account } from '../../recovery/outcome.ts';
import { thawing } from '../../recovery/thaw.ts';
import { parseNameTemplate } from '../../snapshot/name.ts';
import type { Release } from '../../spool/lock.ts';
import { emptyRaftDirectory } from '../../vault/raft-directory.ts';
import { readShares } from '../../vault/shares.ts';
import { openTarget } from '../../vault/target.ts';
import { parseAddress } from '../../vault/transport.ts';
import { renderEnd, renderJson } from '../bootstrap-report.ts';
import { openBootstrapState } from '../bootstrap-state.ts';
import { chooseDestinations } from '../choose-destinations.ts';
import { speakOfFlag } from '../flag-hints.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { load } from '../load.ts';
import { colour } from '../print.ts';
import { Progress } from '../progress.ts';
import { listenForStop } from '../signals.ts';

const WAIT_MS = 10 * 60_000;
const APPLY_LIMIT_MS = 15 * 60_000;
const FALLBACK = 3;

type Flags = Asked<'bootstrap'>['flags'];

interface Run {
  readonly flags: Flags;
  readonly host: Host;
  readonly config: Config;
  readonly address: string;
  readonly marker: Marker;
  lock(): Promise<Release>;
  readonly account: Account;
  readonly record: BootstrapRecord;
  print(text: string): void;
}

/** One bootstrap, or the cleaning up after one that was cut off; the report tells how far it came, whatever the end. */
export async function runBootstrap({ flags }: Asked<'bootstrap'>, host: Host): Promise<number> {
  const account = new Account('bootstrap', randomUUID(), systemClock);
  const record: BootstrapRecord = { reason: undefined, peers: [], skipped: [], phase: undefined, waitingFor: undefined };
  const { stop } = listenForStop(host, 0);
  const print = (text: string) => host.err(colour(text, host.env, host.isStderrTerminal));
  let thrown: unknown;
  try {
    const { config } = await load(flags, host);
    // However it is spelled: the note and the lock are found by it.
    const { address } = parseAddress(flags.address ?? config.vault.address);
    const holder = `process ${host.pid} of ${host.hostname}, run ${account.runId}`;
    const state = await openBootstrapState(flags['state-dir'], address, holder, host, config);
    const run = { flags, host, config, address, ...state, account, record, print };
    await (flags.clean ? clean(run, stop) : fill(run, stop));
  } catch (error) {
    thrown = stop.aborted ? abortReason(stop) : speakOfFlag('addr', { name: '--address', given: flags.address }, error);
    if (stop.aborted && record.phase !== undefined) account.warnings.push(`stopped at "${record.phase}": run it again to end what it began`);
  }
  const report = account.conclude(thrown);
  print(renderEnd(report, record));
  if (flags.json) host.out(renderJson(report, record));
  return report.exit_code;
}

async function fill(run: Run, signal: AbortSignal): Promise<void> {
  const { flags, host, config, address, account, record } = run;
  const vault = { ...config.vault, address, leaderCheck: 'is_self' } as const;
  const destinations = flags.destination === undefined ? config.destinations : chooseDestinations(config.destinations, flags.destination);
  const quiet = { ...config, vault, destinations, warnings: [], log: { ...config.log, level: 'warn' } } as const;
  const takeClaim = claimerOf(run);
  const composed = await compose(quiet, host);
  const open = (url: string) => openTarget({ ...vault, address: url });
  const [target, peers, oldCluster] = [open(address), peersOf(flags).map(open), flags.source === undefined ? undefined : open(flags.source)];
  const progress = Progress.of('bootstrap', host);
  const deps: BootstrapDeps = {
    target,
    peers,
    oldCluster,
    takeClaim,
    lock: run.lock,
    marker: run.marker,
    clock: systemClock,
    account,
    source: sourceOf(run, composed, progress),
    isDryRun: flags['dry-run'],
    mayStayEmpty: flags['if-no-snapshot'] === 'initialise-nothing',
    waitMs: flags.wait ?? WAIT_MS,
    timeoutMs: flags['restore-timeout'] ?? APPLY_LIMIT_MS,
    stallTimeoutMs: config.stallTimeoutMs,
    shares: () => readShares(config.recovery.shares),
    isWaiting: !flags['no-wait'],
    onWaiting: (what) => {
      record.waitingFor = what;
      if (what !== undefined) run.print(`bootstrap: the snapshot is in place: ${what}\n`);
    },
    onPhase: (phase) => {
      progress.end();
      record.phase = phase;
    },
    onUpload: (bytes, total) => progress.tell('send', bytes, total),
    onSilence: (what) => run.print(`bootstrap: ${what}\n`),
  };
  try {
    await bootstrap(deps, record, signal);
  } finally {
    progress.end();
    for (const one of [target, ...peers, ...(oldCluster ? [oldCluster] : [])]) one.close();
    await composed.close();
  }
}

function sourceOf({ flags, config, record, account }: Run, { destinations, spools }: Composed, progress: Progress): BootstrapDeps['source'] {
  const { snapshot } = flags;
  const wish = snapshot === undefined || snapshot === 'latest' ? ({ kind: 'latest' } as const) : ({ kind: 'name', name: snapshot } as const);
  const ours = { template: parseNameTemplate(config.nameTemplate), clusterName: config.cluster.name ?? '', clusterId: config.cluster.id };
  return {
    destinations: flags.thaw ? destinations.map(thawing) : destinations,
    wanted: { wish, clusterId: config.cluster.id },
    ours,
    fallback: flags.fallback ?? FALLBACK,
    spools,
    stallTimeoutMs: config.stallTimeoutMs,
    onProgress: (bytes, total) => progress.tell('read', bytes, total),
    skip: (skipped) => void record.skipped.push(skipped),
    warn: (text) => void account.warnings.push(text),
  };
}

function peersOf({ peers }: Flags): readonly string[] {
  return (peers ?? '').split(',').filter((url) => url !== '');
}

/** How one of several is found out that begins; the others join it. A dry run begins nothing, and takes no lease. */
function claimerOf({ flags, host, account, print }: Run): (signal: AbortSignal) => Promise<Claim | undefined> {
  const { lease, ordinal } = flags;
  if (lease !== undefined && !flags['dry-run']) {
    const serviceAccount = findServiceAccount(host.env, host.serviceAccountDirectory);
    const deps = {
      lease: new KubernetesLease(lease, serviceAccount, systemClock),
      holder: `${host.hostname}_${account.runId}`,
      clock: systemClock,
      waitMs: flags.wait ?? WAIT_MS,
      onWaiting: (what: string) => print(`bootstrap: ${what}\n`),
    };
    return (signal) => claimLease(deps, signal);
  }
  const isMine = ordinal === undefined || isOrdinal(ordinal, host.hostname);
  return async () => (isMine ? UNDISPUTED : undefined);
}

/** By the name of the pod. */
function isOrdinal(ordinal: number, hostname: string): boolean {
  const own = /-(\d+)$/.exec(hostname.split('.')[0] ?? '')?.[1];
  if (own !== undefined) return Number(own) === ordinal;
  throw new SnapshotError('usage', `--ordinal: the name of this host, ${hostname}, ends in no number`);
}

/** Only what the marker and the sign on its disk show to be ours: a server that was initialised and got nothing. */
async function clean(run: Run, signal: AbortSignal): Promise<void> {
  const { marker, lock, account, record, print } = run;
  const marked = await marker.read();
  record.phase = marked?.phase;
  const removed = await account.step('clean', async () => {
    if (marked?.phase !== 'initialised') return [];
    const release = await lock();
    try {
      return await emptyServer(run, signal);
    } finally {
      await release();
    }
  });
  for (const path of removed) print(`bootstrap: removed ${path}\n`);
  record.reason = removed.length > 0 ? 'cleaned' : 'nothing_to_clean';
}

/** Alone by now; who was at it before may have come further. The note of an empty directory stays: it may be that of another server. */
async function emptyServer({ flags, address, config, marker }: Run, signal: AbortSignal): Promise<readonly string[]> {
  const marked = await marker.read();
  if (marked?.phase !== 'initialised') return [];
  const target = openTarget({ ...config.vault, address });
  const status = await statusUnlessSilent(target, signal).finally(() => target.close());
  if (status) throw new SnapshotError('refused', `vault: ${address}: it runs`, { advice: 'stop it first: nothing is taken away under a running server' });
  const removed = await emptyRaftDirectory(flags['data-dir'] ?? '', signOf(marked));
  if (removed.length > 0) await marker.remove();
  return removed;
}
