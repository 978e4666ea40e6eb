import { randomUUID } from 'node:crypto';
import { systemClock } from '../agent/clock.ts';
import { nextTime } from '../agent/schedule.ts';
import type { Composed } from '../compose.ts';
import type { Config } from '../config/config.ts';
import { toSnapshotError } from '../errors.ts';
import { emptyDrillRecord } from '../recovery/drill.ts';
import { Account } from '../recovery/outcome.ts';
import { parseNameTemplate } from '../snapshot/name.ts';
import { pingDrill } from './drill-ping.ts';
import { carryOutDrill } from './drilling.ts';
import type { Host } from './host.ts';
import { chooseStored } from './recovery-source.ts';

/** Drills of the daemon, as long as this configuration is in effect. Never rejects: a drill that fails is told, and rounds go on. */
export async function keepDrilling(config: Config, composed: Composed, host: Host, signal: AbortSignal): Promise<void> {
  const { drillSchedule: rule } = config;
  if (rule === undefined) return;
  while (!signal.aborted) {
    await systemClock.waitUntil(nextTime(rule, systemClock.now()), signal);
    // One drill for the whole cluster is enough.
    if (!signal.aborted && composed.ledger.view().role === 'leader') await drillNow(config, composed, host, signal);
  }
}

/** Who holds the shares is not the daemon: without auto-unseal it shows that the snapshot is taken in, and no more. */
async function drillNow(config: Config, composed: Composed, host: Host, signal: AbortSignal): Promise<void> {
  const { deps, log, destinations, ledger } = composed;
  const account = new Account('drill', randomUUID(), systemClock);
  const record = emptyDrillRecord();
  const level = config.drill.sealFile === undefined ? 'installed' : 'canary-read';
  const ours = {
    template: parseNameTemplate(config.nameTemplate),
    clusterName: config.cluster.name ?? '',
    clusterId: config.cluster.id ?? ledger.view().id,
  };
  const choose = (limited: AbortSignal) => chooseStored(destinations, { wish: { kind: 'latest' }, clusterId: ours.clusterId }, ours, limited);
  const from = {
    restoreTimeoutMs: undefined,
    binary: undefined,
    address: undefined,
    isDryRun: false,
    isRecording: true,
    isCanaryRewritten: false,
    choose,
    onProgress: () => undefined,
  };
  const thrown: unknown = await carryOutDrill({ level, maxAgeMs: config.drill.maxAgeMs, ...from }, { config, composed, host, account, record }, signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (signal.aborted) return;
  const error = thrown === undefined ? undefined : toSnapshotError(thrown);
  const { duration_seconds: seconds, left_behind: left, warnings, snapshot } = account.conclude(thrown);
  deps.tell({ kind: 'drilled', level: account.level, seconds, error });
  for (const warning of [...warnings, ...left.map((what) => `left behind: ${what}`)]) log.warn({ event: 'drill_warning', warning }, 'of a restore drill');
  const fields = { key: snapshot?.key, level: account.level, seconds };
  if (error === undefined) log.info({ event: 'drill_done', ...fields, rto_seconds: record.rtoSeconds }, 'restore drill done');
  else log.error({ event: 'drill_failed', ...fields, code: error.code, error: error.message, advice: error.advice }, 'restore drill failed');
  const warning = await pingDrill(config, host, error, signal);
  if (warning !== undefined) log.warn({ event: 'drill_warning', warning }, 'of a restore drill');
}
