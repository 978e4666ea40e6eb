import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { AccountSASPermissions, ContainerSASPermissions } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fileSecret, literalSecret } from '../../src/config/secret-source.ts';
import type { AzureLogin } from '../../src/storage/azure/config.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { contentOf, KEY, keysOf, NEVER, put } from '../contract/storage-steps.ts';
import { scratchDirectory } from '../fakes/scratch.ts';
import { AZURITE_ACCOUNT, AZURITE_KEY, type Azurite, startAzurite } from '../servers/azurite.ts';
import { Authority } from '../servers/certificates.ts';
import { accountKey, listen, type Opening, openAzure } from './azure-scene.ts';

const SNAP = Buffer.from('a snapshot');
const HOUR_MS = 3_600_000;

describe('azure', () => {
  let authority: Authority;
  let plain: Azurite;
  let secure: Azurite;
  let container: string;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'azure-login-'));
    authority = await Authority.create(directory);
    const certificate = await authority.issue('server', { usage: 'server', names: ['IP:127.0.0.1'] });
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

  function open(login: AzureLogin, change: Partial<Opening> = {}): Promise<Storage> {
    return openAzure({ container, login, ...change });
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
    const through = await open(accountKey(secure.endpoint), { caCertFile: authority.caFile, env: { HTTPS_PROXY: proxy.address } });
    await put(through, KEY, SNAP);
    expect(new Set(proxy.asked)).toEqual(new Set([new URL(secure.endpoint).host]));
    const { length } = proxy.asked;
    const past = await open(accountKey(secure.endpoint), { caCertFile: authority.caFile, env: { HTTPS_PROXY: proxy.address, NO_PROXY: '127.0.0.1' } });
    expect(await contentOf(past)).toEqual(SNAP);
    expect(proxy.asked).toHaveLength(length);
  });

  it('does not let the SDK take a proxy from the environment of the process by itself', async () => {
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy']) vi.stubEnv(name, 'http://127.0.0.1:1');
    onTestFinished(() => void vi.unstubAllEnvs());
    await put(await open(accountKey(plain.endpoint)), KEY, SNAP);
    await put(await open(accountKey(secure.endpoint), { caCertFile: authority.caFile }), KEY, SNAP);
  });
});

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
