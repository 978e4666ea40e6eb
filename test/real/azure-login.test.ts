import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { AccountSASPermissions, ContainerSASPermissions } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fileSecret, literalSecret } from '../../src/config/secret-source.ts';
import type { AzureLogin, AzureSettings } from '../../src/storage/azure/config.ts';
import { openAzureStorage } from '../../src/storage/azure/storage.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { keyPrefix } from '../../src/storage/key.ts';
import { PartBudget } from '../../src/storage/part-writer.ts';
import { contentOf, KEY, keysOf, NEVER, put } from '../contract/storage-steps.ts';
import { HostileFront } from '../fakes/azure/hostile-front.ts';
import { scratchDirectory } from '../fakes/scratch.ts';
import { AZURITE_ACCOUNT, AZURITE_KEY, type Azurite, startAzurite } from '../servers/azurite.ts';
import { Authority, type Certificate } from '../servers/certificates.ts';

const SNAP = Buffer.from('a snapshot');
const HOUR_MS = 3_600_000;

describe('azure', () => {
  let authority: Authority;
  let certificate: Certificate;
  let plain: Azurite;
  let secure: Azurite;
  let container: string;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'azure-login-'));
    authority = await Authority.create(directory);
    certificate = await authority.issue('server', { usage: 'server', names: ['IP:127.0.0.1'] });
    plain = await startAzurite();
    secure = await startAzurite({ tls: { ...certificate, caFile: authority.caFile } });
  });

  afterAll(async () => {
    await plain.stop();
    await secure.stop();
    await rm(directory, { recursive: true });
  });

  beforeEach(async () => {
    container = await plain.newContainer();
    await secure.service.getContainerClient(container).createIfNotExists();
  });

  async function open(login: AzureLogin, change: Partial<AzureSettings> = {}, env: Record<string, string> = {}, now = () => new Date()): Promise<Storage> {
    const none = { caCertFile: undefined, accessTier: undefined, encryptionScope: undefined, customerKey: undefined };
    const settings: AzureSettings = { container, prefix: keyPrefix(''), login, ...none, ...change };
    const storage = await openAzureStorage(settings, { name: 'blobs', env, budget: new PartBudget(0), now, idleMs: 10_000 });
    onTestFinished(() => storage.close());
    return storage;
  }

  function accountKey(endpoint: string, key = AZURITE_KEY): AzureLogin {
    return { method: 'account_key', endpoint, account: AZURITE_ACCOUNT, key: literalSecret(key) };
  }

  async function sas(permissions: string, expiresOn = new Date(Date.now() + HOUR_MS)): Promise<string> {
    const client = plain.service.getContainerClient(container);
    return new URL(await client.generateSasUrl({ permissions: ContainerSASPermissions.parse(permissions), expiresOn })).search;
  }

  it('says that it is denied when the key is wrong, and never shows the key', async () => {
    const wrong = Buffer.from('some other key').toString('base64');
    const error: unknown = await (await open(accountKey(plain.endpoint, wrong))).stat(KEY, NEVER).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'storage_denied', message: `azure: ${container}/${KEY}: AuthorizationFailure (status 403)` });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(wrong);
  });

  it('logs in with a signature, with and without its question mark, and takes a new one without a restart', async () => {
    const file = join(await scratchDirectory(), 'sas');
    await writeFile(file, await sas('rcwdl'), { mode: 0o600 });
    const storage = await open({ method: 'sas_token', endpoint: plain.endpoint, token: fileSecret(file) });
    await put(storage, KEY, SNAP);
    expect(storage.locate(KEY)).toBe(`${plain.endpoint}/${container}/${KEY}`);
    await writeFile(file, (await sas('l')).slice(1));
    await expect(contentOf(storage)).rejects.toMatchObject({ code: 'storage_denied' });
    expect(await keysOf(storage)).toEqual([KEY]);
  });

  it('says when the signature has ended, and shows nothing of it', async () => {
    const end = new Date(Date.now() - HOUR_MS);
    const token = await sas('rcwdl', end);
    const storage = await open({ method: 'sas_token', endpoint: plain.endpoint, token: literalSecret(token) });
    const error: unknown = await put(storage, KEY, SNAP).catch((thrown: unknown) => thrown);
    const seconds = `${end.toISOString().slice(0, 19)}.000Z`;
    expect(error).toMatchObject({ code: 'storage_denied', message: expect.stringContaining(`the signature ended at ${seconds}`) });
    expect(`${inspect(error, { depth: 20, showHidden: true })} ${JSON.stringify((error as Error).cause)}`).not.toMatch(/sig=|sv=/);
  });

  it('uploads with a signature that may create but not replace, and says so of an object that is there', async () => {
    await put(await open(accountKey(plain.endpoint)), KEY, SNAP);
    const storage = await open({ method: 'sas_token', endpoint: plain.endpoint, token: literalSecret(await sas('rcl')) });
    await expect(put(storage, KEY, SNAP)).rejects.toMatchObject({ code: expect.stringMatching(/^storage_(exists|denied)$/) });
  });

  it.each([
    ['a key', async () => `AccountKey=${AZURITE_KEY}`],
    ['a signature', async () => `SharedAccessSignature=${(await accountSas()).slice(1)}`],
  ])('logs in with a connection string that has %s', async (_, secretOf) => {
    const text = `AccountName=${AZURITE_ACCOUNT};BlobEndpoint=${plain.endpoint};DefaultEndpointsProtocol=http;${await secretOf()}`;
    const storage = await open({ method: 'connection_string', text: literalSecret(text) });
    expect(storage.locate(KEY)).toBe(`azure://${container}/${KEY}`);
    await put(storage, KEY, SNAP);
    expect(await contentOf(storage)).toEqual(SNAP);
    expect(storage.locate(KEY)).toBe(`${plain.endpoint}/${container}/${KEY}`);
  });

  function accountSas(): Promise<string> {
    const url = plain.service.generateAccountSasUrl(new Date(Date.now() + HOUR_MS), AccountSASPermissions.parse('rwdlac'), 'sco');
    return Promise.resolve(new URL(url).search);
  }

  it('refuses what is no connection string, and does not show it', async () => {
    const storage = await open({ method: 'connection_string', text: literalSecret('AccountKey=c2VjcmV0;nonsense') });
    const error: unknown = await storage.stat(KEY, NEVER).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'storage_misconfigured' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('c2VjcmV0');
  });

  it('trusts the CA it was given, and says what to set without it', async () => {
    await expect((await open(accountKey(secure.endpoint))).stat(KEY, NEVER)).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringContaining('a CA that is not trusted here'),
      advice: expect.stringContaining('ca_cert'),
    });
    const trusting = await open(accountKey(secure.endpoint), { caCertFile: authority.caFile });
    await put(trusting, KEY, SNAP);
    expect(await contentOf(trusting)).toEqual(SNAP);
  });

  it.each(['/nowhere/ca.pem', import.meta.filename])('says that %s is no CA', async (caCertFile) => {
    await expect((await open(accountKey(secure.endpoint), { caCertFile })).stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_misconfigured' });
  });

  it('says that plain http is spoken where https is asked, and the other way round', async () => {
    const wrong = (endpoint: string, scheme: string) => open(accountKey(endpoint.replace(/^https?/, scheme)));
    await expect((await wrong(plain.endpoint, 'https')).stat(KEY, NEVER)).rejects.toMatchObject({ message: expect.stringContaining('TLS handshake failed') });
    await expect((await wrong(secure.endpoint, 'http')).stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });

  it('says that nobody listens, and that a name does not resolve', async () => {
    await expect((await open(accountKey('http://127.0.0.1:1/a'))).stat(KEY, NEVER)).rejects.toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
    const nowhere = await open(accountKey('http://account.invalid'));
    await expect(nowhere.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_unavailable', message: expect.stringContaining('name') });
  });

  it('goes through the proxy of the environment, and past it where the environment says so', async () => {
    const proxy = await startTunnel();
    const through = await open(accountKey(secure.endpoint), { caCertFile: authority.caFile }, { HTTPS_PROXY: proxy.address });
    await put(through, KEY, SNAP);
    expect(new Set(proxy.asked)).toEqual(new Set([new URL(secure.endpoint).host]));
    const { length } = proxy.asked;
    const past = await open(accountKey(secure.endpoint), { caCertFile: authority.caFile }, { HTTPS_PROXY: proxy.address, NO_PROXY: '127.0.0.1' });
    expect(await contentOf(past)).toEqual(SNAP);
    expect(proxy.asked).toHaveLength(length);
  });

  it('does not let the SDK take a proxy from the environment of the process by itself', async () => {
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) vi.stubEnv(name, 'http://127.0.0.1:1');
    onTestFinished(() => void vi.unstubAllEnvs());
    await put(await open(accountKey(plain.endpoint)), KEY, SNAP);
    await put(await open(accountKey(secure.endpoint), { caCertFile: authority.caFile }), KEY, SNAP);
  });

  it('logs in with the identity of the machine, past every proxy', async () => {
    const asked: string[] = [];
    const machine = await listen(
      createServer((request, response) => {
        asked.push(request.url ?? '');
        response.end(
          JSON.stringify({
            access_token: token(),
            expires_on: String(Math.floor(Date.now() / 1000) + 3600),
            resource: 'https://storage.azure.com',
            token_type: 'Bearer',
          }),
        );
      }),
    );
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
    vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${machine}/token`);
    vi.stubEnv('IDENTITY_HEADER', 'of-the-machine');
    onTestFinished(() => void vi.unstubAllEnvs());
    const login: AzureLogin = { method: 'managed_identity', endpoint: secure.endpoint, clientId: '11111111-2222-3333-4444-555555555555' };
    const storage = await open(login, { caCertFile: authority.caFile });
    await put(storage, KEY, SNAP);
    expect(await contentOf(storage)).toEqual(SNAP);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('11111111-2222-3333-4444-555555555555');
  });

  it('says that a machine without an identity has none', async () => {
    const machine = await listen(
      createServer((_, response) => response.writeHead(400).end('{"error":"invalid_request","error_description":"Identity not found"}')),
    );
    vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${machine}/token`);
    vi.stubEnv('IDENTITY_HEADER', 'of-the-machine');
    onTestFinished(() => void vi.unstubAllEnvs());
    const storage = await open({ method: 'managed_identity', endpoint: secure.endpoint, clientId: undefined }, { caCertFile: authority.caFile });
    await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ message: expect.stringContaining('no token for the identity') });
  });

  it('gives up an identity that never answers', async () => {
    const machine = await listen(createServer(() => undefined));
    vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${machine}/token`);
    vi.stubEnv('IDENTITY_HEADER', 'of-the-machine');
    onTestFinished(() => void vi.unstubAllEnvs());
    const stop = new AbortController();
    const storage = await open({ method: 'managed_identity', endpoint: secure.endpoint, clientId: undefined }, { caCertFile: authority.caFile });
    const waiting = storage.stat(KEY, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'stopped' });
  });

  describe('with the identity of a pod', () => {
    async function podLogin(answer: RequestListener): Promise<Storage> {
      const entra = await listen(createTlsServer({ cert: await readFile(certificate.certFile), key: await readFile(certificate.keyFile) }, answer));
      const tokenFile = join(await scratchDirectory(), 'token');
      await writeFile(tokenFile, 'token-of-the-pod');
      const env = {
        AZURE_AUTHORITY_HOST: `https://127.0.0.1:${entra}`,
        AZURE_TENANT_ID: '99999999-2222-3333-4444-555555555555',
        AZURE_CLIENT_ID: '11111111-2222-3333-4444-555555555555',
        AZURE_FEDERATED_TOKEN_FILE: tokenFile,
      };
      for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
      onTestFinished(() => void vi.unstubAllEnvs());
      return await open({ method: 'workload_identity', endpoint: secure.endpoint, clientId: undefined }, { caCertFile: authority.caFile }, env);
    }

    it('logs in', async () => {
      const bodies: string[] = [];
      const storage = await podLogin(async (request, response) => {
        bodies.push(await textOf(request));
        const host = `https://${request.headers.host}/99999999-2222-3333-4444-555555555555`;
        response.setHeader('content-type', 'application/json');
        if (request.method === 'POST') return void response.end(JSON.stringify({ token_type: 'Bearer', expires_in: 3600, access_token: token() }));
        response.end(
          JSON.stringify({ issuer: `${host}/v2.0`, authorization_endpoint: `${host}/a`, token_endpoint: `${host}/oauth2/v2.0/token`, jwks_uri: `${host}/k` }),
        );
      });
      await put(storage, KEY, SNAP);
      expect(await contentOf(storage)).toEqual(SNAP);
      expect(bodies.join()).toContain('client_assertion=token-of-the-pod');
    });

    it("says what Entra said, and shows nothing of the pod's token", async () => {
      const storage = await podLogin((request, response) => {
        const host = `https://${request.headers.host}/99999999-2222-3333-4444-555555555555`;
        response.setHeader('content-type', 'application/json');
        if (request.method === 'GET') {
          return void response.end(
            JSON.stringify({ issuer: `${host}/v2.0`, authorization_endpoint: `${host}/a`, token_endpoint: `${host}/oauth2/v2.0/token`, jwks_uri: `${host}/k` }),
          );
        }
        response
          .writeHead(401)
          .end(
            JSON.stringify({ error: 'invalid_client', error_description: 'AADSTS70021: No matching federated identity record found', error_codes: [70021] }),
          );
      });
      const error: unknown = await storage.stat(KEY, NEVER).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'storage_denied', message: expect.stringContaining('AADSTS70021') });
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('token-of-the-pod');
    });
  });

  it('asks for the tier that is wanted', async () => {
    await put(await open(accountKey(plain.endpoint), { accessTier: 'Cool' }), KEY, SNAP);
    const { accessTier } = await plain.service.getContainerClient(container).getBlobClient(KEY).getProperties();
    expect(accessTier).toBe('Cool');
  });

  describe('in front of a server that can encrypt', () => {
    const KEY_HEADERS = ['x-ms-encryption-key', 'x-ms-encryption-key-sha256', 'x-ms-encryption-algorithm'];
    const OWN_KEY = Buffer.alloc(32, 5).toString('base64');

    async function encrypting(change: Partial<AzureSettings>): Promise<{ readonly front: HostileFront; readonly storage: Storage }> {
      const tls = { cert: await readFile(certificate.certFile), key: await readFile(certificate.keyFile) };
      const front = await HostileFront.start(plain.endpoint, { tls, unknownHeaders: [...KEY_HEADERS, 'x-ms-encryption-scope'] });
      onTestFinished(() => front.close());
      // A signature in the address covers no headers, so that the front may take some away.
      const login: AzureLogin = { method: 'sas_token', endpoint: front.endpoint, token: literalSecret(await sas('rcwdl')) };
      return { front, storage: await open(login, { caCertFile: authority.caFile, ...change }) };
    }

    it('sends its own key with everything that writes or reads a blob', async () => {
      const { front, storage } = await encrypting({ customerKey: literalSecret(OWN_KEY) });
      await put(storage, KEY, SNAP);
      await storage.stat(KEY, NEVER);
      await contentOf(storage);
      expect(front.asked.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'HEAD', 'GET']);
      for (const { headers } of front.asked) {
        expect(headers['x-ms-encryption-key']).toBe(OWN_KEY);
        expect(headers['x-ms-encryption-key-sha256']).toBe('+EnWcyX6zwQXe8ZjstxUQFGDHFie9YHUEvLrpEg053w=');
      }
    });

    it('names the scope with everything it writes', async () => {
      const { front, storage } = await encrypting({ encryptionScope: 'of-the-vault' });
      await put(storage, KEY, SNAP);
      expect(front.asked.map(({ headers }) => headers['x-ms-encryption-scope'])).toEqual(['of-the-vault', 'of-the-vault']);
    });

    it('refuses a key that is no key, and does not show it', async () => {
      const { storage } = await encrypting({ customerKey: literalSecret('dG9vIHNob3J0') });
      const error: unknown = await storage.stat(KEY, NEVER).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'storage_misconfigured' });
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('dG9vIHNob3J0');
    });
  });
});

/** As Entra makes them; Azurite reads the claims and does not check the signature. */
function token(): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: 'https://storage.azure.com',
    iss: 'https://sts.windows.net/99999999-2222-3333-4444-555555555555/',
    nbf: now - 60,
    iat: now - 60,
    exp: now + 3600,
  };
  return [{ alg: 'RS256', typ: 'JWT' }, claims, 'unsigned'].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return (server.address() as AddressInfo).port;
}

/** A proxy that makes tunnels and remembers where to. */
async function startTunnel(): Promise<{ readonly address: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer();
  server.on('connect', (request: IncomingMessage, socket) => {
    asked.push(request.url ?? '');
    const { hostname, port } = new URL(`http://${request.url}`);
    const beyond = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      beyond.pipe(socket).pipe(beyond);
    });
    const end = (): void => {
      beyond.destroy();
      socket.destroy();
    };
    beyond.on('error', end).on('close', end);
    socket.on('error', end).on('close', end);
  });
  return { address: `http://127.0.0.1:${await listen(server)}`, asked };
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
