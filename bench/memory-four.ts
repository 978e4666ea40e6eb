import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AZURITE_ACCOUNT, AZURITE_KEY, startAzurite } from '../test/servers/azurite.ts';
import { startFakeGcs } from '../test/servers/fake-gcs.ts';
import { startMinio } from '../test/servers/minio.ts';
import { makeBucket } from '../test/servers/s3-server.ts';
import { removeVault, startVault } from '../test/servers/vault.ts';
import { appRole, fill } from '../test/servers/vault-data.ts';
import { ROOT } from '../test/unit/source-tree.ts';

// Peak memory, time and CPU of a round to a directory and three stores at once, beside curl and the passes over the bytes that cannot be
// spared, all in one run. Usage, after `npm run build`: node bench/memory-four.ts [megabytes]
// All servers share the processors with the program, so the times show little else; memory and CPU are the program's own.
const MEGABYTES = Number(process.argv[2] ?? 2_000);
const BUCKET = 'bench-snapshots';

interface Measure {
  readonly what: string;
  readonly peakMb: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const run = promisify(execFile);

/** What the kernel counted for one command. */
async function measure(what: string, command: string, args: readonly string[], scratch: string): Promise<Measure> {
  const file = join(scratch, 'measured');
  const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: scratch };
  await run('/usr/bin/time', ['--output', file, '--format', '%M %e %U %S', command, ...args], { env, maxBuffer: 64 * 1024 * 1024 });
  const { stdout } = await run('cat', [file]);
  const [kib = 0, seconds = 0, user = 0, system = 0] = stdout.trim().split(' ').map(Number);
  return { what, peakMb: Math.round((kib * 1024) / 1_000_000), seconds, cpuSeconds: user + system };
}

function show({ what, peakMb, seconds, cpuSeconds }: Measure): string {
  return `| ${what} | ${peakMb} MB | ${seconds.toFixed(1)} s | ${cpuSeconds.toFixed(1)} s |`;
}

const scratch = await mkdtemp(join(tmpdir(), 'bench-'));
const [vault, minio, gcs, azurite] = await Promise.all([startVault(), startMinio(), startFakeGcs(), startAzurite()]);
try {
  await Promise.all([makeBucket(minio, BUCKET), gcs.createBucket(BUCKET)]);
  const login = await appRole(vault);
  await fill(vault, MEGABYTES * 1_000_000);

  const base = { addr: vault.address, role_id: login.roleId, secret_id: login.secretId, snapshot_timeout: '1h' };
  const local = { local_storage: { path: join(scratch, 'snapshots') } };
  const s3 = { s3_bucket: BUCKET, s3_endpoint: minio.endpoint, s3_force_path_style: true };
  const azure = { container_name: await azurite.newContainer(), account_name: AZURITE_ACCOUNT, account_key: AZURITE_KEY, endpoint: azurite.endpoint };
  const four = {
    ...local,
    aws_storage: { ...s3, access_key_id: minio.accessKeyId, secret_access_key: minio.secretAccessKey },
    google_storage: { bucket: BUCKET, endpoint: gcs.endpoint, anonymous: true },
    azure_storage: azure,
  };
  const round = async (what: string, blocks: object): Promise<Measure> => {
    const [config, state] = [join(scratch, 'snapshot.json'), join(scratch, 'state')];
    await mkdir(state, { recursive: true });
    await writeFile(config, JSON.stringify({ ...base, ...blocks, spool_path: state }), { mode: 0o600 });
    return await measure(what, join(ROOT, 'bin/vault-snapshotd'), ['--once', '--config', config], scratch);
  };

  const archive = join(scratch, 'archive.gz');
  const url = `${vault.address}/v1/sys/storage/raft/snapshot`;
  const curl = await measure('`curl -o`', 'curl', ['-sSf', '-H', `X-Vault-Token: ${vault.rootToken}`, '-o', archive, url], scratch);
  const sum = await measure('one `sha256sum`', 'sha256sum', [archive], scratch);
  const unzip = await measure('one `gunzip -t`', 'gunzip', ['-t', archive], scratch);
  const toDirectory = await round('a round to a directory', local);
  const toFour = await round('a round to a directory, S3, Google and Azure', four);

  console.log(`snapshot: ${Math.round((await stat(archive)).size / 1_000_000)} MB, Node ${process.versions.node}\n`);
  console.log('| what | peak memory | time | CPU |\n| --- | --- | --- | --- |');
  for (const one of [curl, sum, unzip, toDirectory, toFour]) console.log(show(one));
  const least = 2 * curl.cpuSeconds + sum.cpuSeconds + unzip.cpuSeconds;
  console.log(`\nCPU of a round to a directory, to twice that of curl and one pass of each: ${(toDirectory.cpuSeconds / least).toFixed(2)}`);
  console.log(`CPU for each further destination, to one sha256sum: ${((toFour.cpuSeconds - toDirectory.cpuSeconds) / 3 / sum.cpuSeconds).toFixed(2)}`);
} finally {
  await Promise.all([removeVault(vault), minio.stop(), gcs.stop(), azurite.stop()]);
  await rm(scratch, { recursive: true });
}
