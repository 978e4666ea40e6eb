import fs, { type FileHandle } from 'node:fs/promises';
import { get } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import process from 'node:process';

/** Loaded before the program: tells of its steps in one directory and fails as it is told, and sets its clock on SIGUSR2. */
const { FAULTS_DESK: desk = '', FAULTS_DIRECTORY: directory, FAULTS_CLOCK_MS: jumpMs = '0' } = process.env;

type Operation = (...args: unknown[]) => unknown;
type Step = readonly [phase: string, isCommit: boolean];

const ERRNO: Readonly<Record<string, number>> = { EACCES: -13, EIO: -5, ENOSPC: -28 };

/** Never resolves when nothing is to happen any more. */
async function tell(path: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    get(`${desk}/${path}`, { agent: false }, async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve(text);
    }).once('error', reject);
  });
}

async function around(step: Step | undefined, work: () => unknown): Promise<unknown> {
  if (step === undefined) return await work();
  const [phase, isCommit] = step;
  await meet(`${phase}/before/${isCommit ? 'commit' : ''}`);
  const result = await work();
  await meet(`${phase}/after/${isCommit ? 'commit' : ''}`);
  return result;
}

async function meet(path: string): Promise<void> {
  const answer = await tell(path);
  if (answer === 'go') return;
  throw Object.assign(new Error(`${answer}: as the test wants it`), { code: answer, errno: ERRNO[answer], syscall: 'test' });
}

const uploads = new WeakMap<object, Step>();
let isCommitted = false;

function stepOf(operation: string, path: string): Step | undefined {
  if (directory === undefined || !path.startsWith(`${directory}/`)) return undefined;
  const isManifest = path.startsWith(`${directory}/manifests/`);
  const isPartial = basename(path).startsWith('.partial');
  if (operation === 'link') return [isManifest ? 'manifest' : 'commit', true];
  if (operation === 'unlink') return isPartial ? undefined : ['prune', false];
  if (isPartial) return [isManifest ? 'manifest' : 'open', false];
  return isCommitted && !isManifest && path.endsWith('.snap') ? ['readback', false] : undefined;
}

function watchFiles(): void {
  const operations = fs as unknown as Record<string, Operation>;
  for (const name of ['open', 'link', 'unlink']) {
    const operation = operations[name]!;
    operations[name] = async (...args) => {
      const path = String(args[name === 'link' ? 1 : 0]);
      const step = stepOf(name, path);
      const result = await around(step, () => operation(...args));
      if (step?.[0] === 'open') uploads.set(result as FileHandle, ['write', false]);
      if (name === 'link' && step !== undefined) isCommitted = step[0] === 'commit';
      return result;
    };
  }
}

async function watchHandles(): Promise<void> {
  const handle = await fs.open('/dev/null');
  const prototype = Object.getPrototypeOf(handle) as Record<string, Operation>;
  await handle.close();
  const writeFile = prototype.writeFile!;
  prototype.writeFile = function (this: object, ...args) {
    return around(uploads.get(this), () => writeFile.apply(this, args));
  };
}

function watchClock(): void {
  const now = Date.now.bind(Date);
  let offsetMs = 0;
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...args: readonly unknown[]) {
      if (args.length === 0) super(now() + offsetMs);
      else super(...(args as [number]));
    }

    static override now(): number {
      return now() + offsetMs;
    }
  } as DateConstructor;
  process.on('SIGUSR2', () => {
    offsetMs = Number(jumpMs);
    void tell('clock');
  });
}

if (directory !== undefined) {
  await watchHandles();
  watchFiles();
  syncBuiltinESMExports();
}
if (jumpMs !== '0') watchClock();
