import { randomBytes } from 'node:crypto';
import { withDeadline } from '../../agent/deadline.ts';
import type { Destination } from '../../agent/destination.ts';
import { probe } from '../../agent/probe.ts';
import { type Composed, compose } from '../../compose.ts';
import type { Config } from '../../config/config.ts';
import { renderEffective } from '../../config/effective.ts';
import { type ErrorCode, SnapshotError, toSnapshotError } from '../../errors.ts';
import type { Asked } from '../grammar/verbs.ts';
import type { Host } from '../host.ts';
import { load } from '../load.ts';
import { printReport } from '../print.ts';
import { listenForStop } from '../signals.ts';

/** One thing that was looked at; `code` only where it failed. */
interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly code?: ErrorCode;
  readonly advice?: string;
}

// Longer than any single answer takes; a hanging store must not hang the check.
const CHECK_LIMIT_MS = 60_000;

/** The configuration in effect, then everything a round will need, asked for real. */
export async function runCheck({ flags }: Asked<'check'>, host: Host): Promise<number> {
  const { config, effective } = await load(flags, host);
  if (!flags.json) printReport(host, `${renderEffective(effective)}\n${config.warnings.map((warning) => `warning: ${warning}\n`).join('')}`);
  // The warnings are told already, one line above or in the JSON.
  const quiet: Config = { ...config, warnings: [], log: { ...config.log, level: 'warn' } };
  const findings = flags.offline ? [] : await checkOnline(quiet, host);
  if (flags.json) host.out(`${JSON.stringify({ effective, warnings: config.warnings, findings })}\n`);
  else printReport(host, findings.map(renderFinding).join(''));
  const failed = findings.find(({ ok }) => !ok);
  return failed ? new SnapshotError(failed.code ?? 'failed', '').exitCode : 0;
}

async function checkOnline(config: Config, host: Host): Promise<readonly Finding[]> {
  const { stop } = listenForStop(host, 0);
  const composed = await compose(config, host);
  const tooLate = () => new SnapshotError('round_timeout', `check: no end within ${CHECK_LIMIT_MS / 1000}s`);
  try {
    return await withDeadline(stop, CHECK_LIMIT_MS, tooLate, (signal) => lookAtAll(composed, signal));
  } finally {
    await composed.close();
  }
}

async function lookAtAll({ vault, spools, destinations }: Composed, signal: AbortSignal): Promise<readonly Finding[]> {
  return [
    ...(await vault.check(signal)),
    await look('leadership', async () => {
      const { role, reason } = await vault.leadership(signal);
      return `${role}: ${reason}`;
    }),
    await look('spool', async () => `${await spools.room()} bytes free`),
    ...(await Promise.all(destinations.map((destination) => look(`destination ${destination.storage.name}`, () => probeHere(destination, signal))))),
  ];
}

async function probeHere(destination: Destination, signal: AbortSignal): Promise<string> {
  const name = `vault-snapshotd-probe-${randomBytes(6).toString('hex')}`;
  const { location, isWriteOnly } = await probe(destination, name, signal);
  if (isWriteOnly) return `wrote ${location}, and may do nothing else: snapshots there are neither read back, listed nor pruned from here`;
  return `wrote, listed, read back and removed ${location}`;
}

async function look(what: string, work: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, detail: await work() };
  } catch (thrown) {
    const { code, message, advice } = toSnapshotError(thrown);
    return { what, ok: false, detail: message, code, advice };
  }
}

function renderFinding({ what, ok, detail, code, advice }: Finding): string {
  if (ok) return `ok    ${what}: ${detail}\n`;
  return `FAIL  ${what}: ${detail}${code ? ` (${code})` : ''}\n      hint: ${advice}\n`;
}
