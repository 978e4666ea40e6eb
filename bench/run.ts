import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ROOT } from '../test/unit/source-tree.ts';
import { type Figures, type IdleFigures, type Machine, merge, type RetentionFigures, TITLES } from './figures.ts';
import { measureSize } from './rounds.ts';
import { RESULTS, readFigures, writeFigures } from './write.ts';

// What a snapshot costs, beside what people use without this program; then start, idling, and retention. Wants rclone, restic, curl and time installed.
// Usage: npm run bench -- [--sizes 10,280] [--runs 3] [--ways curl,local,s3] [--parts rounds,idle,retention]
// [--remark TEXT] [--out DIRECTORY]
const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10,280,2000' },
    runs: { type: 'string', default: '3' },
    ways: { type: 'string', default: Object.keys(TITLES).join() },
    parts: { type: 'string', default: 'rounds,idle,retention' },
    remark: { type: 'string' },
    out: { type: 'string', default: RESULTS },
  },
});
const parts = new Set(values.parts.split(','));
const run = promisify(execFile);
const say = (line: string) => console.error(line);

/** The end of what a command says of itself, one line of it. */
async function version(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(command, [...args]);
  return (
    stdout
      .split('\n')[0]
      ?.replace(/\s*\(.*$/, '')
      .replace(/ compiled .*$/, '') ?? ''
  );
}

async function describeMachine(): Promise<Machine> {
  const versions = await Promise.all([version('curl', ['--version']), version('rclone', ['version']), version('restic', ['version'])]);
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    processors: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    versions,
  };
}

/** In a process of its own, which has nothing else in its memory. */
async function ownProcess<T>(script: string, flags: readonly string[] = []): Promise<T> {
  const { stdout } = await run(process.execPath, [...flags, join(ROOT, 'bench', script), '--json']);
  return JSON.parse(stdout) as T;
}

const machine = await describeMachine();
const keep = async (more: Partial<Figures>) => {
  await writeFigures(values.out, merge(await readFigures(values.out), { machine, sizes: [], ...more }));
};
if (parts.has('rounds')) {
  for (const megabytes of values.sizes.split(',').map(Number)) {
    const size = await measureSize({ megabytes, turns: Number(values.runs), names: values.ways.split(',') }, say);
    await keep({ sizes: [{ ...size, remark: values.remark }] });
  }
}
if (parts.has('idle')) await keep({ idle: await ownProcess<IdleFigures>('start.ts') });
if (parts.has('retention')) await keep({ retention: await ownProcess<RetentionFigures[]>('retention.ts', ['--expose-gc']) });
