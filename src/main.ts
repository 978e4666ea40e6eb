import { homedir, hostname } from 'node:os';
import process from 'node:process';
import { run } from './cli/run.ts';

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
