import { basename } from 'node:path';
import type { BootstrapRecord, Reason } from '../recovery/bootstrap.ts';
import { type RecoveryReport, renderFailure } from '../recovery/outcome.ts';
import { ageOf } from './units.ts';

const NOTHING: Readonly<Record<Exclude<Reason, 'restored' | 'dry_run'>, string>> = {
  already_initialised: 'nothing done: the server is initialised',
  not_mine: 'nothing done: another server of the set begins',
  peer_initialised: 'nothing done: a peer is initialised: join it, with retry_join or "vault operator raft join"',
  no_snapshot: 'nothing done: there is no snapshot: initialise the server by hand',
  nothing_to_clean: 'nothing to clean: no bootstrap was cut off here before it sent the snapshot, or there is no vault.db',
  cleaned: 'cleaned: the server starts empty',
};

/** How it ended, for people. */
export function renderEnd(report: RecoveryReport, { reason, skipped }: BootstrapRecord): string {
  const lines = [...skipped.map((one) => `warning: passed over: ${one.key}: ${one.reason}\n`), ...report.warnings.map((warning) => `warning: ${warning}\n`)];
  if (report.error) lines.push(renderFailure(report));
  else if (reason === 'dry_run') lines.push(`bootstrap: ${whatOf(report)}would be sent: dry run, nothing was touched\n`);
  else if (reason !== undefined && reason !== 'restored') lines.push(`bootstrap: ${NOTHING[reason]}\n`);
  else lines.push(`bootstrap: ${whatOf(report)}restored in ${Math.round(report.duration_seconds)} s: ${report.level}\n`);
  for (const left of report.left_behind) lines.push(`left behind: ${left}\n`);
  return lines.join('');
}

function whatOf({ snapshot }: RecoveryReport): string {
  if (snapshot === null) return '';
  const age = snapshot.age_seconds === null ? '' : `${ageOf(snapshot.age_seconds * 1000)} old, `;
  return `${basename(snapshot.key)}, ${age}`;
}

export function renderJson(report: RecoveryReport, { reason, peers, skipped, phase, waitingFor }: BootstrapRecord): string {
  const own = { acted: phase !== undefined, reason: reason ?? null, peers, skipped, phase: phase ?? null, waiting_for: waitingFor ?? null };
  return `${JSON.stringify({ ...report, ...own })}\n`;
}
