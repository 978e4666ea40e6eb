import { randomUUID } from 'node:crypto';
import { systemClock } from '../../agent/clock.ts';
import { compose } from '../../compose.ts';
import { abortReason, type SnapshotError, toSnapshotError } from '../../errors.ts';
import { emptyDrillRecord } from '../../recovery/drill.ts';
import { Account } from '../../recovery/outcome.ts';
import { thawing } from '../../recovery/thaw.ts';
import { parseNameTemplate } from '../../snapshot/name.ts';
import { chooseDestinations } from '../choose-destinations.ts';
import { pingDrill } from '../drill-ping.ts';
import { renderDrill, renderDrillJson } from '../drill-report.ts';
import { carryOutDrill, type DrillingDeps } from '../drilling.ts';
import { speakOfFlag } from '../flag-hints.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { load } from '../load.ts';
import { colour } from '../print.ts';
import { Progress } from '../progress.ts';
import { chooseFile, chooseStored } from '../recovery-source.ts';
import { listenForStop } from '../signals.ts';

type Flags = Asked<'drill'>['flags'];

/** One drill; the report tells how far it came, whatever the end. */
export async function runDrill({ flags }: Asked<'drill'>, host: Host): Promise<number> {
  const account = new Account('drill', randomUUID(), systemClock);
  const record = emptyDrillRecord();
  const { stop } = listenForStop(host, 0);
  let thrown: unknown;
  try {
    await drill(flags, { host, account, record }, stop);
  } catch (error) {
    thrown = stop.aborted ? abortReason(stop) : speakOfFlag('addr', { name: '--address', given: flags.address }, error);
  }
  const report = account.conclude(thrown);
  host.err(colour(renderDrill(report, record, flags['dry-run']), host.env, host.isStderrTerminal));
  if (flags.json) host.out(renderDrillJson(report, record));
  return report.exit_code;
}

async function drill(flags: Flags, deps: Pick<DrillingDeps, 'host' | 'account' | 'record'>, stop: AbortSignal): Promise<void> {
  const { host } = deps;
  const { config } = await load(flags, host);
  const destinations = chooseDestinations(config.destinations, flags.destination);
  const composed = await compose({ ...config, destinations, warnings: [], log: { ...config.log, level: 'warn' } }, host);
  const ours = { template: parseNameTemplate(config.nameTemplate), clusterName: config.cluster.name ?? '', clusterId: config.cluster.id };
  const progress = Progress.of('drill', host);
  const wish = flags.snapshot === undefined || flags.snapshot === 'latest' ? ({ kind: 'latest' } as const) : ({ kind: 'name', name: flags.snapshot } as const);
  let failure: SnapshotError | undefined;
  try {
    await carryOutDrill(
      {
        level: flags.level ?? 'canary-read',
        maxAgeMs: flags['max-age'] ?? config.drill.maxAgeMs,
        restoreTimeoutMs: flags['restore-timeout'],
        binary: flags['server-binary'],
        address: flags.address,
        isDryRun: flags['dry-run'],
        isRecording: !flags['no-record'],
        isCanaryRewritten: flags['write-canary'],
        choose: (signal) =>
          flags.file === undefined
            ? chooseStored(flags.thaw ? composed.destinations.map(thawing) : composed.destinations, { wish, clusterId: ours.clusterId }, ours, signal)
            : chooseFile(flags.file, ours.clusterId, ours),
        onProgress: (what, bytes, total) => progress.tell(what, bytes, total),
      },
      { ...deps, config, composed },
      stop,
    );
  } catch (thrown) {
    failure = stop.aborted ? abortReason(stop) : toSnapshotError(thrown);
    throw failure;
  } finally {
    progress.end();
    const unsaid = stop.aborted || flags['dry-run'] ? undefined : await pingDrill(config, host, failure, stop);
    if (unsaid !== undefined) deps.account.warnings.push(unsaid);
    await composed.close();
  }
}
