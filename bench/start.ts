import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { startPracticeVault } from '../demo/practice-vault.ts';
import { FakeS3 } from '../test/fakes/s3/fake-s3.ts';
import { ROOT } from '../test/unit/source-tree.ts';
import { type IdleFigures, spreadOf } from './figures.ts';

// Start to ready, and what the daemon costs while there is nothing to do, with an S3 destination and its first round behind it. Usage, after
// `npm run build` or `npm run package`: node bench/start.ts [--json] [program …], by default the bundle on the Node that runs this.
const [isJson, named] = [process.argv[2] === '--json', process.argv.slice(2).filter((argument) => argument !== '--json')];
const programs = named.length > 0 ? named : [join(ROOT, 'bin/vault-snapshotd')];
const STARTS = 9;
const SETTLED_MS = 10_000;
const WATCHED_MS = 60_000;

/** The daemon up to its first line like this, and the milliseconds it took. */
async function start(program: string, config: string, line: string) {
  const began = performance.now();
  const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: dirname(config) };
  const child = spawn(program, ['--config', config], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const text of createInterface({ input: child.stderr })) {
    if (text.includes(line)) break;
  }
  child.stderr.resume();
  return { child, ms: performance.now() - began };
}

/** In MB, from the kernel. */
async function memoryOf(pid: number): Promise<{ readonly resident: number; readonly anonymous: number }> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) => Math.round((Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]) * 1024) / 1_000_000);
  return { resident: megabytes('VmRSS'), anonymous: megabytes('RssAnon') };
}

/** How often any of its threads has gone to sleep, and so was woken. */
async function sleepsOf(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const texts = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/status`, 'utf8')));
  return texts.map((text) => Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)?.[1])).reduce((sum, one) => sum + one, 0);
}

/** In milliseconds; the kernel counts in hundredths of a second. */
async function cpuOf(pid: number): Promise<number> {
  const [user = 0, system = 0] = (await readFile(`/proc/${pid}/stat`, 'utf8'))
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user + system) * 10;
}

async function measure(program: string, config: string): Promise<IdleFigures> {
  const { child } = await start(program, config, 'event=round_done');
  const pid = child.pid ?? 0;
  await delay(SETTLED_MS);
  const [sleepsBefore, cpuBefore, load] = [await sleepsOf(pid), await cpuOf(pid), loadavg()[0] ?? 0];
  await delay(WATCHED_MS);
  const [wakeUpsPerMinute, cpuMsPerMinute] = [(await sleepsOf(pid)) - sleepsBefore, (await cpuOf(pid)) - cpuBefore];
  const { resident, anonymous } = await memoryOf(pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const readyMs: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const { child: one, ms } = await start(program, config, 'event=started');
    one.kill('SIGKILL');
    await once(one, 'exit');
    readyMs.push(Math.round(ms));
  }
  return { readyMs, residentMb: resident, anonymousMb: anonymous, cpuMsPerMinute, wakeUpsPerMinute, load: Number(load.toFixed(1)) };
}

/** With servers of its own: where there is a snapshot already, the first round is far away. */
async function inItsPlace(program: string): Promise<IdleFigures> {
  const scratch = await mkdtemp(join(tmpdir(), 'bench-'));
  const [vault, s3] = await Promise.all([startPracticeVault(), FakeS3.start()]);
  try {
    const config = join(scratch, 'snapshot.json');
    const bucket = { s3_bucket: 'b', s3_endpoint: s3.endpoint, s3_region: 'us-east-1', s3_force_path_style: true };
    const aws_storage = { ...bucket, access_key_id: 'a', secret_access_key: 'some-secret' };
    const { address: addr, roleId: role_id, secretId: secret_id } = vault;
    await writeFile(config, JSON.stringify({ addr, role_id, secret_id, spool_path: join(scratch, 'state'), aws_storage }), { mode: 0o600 });
    return await measure(program, config);
  } finally {
    await Promise.all([vault.close(), s3.stop()]);
    await rm(scratch, { recursive: true, force: true });
  }
}

function show(program: string, { readyMs, residentMb, anonymousMb, cpuMsPerMinute, wakeUpsPerMinute }: IdleFigures): string {
  const { median, least, most } = spreadOf(readyMs);
  const cells = [program.replace(`${ROOT}/`, ''), `${median} ms (${least}–${most})`, `${residentMb} MB (${anonymousMb})`];
  return `| ${[...cells, `${cpuMsPerMinute} ms`, wakeUpsPerMinute].join(' | ')} |`;
}

const headings = ['program', 'start to ready', 'resident (anonymous)', 'CPU in a minute', 'wake-ups in a minute'];
if (!isJson) console.log(`Node ${process.versions.node}\n\n| ${headings.join(' | ')} |\n|${' --- |'.repeat(headings.length)}`);
for (const program of programs) {
  const figures = await inItsPlace(program);
  console.log(isJson ? JSON.stringify(figures) : show(program, figures));
}
