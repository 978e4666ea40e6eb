import type { SnapshotError } from '../errors.ts';
import type { Host } from './host.ts';
import { colour } from './print.ts';

/** What ends the program before there is a log: one line per fault and one with what to do, never a stack. */
export function complain(host: Host, error: SnapshotError): void {
  const priority = isJournal(host) ? '<3>' : '';
  const say = (line: string) => host.err(`${priority}${colour(line, host.env, host.isStderrTerminal)}\n`);
  for (const line of error.message.split('\n')) say(`vault-snapshotd: ${line}`);
  say(`hint: ${error.advice} (${error.code})`);
}

/** systemd names the stream it reads our stderr from; lines then carry their priority. */
export function isJournal(host: Host): boolean {
  return host.env.JOURNAL_STREAM !== undefined && !host.isStderrTerminal;
}
