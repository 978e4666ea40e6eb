import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BlobServiceClient, type StoragePipelineOptions, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { ServerTls } from './certificates.ts';
import { ServerChild } from './child.ts';
import { freePorts } from './ports.ts';
import { until } from './wait.ts';

/** The account that every Azurite has; its key is printed in the emulator's manual and protects nothing. */
export const AZURITE_ACCOUNT = 'devstoreaccount1';
export const AZURITE_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface Azurite {
  /** Of the account's blob service. */
  readonly endpoint: string;
  readonly pid: number;
  /** For what a test does behind the driver's back. */
  readonly service: BlobServiceClient;
  /** Makes a container of its own and tells its name. */
  newContainer(): Promise<string>;
  stop(): Promise<void>;
}

export interface AzuriteOptions {
  /** Given: https, and tokens of identities are taken. */
  readonly tls?: ServerTls;
}

/** Blob storage of Azure on loopback, in a directory of its own, from the package of the development dependencies. */
export async function startAzurite({ tls }: AzuriteOptions = {}): Promise<Azurite> {
  const [port = 0] = await freePorts('127.0.0.1', 1);
  const dir = await mkdtemp(join(tmpdir(), 'azurite-'));
  const main = join(dirname(createRequire(import.meta.url).resolve('azurite/package.json')), 'dist/src/blob/main.js');
  const quiet = ['--silent', '--disableTelemetry', '--skipApiVersionCheck'];
  const listen = ['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', dir];
  const secure = tls === undefined ? [] : ['--cert', tls.certFile, '--key', tls.keyFile, '--oauth', 'basic'];
  const log = join(dir, 'azurite.log');
  const child = await ServerChild.start(process.execPath, [main, ...quiet, ...listen, ...secure], log);
  await until(`Azurite to listen, see ${log}`, async () => {
    return child.isRunning ? await answers(port) : 'ended';
  });
  if (!child.isRunning) throw new Error(`Azurite has ended, see ${log}`);
  const endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/${AZURITE_ACCOUNT}`;
  const options: StoragePipelineOptions & { readonly agent?: Agent } = tls === undefined ? {} : { agent: new Agent({ ca: readFileSync(tls.caFile) }) };
  const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(AZURITE_ACCOUNT, AZURITE_KEY), options);
  let made = 0;
  return {
    endpoint,
    pid: child.pid,
    service,
    newContainer: async () => {
      const name = `container-${++made}`;
      await service.createContainer(name);
      return name;
    },
    stop: async () => {
      await child.kill();
      await rm(dir, { recursive: true });
    },
  };
}

/** A refused connection is thrown, for the caller to wait and ask again. */
async function answers(port: number): Promise<true> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
