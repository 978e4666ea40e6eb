import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { fileSecret, literalSecret } from '../../../../src/config/secret-source.ts';
import type { GcsLogin } from '../../../../src/storage/gcs/config.ts';
import { KEY, NEVER, put } from '../../../contract/storage-steps.ts';
import { startConnectProxy } from '../../../fakes/gcs/connect-proxy.ts';
import { HostileGcs } from '../../../fakes/gcs/hostile-gcs.ts';
import { gcsScene, openGcs } from '../../../fakes/gcs/scene.ts';
import { TokenServer } from '../../../fakes/gcs/token-server.ts';
import { scratchDirectory } from '../../../fakes/scratch.ts';
import { Authority } from '../../../servers/certificates.ts';

const SUBJECT = 'subject-token-of-the-pod';
const AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/pod';

let warned: MockInstance;

beforeEach(() => {
  warned = vi.spyOn(console, 'warn');
});

afterEach(() => {
  expect(warned).not.toHaveBeenCalled();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('a workload identity', () => {
  it('logs in once, and again when the configuration is another', async () => {
    const { tokens, file, write } = await federation();
    const { gcs, storage } = await gcsScene({ login: google(fileSecret(file)) });
    await put(storage, KEY, Buffer.from('snap'));
    await storage.stat(KEY, NEVER);
    await write({ audience: `${AUDIENCE}-2` });
    await storage.stat(KEY, NEVER);
    expect(tokens.asked).toHaveLength(2);
    expect(tokens.asked[0]).toContain(SUBJECT);
    const shown = gcs.asked.map(({ step, headers }) => `${step} ${headers.authorization}`);
    // Whoever knows the session may write: its requests show no token.
    expect(shown).toEqual(['open Bearer token-1', 'end undefined', 'stat Bearer token-1', 'stat Bearer token-2']);
  });

  it('takes a new token before the old one ends', async () => {
    const { tokens, file } = await federation();
    tokens.lifeSeconds = 60;
    const { gcs, storage } = await gcsScene({ login: google(fileSecret(file)) });
    await storage.stat(KEY, NEVER);
    await storage.stat(KEY, NEVER);
    // One that finds nothing also asks whether the bucket is there.
    expect(gcs.asked.map(({ headers }) => headers.authorization)).toEqual([1, 2, 3, 4].map((nth) => `Bearer token-${nth}`));
  });

  it('logs in anew after its token was refused', async () => {
    const { file } = await federation();
    const { gcs, storage } = await gcsScene({ login: google(fileSecret(file)) });
    gcs.inject('stat', { kind: 'answer', status: 401, reason: 'authError', message: 'Invalid Credentials: Bearer token-1' });
    const error: unknown = await storage.stat(KEY, NEVER).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'storage_denied', message: expect.stringContaining('Invalid Credentials: Bearer [secret]') });
    await storage.stat(KEY, NEVER);
    expect(gcs.asked.at(-1)?.headers.authorization).toBe('Bearer token-2');
  });

  it.each([
    [400, '{"error":"invalid_grant","error_description":"The given credential is rejected"}', 'storage_denied', 'invalid_grant'],
    [403, '{"error":"unauthorized_client"}', 'storage_denied', 'unauthorized_client'],
    [418, 'no JSON', 'storage_denied', '418'],
  ])('that is refused with %i %s is %s, and nothing of it is told', async (status, body, code, said) => {
    const { tokens, file } = await federation();
    tokens.refusal = { status, body };
    const { storage } = await gcsScene({ login: google(fileSecret(file)) });
    const error: unknown = await storage.stat(KEY, NEVER).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining(said), advice: expect.stringContaining('credentials_file') });
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(SUBJECT);
  });

  it('does not wait for ever, and hears the signal', async () => {
    const { tokens, file } = await federation();
    tokens.isSilent = true;
    const { storage } = await gcsScene({ login: google(fileSecret(file)) }, { idleMs: 200 });
    await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable' });
    const stop = new AbortController();
    const waiting = storage.stat(KEY, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'stopped' });
  });

  it('may be found as all tools of Google find it', async () => {
    const { file } = await federation();
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file);
    const { gcs, storage } = await gcsScene({ login: google(undefined) });
    await storage.stat(KEY, NEVER);
    expect(gcs.asked[0]?.headers.authorization).toBe('Bearer token-1');
  });
});

describe('the identity of the machine', () => {
  async function machine(options: { readonly idleMs?: number } = {}) {
    const tokens = await TokenServer.start();
    vi.stubEnv('GCE_METADATA_HOST', tokens.address.replace('http://', ''));
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
    vi.stubEnv('CLOUDSDK_CONFIG', await scratchDirectory());
    return { tokens, ...(await gcsScene({ login: google(undefined) }, options)) };
  }

  it('is taken, and its token renewed before it ends', async () => {
    const { tokens, gcs, storage } = await machine();
    tokens.lifeSeconds = 60;
    await storage.stat(KEY, NEVER);
    await storage.stat(KEY, NEVER);
    expect(tokens.asked.at(-1)).toContain('/instance/service-accounts/default/token');
    // One that finds nothing also asks whether the bucket is there.
    expect(gcs.asked.map(({ headers }) => headers.authorization)).toEqual([1, 2, 3, 4].map((nth) => `Bearer token-${nth}`));
  });

  it('is given up when the metadata server never answers', async () => {
    const { tokens, storage } = await machine({ idleMs: 200 });
    tokens.isSilent = true;
    await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable', message: expect.stringContaining('no access token') });
    tokens.isSilent = false;
    expect(await storage.stat(KEY, NEVER)).toBeUndefined();
  });
});

it('says so when there is nothing to log in with', async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  vi.stubEnv('CLOUDSDK_CONFIG', await scratchDirectory());
  const { storage } = await gcsScene({ login: google(undefined) });
  await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_denied', message: expect.stringContaining('no credentials were found') });
});

it.each([
  ['no JSON', 'secret-text'],
  ['a key without its parts', '{"type":"service_account","client_email":"a@b"}'],
  ['an unknown type', '{"type":"authorized_user"}'],
  ['one that would run a program', JSON.stringify({ type: 'external_account', credential_source: { executable: { command: '/bin/sh' } } })],
  ['one without what it needs', '{"type":"external_account"}'],
])('refuses %s as a key file', async (_, text) => {
  const { storage } = await gcsScene({ login: google(literalSecret(text)) });
  const error: unknown = await storage.stat(KEY, NEVER).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'storage_misconfigured' });
  expect(inspect(error, { depth: null })).not.toContain('secret-text');
});

describe('the key of a service account', () => {
  it('signs for a token, and everything takes the way by the proxy', async () => {
    const { ca, tls } = await worldCertificate();
    const [gcs, tokens] = [await HostileGcs.start(tls), await TokenServer.start(tls)];
    const proxy = await startConnectProxy({ 'storage.googleapis.com:443': gcs.endpoint, 'oauth2.googleapis.com:443': tokens.address });
    const storage = await openGcs({ login: google(literalSecret(serviceAccountKey())), caCertFile: ca.caFile }, { env: { HTTPS_PROXY: proxy.address } });
    await put(storage, KEY, Buffer.from('snap'));
    expect(new Set(proxy.asked)).toEqual(new Set(['oauth2.googleapis.com:443', 'storage.googleapis.com:443']));
    expect(gcs.asked[0]?.headers.authorization).toBe('Bearer token-1');
    await gcs.close();
  });

  it('is of no use where the proxy refuses', async () => {
    const proxy = await startConnectProxy({});
    const storage = await openGcs({}, { env: { https_proxy: proxy.address } });
    await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_misconfigured', advice: expect.stringContaining('proxy') });
  });
});

function google(keyFile: Extract<GcsLogin, { method: 'google' }>['keyFile']): GcsLogin {
  return { method: 'google', keyFile };
}

async function federation() {
  const tokens = await TokenServer.start();
  const directory = await scratchDirectory();
  const file = join(directory, 'federation.json');
  const subject = join(directory, 'token');
  await writeFile(subject, SUBJECT);
  const write = async (changes: Readonly<Record<string, unknown>>) => {
    const config = {
      type: 'external_account',
      audience: AUDIENCE,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${tokens.address}/v1/token`,
      credential_source: { file: subject },
    };
    await writeFile(file, JSON.stringify({ ...config, ...changes }), { mode: 0o600 });
  };
  await write({});
  return { tokens, file, write };
}

function serviceAccountKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return JSON.stringify({ type: 'service_account', client_email: 'snap@p.iam.gserviceaccount.com', private_key: key, private_key_id: '1' });
}

async function worldCertificate() {
  const ca = await Authority.create(await scratchDirectory());
  return { ca, tls: await ca.issue('google', { usage: 'server', names: ['DNS:storage.googleapis.com', 'DNS:oauth2.googleapis.com'] }) };
}
