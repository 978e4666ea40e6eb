import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { startMinio } from '../test/servers/minio.ts';
import { adminClient, makeBucket } from '../test/servers/s3-server.ts';
import { removeVault, startVault } from '../test/servers/vault.ts';
import { appRole, fill } from '../test/servers/vault-data.ts';
import { ROOT } from '../test/unit/source-tree.ts';

// A large snapshot to S3, once: peak memory, time, parts. Takes four times its size on the disk. Usage, after `npm run build`:
// node bench/six-gigabytes.ts [megabytes]
const MEGABYTES = Number(process.argv[2] ?? 6_000);
const BUCKET = 'bench-snapshots';

const run = promisify(execFile);
const scratch = await mkdtemp(join(tmpdir(), 'bench-'));
const [vault, minio] = await Promise.all([startVault(), startMinio()]);
const admin = adminClient(minio);
try {
  await makeBucket(minio, BUCKET);
  const { roleId, secretId } = await appRole(vault);
  await fill(vault, MEGABYTES * 1_000_000);

  const [config, state, measured] = [join(scratch, 'snapshot.json'), join(scratch, 'state'), join(scratch, 'measured')];
  await mkdir(state);
  const login = { access_key_id: minio.accessKeyId, secret_access_key: minio.secretAccessKey };
  const aws = { s3_bucket: BUCKET, s3_endpoint: minio.endpoint, s3_force_path_style: true, ...login };
  const settings = { addr: vault.address, role_id: roleId, secret_id: secretId, snapshot_timeout: '2h', spool_path: state, aws_storage: aws };
  await writeFile(config, JSON.stringify(settings), { mode: 0o600 });
  const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: scratch };
  const program = [join(ROOT, 'bin/vault-snapshotd'), '--once', '--config', config];
  await run('/usr/bin/time', ['--output', measured, '--format', '%M %e %U %S', ...program], { env, maxBuffer: 64 * 1024 * 1024 });
  const { stdout } = await run('cat', [measured]);
  const [kib = 0, seconds = 0, user = 0, system = 0] = stdout.trim().split(' ').map(Number);

  const { Contents = [] } = await admin.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  for (const { Key, Size = 0, ETag = '' } of Contents.filter((object) => object.Key?.endsWith('.snap'))) {
    const { ChecksumSHA256 } = await admin.send(new HeadObjectCommand({ Bucket: BUCKET, Key, ChecksumMode: 'ENABLED' }));
    console.log(`${Math.round(Size / 1_000_000)} MB in ${ETag.replace(/^.*-|"/g, '')} parts, sha256 ${ChecksumSHA256}`);
  }
  const peakMb = Math.round((kib * 1024) / 1_000_000);
  console.log(`peak memory ${peakMb} MB, ${seconds.toFixed(0)} s, CPU ${(user + system).toFixed(0)} s, Node ${process.versions.node}`);
} finally {
  admin.destroy();
  await Promise.all([removeVault(vault), minio.stop()]);
  await rm(scratch, { recursive: true });
}
