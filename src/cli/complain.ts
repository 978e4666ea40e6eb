import type { SnapshotError } from '../errors.ts';
import type { Host } from './host.ts';

/** What ends the program before there is a log: one line per fault and one with what to do, never a stack. */
export function complain(host: Host, error: SnapshotError): void {
  const priority = isJournal(host) ? '<3>' : '';
  for (const line of error.message.split('\n')) host.err(`${priority}vault-snapshotd: ${line}\n`);
  host.err(`${priority}hint: ${error.advice} (${error.code})\n`);
}

/** systemd names the stream it reads our stderr from; lines then carry their priority. */
export function isJournal(host: Host): boolean {
  return host.env.JOURNAL_STREAM !== undefined && !host.isStderrTerminal;
}
