import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { serverBinary, VAULT } from '../test/servers/binaries.ts';
import { startMinio } from '../test/servers/minio.ts';
import { makeBucket } from '../test/servers/s3-server.ts';
import { removeVault, startVault } from '../test/servers/vault.ts';
import { appRole, fill } from '../test/servers/vault-data.ts';
import { ROOT } from '../test/unit/source-tree.ts';
import { measure } from './measure.ts';

// What it takes to read a snapshot back from S3, to drill it and to restore it: time, and memory of the program alone. Takes six times the size of the
// snapshot on the disk. Usage, after `npm run build`: node bench/recovery.ts [megabytes …]
const BUCKET = 'bench-snapshots';
const POLICY = `
path "sys/storage/raft/configuration" { capabilities = ["read"] }
path "sys/storage/raft/snapshot" { capabilities = ["read", "update"] }
path "sys/storage/raft/snapshot-force" { capabilities = ["update"] }
path "sys/storage/raft/autopilot/state" { capabilities = ["read"] }
path "auth/token/create" { capabilities = ["update"] }
`;

async function measureRecovery(megabytes: number): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'bench-'));
  const [vault, minio, binary] = await Promise.all([startVault({ nodeId: 'node' }), startMinio(), serverBinary(VAULT)]);
  try {
    await makeBucket(minio, BUCKET);
    const { roleId, secretId } = await appRole(vault, { policy: POLICY });
    await fill(vault, megabytes * 1_000_000);
    const [config, state, shares] = [join(scratch, 'recovery.json'), join(scratch, 'state'), join(scratch, 'shares')];
    await mkdir(state, { mode: 0o700 });
    await writeFile(shares, `${vault.keys.join('\n')}\n`, { mode: 0o600 });
    const login = { access_key_id: minio.accessKeyId, secret_access_key: minio.secretAccessKey };
    const aws = { s3_bucket: BUCKET, s3_endpoint: minio.endpoint, s3_force_path_style: true, ...login };
    const taking = { addr: vault.address, role_id: roleId, secret_id: secretId, snapshot_timeout: '2h', spool_path: state, aws_storage: aws };
    const recovering = { ...taking, recovery: { shares: [{ file: shares }] }, drill: { binary } };
    const env = { PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/bin`, HOME: scratch };
    const program = (args: readonly string[]) => ({ command: join(ROOT, 'bin/vault-snapshotd'), args: [...args, '--config', config], env });
    const { cluster_name: name } = (await vault.request('GET', 'sys/seal-status')).json;
    const ways = [
      { title: 'taken, to S3', settings: taking, args: ['--once'] },
      { title: '`verify`', settings: taking, args: ['verify', '--snapshot', 'latest', '--no-record'] },
      { title: '`drill`, unsealed; the memory is that of its server', settings: recovering, args: ['drill', '--level', 'unsealed', '--no-record'] },
      {
        title: '`restore` into the same cluster',
        settings: recovering,
        args: ['restore', '--to', vault.address, '--snapshot', 'latest', '--confirm', String(name), '--no-safety-snapshot'],
      },
    ];
    for (const { title, settings, args } of ways) {
      await writeFile(config, JSON.stringify(settings), { mode: 0o600 });
      const { wallSeconds, peakMb, cpuSeconds } = await measure([program(args)], scratch);
      console.log(`| ${megabytes} MB | ${title} | ${wallSeconds.toFixed(1)} s | ${Math.round(peakMb)} MB | ${cpuSeconds.toFixed(1)} s |`);
    }
  } finally {
    await Promise.all([removeVault(vault), minio.stop()]);
    await rm(scratch, { recursive: true, force: true });
  }
}

console.log('| snapshot | | time | memory | CPU |\n| --- | --- | --- | --- | --- |');
for (const megabytes of process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10, 280, 2_000]) await measureRecovery(megabytes);
