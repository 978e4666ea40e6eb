import { randomUUID } from 'node:crypto';
import { systemClock } from '../../agent/clock.ts';
import type { Destination } from '../../agent/destination.ts';
import { type Composed, compose } from '../../compose.ts';
import { abortReason, SnapshotError } from '../../errors.ts';
import { lookForNewest, newestOf } from '../../inventory/newest.ts';
import { canaryError, checkCanary, readCanary } from '../../recovery/canary.ts';
import type { Hidden, Target } from '../../recovery/contract.ts';
import { type Fetched, fetchSnapshot } from '../../recovery/fetch.ts';
import type { SnapshotFacts } from '../../recovery/guards.ts';
import { Account, describeSnapshot } from '../../recovery/outcome.ts';
import { carryOut, emptyRecord, planRestore, type RestoreDeps, type RestoreRecord, type Safety } from '../../recovery/restore.ts';
import { takeSafety } from '../../recovery/safety.ts';
import type { TargetFacts } from '../../recovery/target-facts.ts';
import { untilThawed } from '../../recovery/thaw.ts';
import type { NamedCluster } from '../../retention/manifests.ts';
import { parseNameTemplate } from '../../snapshot/name.ts';
import { readShares } from '../../vault/shares.ts';
import { openTarget } from '../../vault/target.ts';
import { confirmCluster, namesOf } from '../confirm-cluster.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { load } from '../load.ts';
import { colour } from '../print.ts';
import { Progress } from '../progress.ts';
import { renderEnd, renderJson, renderPlan } from '../restore-report.ts';
import { destinationsOf, safetyKind, safetyPlace } from '../restore-safety.ts';
import { chooseSource, placesOf, wishOf } from '../restore-source.ts';
import { readTo, speakOfTo } from '../restore-target.ts';
import { listenForStop } from '../signals.ts';

const APPLY_LIMIT_MS = 15 * 60_000;

type Flags = Asked<'restore'>['flags'];

/** One restore, from the choice of the snapshot to the last server; the report tells how far it came, whatever the end. */
export async function runRestore({ flags }: Asked<'restore'>, host: Host): Promise<number> {
  const account = new Account('restore', randomUUID(), systemClock);
  const record = emptyRecord();
  const { stop } = listenForStop(host, 0);
  const print = (text: string) => host.err(colour(text, host.env, host.isStderrTerminal));
  let thrown: unknown;
  try {
    await restore({ flags, host, account, record, print }, stop);
  } catch (error) {
    thrown = stop.aborted ? stopped(abortReason(stop), record) : speakOfTo(flags.to, error);
    if (stop.aborted && record.sent !== undefined) account.warnings.push('the server has the snapshot and goes on applying it without us: look at it');
  }
  const report = account.conclude(thrown);
  print(renderEnd(report, record, flags['dry-run']));
  if (flags.json) host.out(renderJson(report, record));
  return report.exit_code;
}

/** Who stops one in fear is told what became of the server. */
function stopped({ code, message }: SnapshotError, { sent }: RestoreRecord): SnapshotError {
  const advice =
    sent === undefined
      ? 'nothing was changed on the server; run it again if you mean it'
      : 'do not send it again before you know what became of it: look whether what was written after the snapshot is still there';
  return new SnapshotError(code, message, { advice });
}

interface Run {
  readonly flags: Flags;
  readonly host: Host;
  readonly account: Account;
  readonly record: RestoreRecord;
  print(text: string): void;
}

async function restore(run: Run, signal: AbortSignal): Promise<void> {
  const { flags, host, account } = run;
  const address = readTo(flags.to);
  const wish = wishOf(flags);
  const { config } = await load(flags, host);
  const names = placesOf(config, flags);
  const targetConfig = { ...config.vault, address, leaderCheck: 'is_self' } as const;
  const quiet = { ...config, vault: targetConfig, warnings: [], log: { ...config.log, level: 'warn' } } as const;
  const composed = await compose({ ...quiet, destinations: destinationsOf(config, flags) }, host);
  const ours = {
    template: parseNameTemplate(config.nameTemplate),
    clusterName: config.cluster.name ?? '',
    clusterId: flags['cluster-id'] ?? config.cluster.id,
  };
  const target = openTarget(targetConfig);
  const progress = Progress.of('restore', host);
  let fetched: Fetched | undefined;
  try {
    const onWait = ({ message }: SnapshotError) => run.print(`restore: ${message}: waiting\n`);
    const thawed = <Result>(work: () => Promise<Result>) => untilThawed(work, { waitMs: flags['thaw-wait'] ?? 0, clock: systemClock, onWait }, signal);
    const { source, from, warnings } = await account.step('choose', () => thawed(() => chooseSource(wish, { flags, names }, composed, ours, signal)));
    account.warnings.push(...warnings);
    account.destination = from?.storage.name;
    account.snapshot = describeSnapshot(source.name, source, new Date());
    const { stallTimeoutMs } = config;
    const reading = { spools: composed.spools, stallTimeoutMs, onProgress: (bytes: number) => progress.tell('read', bytes, source.size) };
    fetched = await account.step('read', () => thawed(() => fetchSnapshot(source, reading, signal)));
    progress.end();
    account.level = 'verified';
    const { manifest, takenAt } = source;
    const snapshot: SnapshotFacts = { proof: fetched.proof, manifest, takenAt, clusterId: manifest?.cluster_id ?? flags['cluster-id'] };
    account.snapshot = describeSnapshot(source.name, snapshot, new Date());
    const deps: RestoreDeps = {
      target,
      clock: systemClock,
      account,
      stallTimeoutMs,
      timeoutMs: flags['restore-timeout'] ?? APPLY_LIMIT_MS,
      findFingerprint: (clusterId) => findFingerprint(composed, { ...ours, clusterId }, signal),
      showPlan: (facts, guards, fingerprint) => run.print(renderPlan({ source: source.name, snapshot, target: facts, guards, fingerprint, now: new Date() })),
      confirm: (facts) => confirmCluster(flags.confirm, namesOf(facts.cluster, config.cluster), host, signal),
      takeSafety: flags['no-safety-snapshot'] ? undefined : (facts) => secure(run, composed, from, facts, signal),
      shares: flags.unseal ? () => readShares(config.recovery.shares) : undefined,
      checkCanary: flags['check-canary'] ? (token) => proveCanary(target, snapshot, token, signal) : undefined,
      openNode: (address) => openTarget({ ...targetConfig, address }),
      onUpload: (bytes, total) => progress.tell('send', bytes, total),
      onSilence: (what) => run.print(`restore: ${what}\n`),
    };
    const risks = { loseMs: flags.lose, isForced: flags.force, isForeign: flags.foreign, safety: safetyKind(flags) };
    const job = { fetched, snapshot, flags: risks, deps, record: run.record };
    const facts = await planRestore(job, signal);
    if (!flags['dry-run']) await carryOut(job, facts, signal);
  } finally {
    progress.end();
    target.close();
    await fetched?.remove();
    await composed.close();
  }
}

/** The token of its own ends here: from now on the server may forget it, and nobody is to log in anew because of that. */
async function secure({ flags, print }: Run, composed: Composed, from: Destination | undefined, facts: TargetFacts, signal: AbortSignal): Promise<Safety> {
  try {
    const safety = await takeSafety(safetyPlace(composed, from, flags), facts, composed.deps, signal);
    // At once: it is the way back, and we may be killed before the end.
    print(`restore: safety snapshot: ${safety.place}\n`);
    return safety;
  } finally {
    await composed.vault.close();
  }
}

/** Of the unseal keys that the cluster had when its newest snapshot was taken. */
async function findFingerprint({ destinations }: Composed, ours: NamedCluster, signal: AbortSignal): Promise<string | undefined> {
  const newest = await Promise.allSettled(destinations.map((destination) => lookForNewest(destination, ours, signal)));
  return newestOf(newest.map((result) => (result.status === 'fulfilled' ? result.value.latest : undefined)))?.seal_fingerprint ?? undefined;
}

/** That it is the one of the snapshot; how old that is, the operator has known since the plan. */
async function proveCanary(target: Target, { manifest }: SnapshotFacts, token: Hidden, signal: AbortSignal): Promise<void> {
  const canary = manifest?.canary ?? undefined;
  if (canary === undefined) throw new SnapshotError('level_unsealed', 'canary: none was written before this snapshot');
  const found = await readCanary(target, canary, token, signal);
  const error = canaryError(canary, checkCanary(canary, found, new Date(), Number.POSITIVE_INFINITY));
  if (error) throw error;
}
