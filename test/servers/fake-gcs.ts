import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FAKE_GCS, serverBinary } from './binaries.ts';
import { ServerChild } from './child.ts';
import { freePorts } from './ports.ts';
import { until } from './wait.ts';

/** A fake-gcs-server that keeps everything in memory. */
export interface FakeGcs {
  readonly endpoint: string;
  createBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startFakeGcs(): Promise<FakeGcs> {
  const binary = await serverBinary(FAKE_GCS);
  const [port = 0] = await freePorts('127.0.0.1', 1);
  const dir = await mkdtemp(join(tmpdir(), 'fake-gcs-'));
  const endpoint = `http://127.0.0.1:${port}`;
  const args = ['-backend', 'memory', '-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-log-level', 'warn'];
  const child = await ServerChild.start(binary, args, join(dir, 'log'));
  const stop = async () => {
    await child.kill();
    await rm(dir, { recursive: true });
  };
  try {
    await until('fake-gcs-server', async () => (await fetch(`${endpoint}/_internal/healthcheck`)).ok);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, stop, createBucket: (name) => createBucket(endpoint, name) };
}

async function createBucket(endpoint: string, name: string): Promise<void> {
  const answer = await fetch(`${endpoint}/storage/v1/b`, { method: 'POST', body: JSON.stringify({ name }) });
  if (!answer.ok) throw new Error(`fake-gcs-server made no bucket: ${answer.status} ${await answer.text()}`);
}
