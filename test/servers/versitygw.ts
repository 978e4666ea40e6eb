import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask } from './ask.ts';
import { serverBinary, VERSITYGW } from './binaries.ts';
import { ServerChild } from './child.ts';
import { freePorts } from './ports.ts';
import { type S3Server, untilServing } from './s3-server.ts';

/** Keeps its notes in files beside the data, for not every file system has the attributes it would use. */
export async function startVersitygw(): Promise<S3Server> {
  const dir = await mkdtemp(join(tmpdir(), 'versitygw-'));
  const [data, notes] = [join(dir, 'data'), join(dir, 'notes')];
  await Promise.all([mkdir(data), mkdir(notes)]);
  const [port = 0] = await freePorts('127.0.0.1', 1);
  const account = { accessKeyId: 'test-access-key', secretAccessKey: 'test-secret-key-of-versitygw' };
  const logFile = join(dir, 'versitygw.log');
  const env = { PATH: process.env.PATH, HOME: dir, ROOT_ACCESS_KEY: account.accessKeyId, ROOT_SECRET_KEY: account.secretAccessKey };
  const args = ['--port', `127.0.0.1:${port}`, '--health', '/health', '--quiet', 'posix', '--sidecar', notes, data];
  const child = await ServerChild.start(await serverBinary(VERSITYGW), args, logFile, env);
  const endpoint = `http://127.0.0.1:${port}`;
  await untilServing('versitygw', child, logFile, () => ask({ method: 'GET', url: `${endpoint}/health` }));
  return { endpoint, ...account, child, stop: () => child.kill().then(() => rm(dir, { recursive: true, force: true })) };
}
