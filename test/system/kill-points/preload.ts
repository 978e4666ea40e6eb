import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';

/** Loaded before the program: kills it at one of its operations on files, told by number and by moment. */
const [number, moment] = (process.env.KILL_AT ?? '').split(' ');

type Operation = (...args: unknown[]) => unknown;

const OF_MODULE = ['access', 'link', 'lstat', 'mkdir', 'open', 'opendir', 'readdir', 'readFile', 'stat', 'statfs', 'unlink', 'writeFile'];
const OF_HANDLE = ['close', 'read', 'readFile', 'stat', 'sync', 'write', 'writeFile'];

let count = 0;

function kill(): void {
  process.kill(process.pid, 'SIGKILL');
}

function deadly(operation: Operation): Operation {
  return function (this: unknown, ...args) {
    count++;
    if (count !== Number(number)) return operation.apply(this, args);
    if (moment === 'before') kill();
    const result = operation.apply(this, args);
    if (moment === 'amid') kill();
    return Promise.resolve(result).finally(kill);
  };
}

function replace(target: object, names: readonly string[]): void {
  const operations = target as Record<string, Operation>;
  for (const name of names) operations[name] = deadly(operations[name]!);
}

const handle = await fs.open('/dev/null');
const { prototype } = handle.constructor as { readonly prototype: object };
await handle.close();
replace(prototype, OF_HANDLE);
replace(fs, OF_MODULE);
syncBuiltinESMExports();
