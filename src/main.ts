import { homedir, hostname } from 'node:os';
import process from 'node:process';
import { run } from './cli/run.ts';
import { ERROR_CODES } from './errors.ts';

// A fault of this program: one line, no stack, and systemd starts it anew. Nothing is visible anywhere that was not proved.
process.on('uncaughtException', (error) => {
  process.stderr.write(
    `vault-snapshotd: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\nhint: ${ERROR_CODES.internal.advice} (internal)\n`,
  );
  process.exit(ERROR_CODES.internal.exitCode);
});

// Whoever read our words is gone, and nobody is left to be told; the snapshots go on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// Unheard, it makes Node open a debugger's port to everybody on this host.
process.on('SIGUSR1', () => undefined);

process.exitCode = await run({
  argv: process.argv.slice(2),
  env: process.env,
  pid: process.pid,
  hostname: hostname(),
  homeDirectory: homedir(),
  isStderrTerminal: process.stderr.isTTY === true,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isAlive,
  on: (signal, handler) => void process.on(signal, handler),
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
