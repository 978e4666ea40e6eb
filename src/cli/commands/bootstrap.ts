import { randomUUID } from 'node:crypto';
import { systemClock } from '../../agent/clock.ts';
import { type Composed, compose } from '../../compose.ts';
import type { Config } from '../../config/config.ts';
import { abortReason, SnapshotError } from '../../errors.ts';
import { type BootstrapDeps, type BootstrapRecord, bootstrap } from '../../recovery/bootstrap.ts';
import type { Marker } from '../../recovery/bootstrap-marker.ts';
import { statusUnlessSilent } from '../../recovery/bootstrap-peers.ts';
import { Account } from '../../recovery/outcome.ts';
import { parseNameTemplate } from '../../snapshot/name.ts';
import { openMarker } from '../../spool/bootstrap-marker.ts';
import { findStateDirectory } from '../../spool/state-directory.ts';
import { emptyRaftDirectory } from '../../vault/raft-directory.ts';
import { readShares } from '../../vault/shares.ts';
import { openTarget } from '../../vault/target.ts';
import { renderEnd, renderJson } from '../bootstrap-report.ts';
import { chooseDestinations } from '../choose-destinations.ts';
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
    const address = flags.address ?? config.vault.address;
    const directory = flags['state-dir'] ?? (await findStateDirectory({ configured: config.spoolPath, env: host.env, homeDirectory: host.homeDirectory }));
    const run = { flags, host, config, address, marker: openMarker(directory, address), account, record, print };
    await (flags.clean ? clean(run, stop) : fill(run, stop));
  } catch (error) {
    thrown = stop.aborted ? abortReason(stop) : error;
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
  const isMine = isActing(flags, host.hostname);
  const composed = await compose(quiet, host);
  const open = (url: string) => openTarget({ ...vault, address: url });
  const [target, peers, oldCluster] = [open(address), peersOf(flags).map(open), flags.source === undefined ? undefined : open(flags.source)];
  const progress = Progress.of('bootstrap', host);
  const deps: BootstrapDeps = {
    target,
    peers,
    oldCluster,
    isMine,
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
    destinations,
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

/** By the name of the pod: one of the set begins, and the others join it. */
function isActing({ ordinal }: Flags, hostname: string): boolean {
  if (ordinal === undefined) return true;
  const own = /-(\d+)$/.exec(hostname.split('.')[0] ?? '')?.[1];
  if (own !== undefined) return Number(own) === ordinal;
  throw new SnapshotError('usage', `--ordinal: the name of this host, ${hostname}, ends in no number`);
}

/** Only what the marker shows to be ours: a server that was initialised and got nothing. */
async function clean({ flags, address, config, marker, account, record, print }: Run, signal: AbortSignal): Promise<void> {
  const marked = await marker.read();
  record.phase = marked?.phase;
  record.reason = 'nothing_to_clean';
  if (marked?.phase !== 'initialised') return;
  await account.step('clean', async () => {
    const target = openTarget({ ...config.vault, address });
    const status = await statusUnlessSilent(target, signal).finally(() => target.close());
    if (status) throw new SnapshotError('refused', `vault: ${address}: it runs`, { advice: 'stop it first: nothing is taken away under a running server' });
    for (const path of await emptyRaftDirectory(flags['data-dir'] ?? '')) print(`bootstrap: removed ${path}\n`);
    await marker.remove();
  });
  record.reason = 'cleaned';
}
