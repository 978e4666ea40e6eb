import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ROOT } from '../test/unit/source-tree.ts';
import type { WayName } from './figures.ts';
import type { Step } from './measure.ts';
import { BUCKET, type Scene } from './scene.ts';

/** One thing somebody may do to have a snapshot in a safe place. */
export interface Way {
  readonly name: WayName;
  /** What has to be there before, and is not measured. */
  readonly before?: Step;
  readonly steps: readonly Step[];
  /** Whether what it uploads goes through a proxy that can be slowed down. */
  readonly isSlowable: boolean;
}

/** All of them, for one turn, with names and directories nobody used before. */
export async function waysOf(scene: Scene, turn: string): Promise<readonly Way[]> {
  const dir = join(scene.scratch, turn);
  await mkdir(dir);
  const archive = join(dir, 'archive.snap');
  const url = `${scene.front.address}/v1/sys/storage/raft/snapshot`;
  const env = environment(scene, dir);
  const curl = ['-sSf', '-H', `X-Vault-Token: ${scene.vault.rootToken}`];
  const save = { command: scene.vault.settings.binary, args: ['operator', 'raft', 'snapshot', 'save', join(dir, 'saved.snap')], env };
  const restic = ['--quiet', '--repo', `s3:${scene.stores.s3.address}/${BUCKET}/restic-${turn}`];
  const piped = `curl -sSf -H "X-Vault-Token: $VAULT_TOKEN" ${url} | rclone rcat bench:${BUCKET}/piped-${turn}.snap`;
  const ours = async (name: WayName, blocks: object): Promise<Way> => {
    const args = ['--once', '--config', await configure(scene, join(dir, name), blocks)];
    return { name, steps: [{ command: join(ROOT, 'bin/vault-snapshotd'), args, env }], isSlowable: name !== 'local' };
  };
  const { local_storage, aws_storage, google_storage, azure_storage } = blocksOf(scene, dir);
  return [
    { name: 'curl', steps: [{ command: 'curl', args: [...curl, '-o', archive, url], env }], isSlowable: false },
    {
      name: 'save-rclone',
      steps: [save, { command: 'rclone', args: ['copyto', join(dir, 'saved.snap'), `bench:${BUCKET}/copied-${turn}.snap`], env }],
      isSlowable: true,
    },
    {
      name: 'save-restic',
      before: { command: 'restic', args: [...restic, 'init'], env },
      steps: [save, { command: 'restic', args: [...restic, 'backup', join(dir, 'saved.snap')], env }],
      isSlowable: false,
    },
    { name: 'pipe', steps: [{ command: 'sh', args: ['-c', piped], env }], isSlowable: true },
    await ours('local', { local_storage }),
    await ours('s3', { aws_storage }),
    await ours('four', { local_storage, aws_storage, google_storage, azure_storage }),
    { name: 'sha256sum', steps: [{ command: 'sha256sum', args: [archive], env }], isSlowable: false },
    { name: 'gunzip', steps: [{ command: 'sh', args: ['-c', 'exec gunzip -t < "$0"', archive], env }], isSlowable: false },
  ];
}

function environment(scene: Scene, home: string): Readonly<Record<string, string>> {
  const { accessKeyId, secretAccessKey } = scene.s3Account;
  return {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    VAULT_ADDR: scene.front.address,
    VAULT_TOKEN: scene.vault.rootToken,
    RCLONE_CONFIG_BENCH_TYPE: 's3',
    RCLONE_CONFIG_BENCH_PROVIDER: 'Minio',
    RCLONE_CONFIG_BENCH_ENDPOINT: scene.stores.s3.address,
    RCLONE_CONFIG_BENCH_ACCESS_KEY_ID: accessKeyId,
    RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    RESTIC_PASSWORD: 'bench',
  };
}

function blocksOf({ stores, s3Account, azure }: Scene, dir: string) {
  const { accessKeyId: access_key_id, secretAccessKey: secret_access_key } = s3Account;
  return {
    local_storage: { path: join(dir, 'snapshots') },
    aws_storage: { s3_bucket: BUCKET, s3_endpoint: stores.s3.address, s3_force_path_style: true, access_key_id, secret_access_key },
    google_storage: { bucket: BUCKET, endpoint: stores.gcs.address, anonymous: true },
    azure_storage: azure,
  };
}

async function configure({ front, login }: Scene, dir: string, blocks: object): Promise<string> {
  const [config, state] = [join(dir, 'snapshot.json'), join(dir, 'state')];
  await mkdir(state, { recursive: true });
  const settings = { addr: front.address, ...login, snapshot_timeout: '1h', spool_path: state, ...blocks };
  await writeFile(config, JSON.stringify(settings), { mode: 0o600 });
  return config;
}
