import { exitCodeOf, renderReport, stageOf } from '../../agent/report.ts';
import { compose } from '../../compose.ts';
import { ERROR_CODES, toSnapshotError } from '../../errors.ts';
import type { Command } from '../arguments.ts';
import type { Host } from '../host.ts';
import { load } from '../load.ts';
import { listenForStop } from '../signals.ts';

/** One round for every destination, whatever is due; does not wait for a Vault that is away. */
export async function runOnce(command: Extract<Command, { verb: 'daemon' | 'once' }>, host: Host): Promise<number> {
  const { stopping, agent, close } = await begin(command, host);
  try {
    const report = await agent.once(stopping.abort);
    if (command.json) host.out(`${renderReport(report)}\n`);
    const code = stopping.code();
    // A round that ended well inside the grace period has ended; only one cut short was stopped.
    return code !== undefined && stopping.abort.aborted && report.outcome !== 'taken' ? ERROR_CODES[code].exitCode : exitCodeOf(report);
  } finally {
    await close();
  }
}

/** Who reads the report hears of a round that could not begin, too. */
async function begin(command: Extract<Command, { verb: 'daemon' | 'once' }>, host: Host) {
  try {
    const { config } = await load(command, host);
    const stopping = listenForStop(host, config.stopGraceMs);
    return { stopping, ...(await compose(config, host)) };
  } catch (thrown) {
    const error = toSnapshotError(thrown);
    if (command.json) host.out(`${renderReport({ outcome: 'failed', stage: stageOf(error.code), error, missed: [] })}\n`);
    throw error;
  }
}
