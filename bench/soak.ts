import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { startMinio } from '../test/servers/minio.ts';
import { makeBucket } from '../test/servers/s3-server.ts';
import { removeVault, startVault } from '../test/servers/vault.ts';
import { appRole, fill } from '../test/servers/vault-data.ts';
import { ROOT } from '../test/unit/source-tree.ts';
import { judge, type Sample, table } from './soak-figures.ts';

// A round every second against a real Vault, to a directory and to MinIO, each pruned to ten. Memory, descriptors, threads and handles are sampled, and
// whatever grows ends it with 1. The history of rounds is full from the beginning, as after a month of them. Usage, after `npm run build`: node bench/soak.ts [minutes]
const MINUTES = Number(process.argv[2] ?? 20);
const SNAPSHOT_BYTES = 2_000_000;
const SAMPLE_MS = 10_000;
const BUCKET = 'soak-snapshots';
const HISTORY_LENGTH = 1_000;

interface LoggedLine {
  readonly event?: string;
  readonly time: string;
  readonly level: string;
  readonly outcome?: string;
}

/** Runs inside the daemon, the only way to learn what its event loop holds; the heap is that of what lives, after a collection. */
const SAMPLER = `
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
setInterval(() => {
  collect();
  const { heapUsed } = process.memoryUsage();
  writeFileSync(process.env.SOAK_FILE + '.new', JSON.stringify({ heapUsed, handles: process.getActiveResourcesInfo().length }));
  renameSync(process.env.SOAK_FILE + '.new', process.env.SOAK_FILE);
}, ${SAMPLE_MS / 2}).unref();
`;

/** What a daemon of the same state directory has written down, with as many rounds as it keeps. */
async function writeHistory(state: string, address: string): Promise<void> {
  const now = Date.now();
  const rounds = Array.from({ length: HISTORY_LENGTH }, (_, nth) => ({
    id: randomUUID(),
    startedAt: new Date(now - (HISTORY_LENGTH - nth) * 60_000),
    endedAt: new Date(now - (HISTORY_LENGTH - nth) * 60_000 + 500),
    outcome: 'taken',
    missed: [],
    location: `${state}/raft_snapshot-${now - nth}000000.snap`,
  }));
  const name = `history-${createHash('sha256').update(address).digest('hex').slice(0, 16)}.json`;
  await writeFile(join(state, name), JSON.stringify({ format: 1, rounds, drill: {} }), { mode: 0o600 });
}

async function sampleOf(pid: number, handlesFile: string, minutes: number): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const descriptors = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  const inside = JSON.parse(await readFile(handlesFile, 'utf8')) as { readonly heapUsed: number; readonly handles: number };
  return {
    minutes,
    residentMb: (field('VmRSS') * 1024) / 1e6,
    anonymousMb: (field('RssAnon') * 1024) / 1e6,
    heapMb: inside.heapUsed / 1e6,
    descriptors: descriptors.length,
    sockets: targets.filter((target) => target.startsWith('socket:')).length,
    threads: field('Threads'),
    handles: inside.handles,
  };
}

const scratch = await mkdtemp(join(tmpdir(), 'soak-'));
const [vault, minio] = await Promise.all([startVault(), startMinio()]);
try {
  await makeBucket(minio, BUCKET);
  const { roleId, secretId } = await appRole(vault, { settings: { token_ttl: '2m', token_max_ttl: '7m' } });
  await fill(vault, SNAPSHOT_BYTES);
  const [config, sampler, handlesFile] = [join(scratch, 'snapshot.json'), join(scratch, 'sampler.mjs'), join(scratch, 'handles.json')];
  await mkdir(join(scratch, 'state'));
  await writeHistory(join(scratch, 'state'), vault.address);
  await writeFile(sampler, SAMPLER);
  const aws = { s3_bucket: BUCKET, s3_endpoint: minio.endpoint, s3_force_path_style: true };
  const login = { access_key_id: minio.accessKeyId, secret_access_key: minio.secretAccessKey };
  const settings = {
    addr: vault.address,
    role_id: roleId,
    secret_id: secretId,
    frequency: '1s',
    retain: 10,
    spool_path: join(scratch, 'state'),
    log: { format: 'json' },
    local_storage: { path: join(scratch, 'snapshots') },
    aws_storage: { ...aws, ...login },
  };
  await writeFile(config, JSON.stringify(settings), { mode: 0o600 });

  const env = {
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: scratch,
    NODE_OPTIONS: `--import=${pathToFileURL(sampler).href}`,
    SOAK_FILE: handlesFile,
  };
  const child = spawn(join(ROOT, 'bin/vault-snapshotd'), ['--config', config], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const events = new Map<string, number>();
  const taken: number[] = [];
  const troubles: string[] = [];
  createInterface({ input: child.stderr }).on('line', (text) => {
    const line = JSON.parse(text) as LoggedLine;
    const name = `${line.level} ${line.event}${line.outcome ? ` ${line.outcome}` : ''}`;
    events.set(name, (events.get(name) ?? 0) + 1);
    if (line.level !== 'info' && line.event !== 'tick_skipped') troubles.push(text);
    if (line.event === 'round_done') taken.push(Date.parse(line.time));
  });
  const exited = once(child, 'exit');

  const samples: Sample[] = [];
  const began = performance.now();
  while (performance.now() - began < MINUTES * 60_000 && child.exitCode === null) {
    await delay(SAMPLE_MS);
    samples.push(await sampleOf(child.pid ?? 0, handlesFile, (performance.now() - began) / 60_000));
  }
  child.kill('SIGTERM');
  const [code] = (await exited) as [number | null];
  const stored = (await readdir(join(scratch, 'snapshots'))).filter((name) => name.endsWith('.snap')).length;
  const gaps = taken.slice(1).map((at, before) => at - taken[before]!);

  console.log(`Node ${process.versions.node}, ${MINUTES} minutes, exit code ${code}, ${stored} snapshots left in the directory\n`);
  console.log(`rounds done: ${taken.length}; longest time between two: ${(Math.max(...gaps) / 1000).toFixed(1)} s\n`);
  console.log(table(samples));
  console.log(`\nlines of the log: ${[...events].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  for (const text of troubles.slice(0, 20)) console.log(text);
  const faults = judge(samples);
  for (const fault of faults) console.log(`GREW: ${fault}`);
  process.exitCode = faults.length > 0 || code !== 0 ? 1 : 0;
} finally {
  await Promise.all([removeVault(vault), minio.stop()]);
  await rm(scratch, { recursive: true, force: true });
}
