import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Storage } from '../../src/storage/contract.ts';
import type { S3Settings } from '../../src/storage/s3/config.ts';
import { openS3Storage } from '../../src/storage/s3/storage.ts';
import { contentOf, KEY, NEVER, put } from '../contract/storage-steps.ts';
import { scratchDirectory } from '../fakes/scratch.ts';
import { startMinio } from '../servers/minio.ts';
import { makeBucket, type S3Server } from '../servers/s3-server.ts';
import { until } from '../servers/wait.ts';
import { listen } from './azure-scene.ts';
import { depsFor, newBucket, settingsFor } from './s3-scene.ts';

const SNAP = Buffer.from('a snapshot');
const ROLE = 'arn:aws:iam::123456789012:role/snapshots';
const MINUTE_MS = 60_000;
const IDLE_MS = 1_000;

interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

let server: S3Server;
/** As MinIO issued them: it checks key, signature and token of each request. */
let session: Session;
let bucket: string;

beforeAll(async () => {
  server = await startMinio();
  const clientConfig = { endpoint: server.endpoint, region: 'us-east-1' };
  const assume = fromTemporaryCredentials({ params: { RoleArn: ROLE }, masterCredentials: server, clientConfig });
  const { accessKeyId, secretAccessKey, sessionToken = '' } = await assume();
  session = { accessKeyId, secretAccessKey, sessionToken };
});

afterAll(() => server.stop());

/** Nothing of this machine: no files, no variables, no metadata service. */
beforeEach(async () => {
  bucket = newBucket();
  await makeBucket(server, bucket);
  const home = await scratchDirectory();
  stub({
    HOME: home,
    AWS_CONFIG_FILE: join(home, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
    AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1',
  });
});

function stub(env: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

async function openWithoutKeys(settings: Partial<S3Settings> = {}): Promise<Storage> {
  const chain = { access_key_id: undefined, secret_access_key: undefined };
  const storage = await openS3Storage({ ...settingsFor(server, bucket), ...chain, ...settings } as S3Settings, depsFor({ idleTimeoutMs: IDLE_MS }));
  onTestFinished(() => storage.close());
  return storage;
}

async function expectServed(storage: Storage): Promise<void> {
  await put(storage, KEY, SNAP);
  expect(await contentOf(storage)).toEqual(SNAP);
}

async function serve(answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(answer))}`;
}

/** As the metadata services of ECS and EC2 write them. */
function asJson(lifeMs: number): string {
  const { accessKeyId, secretAccessKey, sessionToken } = session;
  const expiration = new Date(Date.now() + lifeMs).toISOString();
  return JSON.stringify({ Code: 'Success', AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration: expiration });
}

/** As STS answers. */
function asXml(action: string): string {
  const { accessKeyId, secretAccessKey, sessionToken } = session;
  const expiration = new Date(Date.now() + 60 * MINUTE_MS).toISOString();
  const credentials = `<AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken>`;
  const result = `<Credentials>${credentials}<Expiration>${expiration}</Expiration></Credentials>`;
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${result}</${action}Result></${action}Response>`;
}

/** The second version of the service: first a token, and nothing without it. */
function instance(asked: string[], lifeMs: number): RequestListener {
  return (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.method === 'PUT') return void response.end('token-of-the-instance');
    if (request.headers['x-aws-ec2-metadata-token'] !== 'token-of-the-instance') return void response.writeHead(401).end();
    response.end(request.url?.endsWith('/security-credentials/') ? 'snapshots' : asJson(lifeMs));
  };
}

describe('s3, without keys in the configuration,', () => {
  it('takes the role of the instance', async () => {
    const asked: string[] = [];
    stub({ AWS_EC2_METADATA_SERVICE_ENDPOINT: await serve(instance(asked, 60 * MINUTE_MS)) });
    await expectServed(await openWithoutKeys());
    expect(asked).toEqual([
      'PUT /latest/api/token',
      'GET /latest/meta-data/iam/security-credentials/',
      'GET /latest/meta-data/iam/security-credentials/snapshots',
    ]);
  });

  it('takes the role of the task, and renews what ends soon', async () => {
    let life = 60 * MINUTE_MS;
    const tokens: unknown[] = [];
    const task = await serve((request, response) => {
      tokens.push(request.headers.authorization);
      response.end(asJson(life));
    });
    stub({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${task}/role`, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'token-of-the-task' });
    const lasting = await openWithoutKeys();
    await expectServed(lasting);
    expect(tokens).toEqual(['token-of-the-task']);

    life = MINUTE_MS;
    const ending = await openWithoutKeys();
    await ending.stat(KEY, NEVER);
    const before = tokens.length;
    life = 60 * MINUTE_MS;
    await ending.stat(KEY, NEVER);
    // It may be fetched beside the request, while the old one still holds.
    await until('new credentials', async () => tokens.length > before);
    expect(tokens.length).toBeGreaterThan(before);
  });

  it('takes the web identity of the pod, whose token it reads from its file', async () => {
    const bodies: string[] = [];
    const sts = await serve(async (request, response) => {
      bodies.push(await textOf(request));
      response.setHeader('content-type', 'text/xml').end(asXml('AssumeRoleWithWebIdentity'));
    });
    const file = join(await scratchDirectory(), 'token');
    await writeFile(file, 'token-of-the-pod');
    stub({ AWS_ENDPOINT_URL_STS: sts, AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: ROLE });
    await expectServed(await openWithoutKeys());
    expect(bodies).toEqual([expect.stringContaining('WebIdentityToken=token-of-the-pod')]);
  });

  it('assumes the role of a profile with the keys of another one', async () => {
    await profile(`
[profile base]
aws_access_key_id = ${server.accessKeyId}
aws_secret_access_key = ${server.secretAccessKey}
[profile snapshots]
role_arn = ${ROLE}
source_profile = base
region = us-east-1
`);
    stub({ AWS_ENDPOINT_URL_STS: server.endpoint });
    await expectServed(await openWithoutKeys({ s3_profile: 'snapshots' }));
  });

  it('asks the program that a profile names', async () => {
    const script = join(await scratchDirectory(), 'keys.sh');
    const { accessKeyId, secretAccessKey, sessionToken } = session;
    const keys = { Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken };
    await writeFile(script, `#!/bin/sh\necho '${JSON.stringify(keys)}'\n`);
    await chmod(script, 0o700);
    await profile(`[profile snapshots]\ncredential_process = ${script}\nregion = us-east-1\n`);
    await expectServed(await openWithoutKeys({ s3_profile: 'snapshots' }));
  });

  it.each([
    ['the instance', (address: string) => ({ AWS_EC2_METADATA_SERVICE_ENDPOINT: address })],
    ['the task', (address: string) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${address}/role` })],
    ['the token service', (address: string) => ({ AWS_ENDPOINT_URL_STS: address, AWS_WEB_IDENTITY_TOKEN_FILE: '/dev/null', AWS_ROLE_ARN: ROLE })],
  ])('says that there are no credentials when %s never answers', async (_, variables) => {
    stub(variables(await serve(() => undefined)));
    const storage = await openWithoutKeys();
    for (const _again of [1, 2])
      await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: expect.stringMatching(/^storage_(denied|unavailable)$/) });
  });

  it('stops waiting for credentials when it is told to', async () => {
    const reached = Promise.withResolvers<void>();
    stub({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${await serve(() => reached.resolve())}/role` });
    const stop = new AbortController();
    const waiting = (await openWithoutKeys()).stat(KEY, stop.signal);
    void reached.promise.then(() => stop.abort());
    await expect(waiting).rejects.toMatchObject({ code: 'stopped' });
  });
});

async function profile(text: string): Promise<void> {
  const file = join(await scratchDirectory(), 'config');
  await writeFile(file, text);
  stub({ AWS_CONFIG_FILE: file });
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
