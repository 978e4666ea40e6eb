import { homedir, hostname } from 'node:os';
import process from 'node:process';
import { isatty } from 'node:tty';
import { Lines } from './cli/lines.ts';
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

const STDIN = 0;
const LINGER_MS = 2_000;
const lines = new Lines(() => process.stdin);

// Until there is an answer: whoever reads the exit code must not take silence for a success.
process.exitCode = ERROR_CODES.internal.exitCode;
void run({
  argv: process.argv.slice(2),
  env: process.env,
  pid: process.pid,
  nodeVersion: process.versions.node,
  hostname: hostname(),
  homeDirectory: homedir(),
  serviceAccountDirectory: '/var/run/secrets/kubernetes.io/serviceaccount',
  // Its own stream would be opened by asking it.
  isStdinTerminal: isatty(STDIN),
  isStdoutTerminal: process.stdout.isTTY === true,
  isStderrTerminal: process.stderr.isTTY === true,
  columns: () => process.stderr.columns ?? 80,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  readLine: (signal) => lines.next(signal),
  isAlive,
  end,
  on: (signal, handler) => void process.on(signal, handler),
}).then((code) => {
  process.exitCode = code;
  lines.close();
  // A call on a dead disk may never return, and would keep what has ended from being over.
  setTimeout(() => process.exit(code), LINGER_MS).unref();
});

function end(pid: number): void {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
