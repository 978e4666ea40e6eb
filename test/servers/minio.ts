import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from './ask.ts';
import { MINIO, serverBinary } from './binaries.ts';
import type { ServerTls } from './certificates.ts';
import { ServerChild } from './child.ts';
import { freePorts } from './ports.ts';
import { type S3Server, untilServing } from './s3-server.ts';

/** With `tls` it speaks https alone. */
export async function startMinio({ tls }: { readonly tls?: ServerTls } = {}): Promise<S3Server> {
  const dir = await mkdtemp(join(tmpdir(), 'minio-'));
  const certificates = join(dir, 'certificates');
  await mkdir(certificates);
  if (tls !== undefined) {
    await copyFile(tls.certFile, join(certificates, 'public.crt'));
    await copyFile(tls.keyFile, join(certificates, 'private.key'));
  }
  const [port = 0, consolePort = 0] = await freePorts('127.0.0.1', 2);
  const account = { accessKeyId: 'test-access-key', secretAccessKey: 'test-secret-key-of-minio' };
  const listen = ['--address', `127.0.0.1:${port}`, '--console-address', `127.0.0.1:${consolePort}`];
  const logFile = join(dir, 'minio.log');
  const env = {
    PATH: process.env.PATH,
    HOME: dir,
    MINIO_ROOT_USER: account.accessKeyId,
    MINIO_ROOT_PASSWORD: account.secretAccessKey,
    MINIO_BROWSER: 'off',
    // A key for what asks to be encrypted.
    MINIO_KMS_SECRET_KEY: `test-key:${Buffer.alloc(32, 'k').toString('base64')}`,
    // Else it refuses a directory on the disk of the system.
    MINIO_CI_CD: '1',
  };
  const child = await ServerChild.start(
    await serverBinary(MINIO),
    ['server', '--quiet', '--certs-dir', certificates, ...listen, join(dir, 'data')],
    logFile,
    env,
  );
  const endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  await untilServing('minio', child, logFile, () => ask({ method: 'GET', url: `${endpoint}/minio/health/ready`, tls }));
  return { endpoint, ...account, child, stop: () => child.kill().then(() => rm(dir, { recursive: true, force: true })) };
}
