import { exitCodeOf, renderReport, stageOf } from '../../agent/report.ts';
import { compose } from '../../compose.ts';
import { ERROR_CODES, toSnapshotError } from '../../errors.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { loadForRounds } from '../load.ts';
import { Progress } from '../progress.ts';
import { RoundProgress } from '../round-progress.ts';
import { listenForStop } from '../signals.ts';

/** One round for every destination, whatever is due; does not wait for a Vault that is away. */
export async function runOnce({ flags }: Asked<'daemon'>, host: Host): Promise<number> {
  const { stopping, agent, close } = await begin(flags, host);
  try {
    const report = await agent.once(stopping.abort);
    if (flags.json) host.out(`${renderReport(report)}\n`);
    const code = stopping.code();
    // A round that ended well inside the grace period has ended; only one cut short was stopped.
    return code !== undefined && stopping.abort.aborted && report.outcome !== 'taken' ? ERROR_CODES[code].exitCode : exitCodeOf(report);
  } finally {
    await close();
  }
}

/** Who reads the report hears of a round that could not begin, too. */
async function begin(flags: Asked<'daemon'>['flags'], host: Host) {
  try {
    const { config } = await loadForRounds(flags, host);
    const stopping = listenForStop(host, config.stopGraceMs);
    const progress = new Progress(
      host,
      (line) => composed.log.info({ event: 'round_progress' }, line),
      () => performance.now(),
    );
    const err = (text: string) => {
      progress.hide();
      host.err(text);
    };
    const composed = await compose(config, { ...host, err });
    const shown = new RoundProgress(progress);
    composed.listen((event) => shown.hear(event));
    return { stopping, ...composed };
  } catch (thrown) {
    const error = toSnapshotError(thrown);
    if (flags.json) host.out(`${renderReport({ outcome: 'failed', stage: stageOf(error.code), error, missed: [] })}\n`);
    throw error;
  }
}
