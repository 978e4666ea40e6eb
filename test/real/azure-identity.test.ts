import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AzureLogin } from '../../src/storage/azure/config.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { contentOf, KEY, NEVER, put } from '../contract/storage-steps.ts';
import { scratchDirectory } from '../fakes/scratch.ts';
import { type Azurite, startAzurite } from '../servers/azurite.ts';
import { Authority, type Certificate } from '../servers/certificates.ts';
import { until } from '../servers/wait.ts';
import { listen, openAzure } from './azure-scene.ts';

const SNAP = Buffer.from('a snapshot');

describe('azure, without a secret,', () => {
  let authority: Authority;
  let certificate: Certificate;
  let secure: Azurite;
  let container: string;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'azure-identity-'));
    authority = await Authority.create(directory);
    certificate = await authority.issue('server', { usage: 'server', names: ['IP:127.0.0.1'] });
    secure = await startAzurite({ tls: { ...certificate, caFile: authority.caFile } });
  });

  afterAll(async () => {
    await secure.stop();
    await rm(directory, { recursive: true });
  });

  beforeEach(async () => {
    container = await secure.newContainer();
  });

  function open(login: AzureLogin, change: { readonly env?: Record<string, string> } = {}): Promise<Storage> {
    return openAzure({ container, login, caCertFile: authority.caFile, ...change });
  }

  describe('with the identity of the machine', () => {
    // One for all tests: the SDK remembers for the life of the process where it found the machine, and the tokens of each identity.
    let machine: Server;
    let answer: RequestListener;
    let asked: string[];
    let login: AzureLogin;

    beforeAll(async () => {
      machine = createServer((request, response) => {
        asked.push(request.url ?? '');
        answer(request, response);
      }).listen(0, '127.0.0.1');
      await once(machine, 'listening');
    });

    afterAll(() => {
      machine.closeAllConnections();
      machine.close();
    });

    beforeEach(() => {
      asked = [];
      login = { method: 'managed_identity', endpoint: secure.endpoint, clientId: randomUUID() };
      vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1');
      vi.stubEnv('IDENTITY_ENDPOINT', `http://127.0.0.1:${(machine.address() as AddressInfo).port}/token`);
      vi.stubEnv('IDENTITY_HEADER', 'of-the-machine');
      onTestFinished(() => void vi.unstubAllEnvs());
    });

    const issue = (lifeSeconds: number): RequestListener => {
      return (_, response) => {
        const expires = String(Math.floor(Date.now() / 1000) + lifeSeconds);
        response.end(JSON.stringify({ access_token: token(), expires_on: expires, resource: 'https://storage.azure.com', token_type: 'Bearer' }));
      };
    };

    it('logs in, past every proxy', async () => {
      answer = issue(3600);
      const storage = await open(login);
      await put(storage, KEY, SNAP);
      expect(await contentOf(storage)).toEqual(SNAP);
      expect(asked).toEqual([expect.stringContaining(String('clientId' in login && login.clientId))]);
    });

    it('asks anew for a token that ends soon', async () => {
      answer = issue(60);
      const storage = await open(login);
      await put(storage, KEY, SNAP);
      // It may be fetched beside the requests, while the old one still holds.
      await until('a new token', async () => asked.length > 1);
      expect(asked.length).toBeGreaterThan(1);
    });

    it('says that the machine has no such identity', async () => {
      answer = (_, response) => void response.writeHead(400).end('{"error":"invalid_request","error_description":"Identity not found"}');
      const storage = await open(login);
      const message = expect.stringContaining('no token for the identity');
      await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: expect.stringMatching(/^storage_/), message });
      expect(asked).not.toEqual([]);
    });

    it('gives up a machine that never answers, and asks it again', async () => {
      answer = () => undefined;
      const storage = await openAzure({ container, login, caCertFile: authority.caFile, idleMs: 500 });
      await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({
        code: 'storage_unavailable',
        message: expect.stringMatching(/silent for 0.5s|no token for the identity after 0.5s/),
      });
      const stop = new AbortController();
      const waiting = storage.stat(KEY, stop.signal);
      stop.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'stopped' });
      answer = issue(3600);
      await expect
        .poll(
          () =>
            storage.stat(KEY, NEVER).then(
              () => 'served',
              () => 'refused',
            ),
          { timeout: 10_000 },
        )
        .toBe('served');
    });
  });

  it('says what a pod lacks', async () => {
    const storage = await open({ method: 'workload_identity', endpoint: secure.endpoint, clientId: undefined }, { env: { AZURE_TENANT_ID: 'tenant' } });
    const message = 'azure: identity "workload": AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_ID not set';
    await expect(storage.stat(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_misconfigured', message });
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
      return await open({ method: 'workload_identity', endpoint: secure.endpoint, clientId: undefined }, { env });
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

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
