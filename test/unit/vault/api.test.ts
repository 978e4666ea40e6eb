import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import { createApi } from '../../../src/vault/api.ts';
import { parseAddress, Transport } from '../../../src/vault/transport.ts';
import { failureOf, PLAIN_TLS } from '../../fakes/vault/client-of.ts';
import { type FakeServer, type Script, startHttpVault, startRawVault } from '../../fakes/vault/http-vault.ts';

const TOKEN = 'hvs.averysecrettoken0123456789';
const servers: FakeServer[] = [];
const NEVER = new AbortController().signal;

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(script: Script): Promise<FakeServer> {
  const server = await startHttpVault(script);
  servers.push(server);
  return server;
}

function apiOf(address: string, deadlineMs?: number) {
  const dates: Date[] = [];
  const transport = new Transport(parseAddress(address), PLAIN_TLS);
  const api = createApi({ transport, onDate: (date) => dates.push(date), ...(deadlineMs === undefined ? {} : { deadlineMs }) });
  const read = (path = 'auth/token/lookup-self', signal = NEVER) => api.call({ method: 'GET', path, token: new Secret(TOKEN) }, signal);
  return { api, read, dates, transport };
}

describe('a JSON call', () => {
  it('sends token, namespace and body, and returns the answer with its text', async () => {
    const server = await serve(() => ({ status: 200, json: { data: 1 } }));
    const { api, dates } = apiOf(`${server.address}/`);
    const answer = await api.call({ method: 'POST', path: 'auth/x/login', token: new Secret(TOKEN), namespace: 'a/b', body: { k: 'v' } }, NEVER);
    expect(answer).toEqual({ json: { data: 1 }, text: '{"data":1}' });
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: 'auth/x/login', json: { k: 'v' } });
    expect(request?.headers).toMatchObject({ 'x-vault-token': TOKEN, 'x-vault-namespace': 'a/b', 'content-type': 'application/json' });
    expect(dates).toHaveLength(1);
  });

  it('sends neither token nor namespace that it was not given', async () => {
    const server = await serve(() => ({ status: 200, json: {} }));
    await apiOf(server.address).api.call({ method: 'GET', path: 'sys/leader' }, NEVER);
    expect(Object.keys(server.requests[0]?.headers ?? {}).filter((name) => name.startsWith('x-vault'))).toEqual(['x-vault-request']);
  });

  it.each(['', '/', '//', '/base', '/base/'])('joins an address that ends in "%s" with one slash', async (end) => {
    const seen: (string | undefined)[] = [];
    const server = await serve((_request, response) => {
      seen.push(response.req.url);
      return { status: 200, json: {} };
    });
    await apiOf(`${server.address}${end}`).read('sys/leader');
    expect(seen).toEqual([end.startsWith('/base') ? '/base/v1/sys/leader' : '/v1/sys/leader']);
  });

  it('does not follow a redirect: the other host never sees the token', async () => {
    const other = await serve(() => ({ status: 200, json: {} }));
    const server = await serve(() => ({ status: 307, headers: { Location: `${other.address}/v1/sys/leader` } }));
    const error = await failureOf(apiOf(server.address).read(), TOKEN);
    expect(error.code).toBe('vault_standby');
    expect(other.requests).toEqual([]);
  });

  it.each([
    { name: 'a page', reply: { status: 200, text: '<!DOCTYPE html><html>login</html>' }, code: 'vault_bad_answer' },
    { name: 'no object', reply: { status: 200, text: '[1]' }, code: 'vault_bad_answer' },
    { name: 'half an answer', reply: { status: 200, text: `{"token":"${TOKEN}` }, code: 'vault_bad_answer' },
    { name: 'an echo of the token', reply: { status: 500, json: { errors: [`bad token ${TOKEN}`] } }, code: 'vault_error' },
    { name: 'a page with the token', reply: { status: 502, text: `<html>${TOKEN}</html>` }, code: 'vault_bad_answer' },
  ])('translates $name and prints no secret', async ({ reply, code }) => {
    const server = await serve(() => reply);
    expect((await failureOf(apiOf(server.address).read(), TOKEN)).code).toBe(code);
  });

  it('prints no secret of a login that a proxy echoes', async () => {
    const server = await serve(({ json }) => ({ status: 400, json: { errors: [`cannot use ${JSON.stringify(json)}`] } }));
    const call = { method: 'POST', path: 'auth/approle/login', body: { role_id: 'r', secret_id: 'very-secret-id' } } as const;
    const error = await failureOf(apiOf(server.address).api.call(call, NEVER), 'very-secret-id');
    expect(error.message).toContain('[secret]');
  });

  it('refuses an answer without end', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200);
      const more = () => response.write(Buffer.alloc(256 * 1024, ' '), () => setImmediate(more));
      more();
      return undefined;
    });
    expect((await failureOf(apiOf(server.address).read())).code).toBe('vault_bad_answer');
  });

  it('ends at its deadline although bytes keep trickling', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(drip));
      return undefined;
    });
    const error = await failureOf(apiOf(server.address, 200).read(), TOKEN);
    expect(error.code).toBe('vault_unreachable');
    expect(error.message).toContain('no whole answer within 0.2 s');
    await server.closedConnections(1);
  });

  it('ends with the reason of the signal and closes the connection', async () => {
    const stop = new AbortController();
    const server = await serve(() => {
      stop.abort(new Error('enough'));
      return undefined;
    });
    await expect(apiOf(server.address).read('sys/leader', stop.signal)).rejects.toThrow('enough');
    await server.closedConnections(1);
  });

  it.each([
    { name: 'a length that lies', bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{}', code: 'vault_unreachable' },
    { name: 'no HTTP at all', bytes: 'SSH-2.0-OpenSSH_9.2\r\n', code: 'vault_bad_answer' },
    { name: 'a hang-up', bytes: '', code: 'vault_unreachable' },
  ])('translates $name', async ({ bytes, code }) => {
    const server = await startRawVault((socket) => socket.end(bytes));
    servers.push(server);
    expect((await failureOf(apiOf(server.address).read(), TOKEN)).code).toBe(code);
  });

  it('asks again over a new connection when Vault has closed the kept one', async () => {
    let asked = 0;
    const server = await startRawVault((socket) => {
      asked += 1;
      socket.write('HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}');
      // The next request on this connection is met by a reset, as after a restart.
      socket.on('data', () => socket.resetAndDestroy());
    });
    servers.push(server);
    const { read } = apiOf(server.address);
    await read();
    await expect(read()).resolves.toEqual({ json: {}, text: '{}' });
    expect(asked).toBe(2);
  });

  it('says what is refused when nothing listens', async () => {
    const server = await serve(() => undefined);
    await server.close();
    const error = await failureOf(apiOf(server.address).read(), TOKEN);
    expect(error.code).toBe('vault_unreachable');
    expect(error.message).toBe(`vault: ${server.address}: ECONNREFUSED`);
    servers.length = 0;
  });
});
