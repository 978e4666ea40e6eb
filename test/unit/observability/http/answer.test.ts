import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { at, type Desk, fetchFrom, freePort, openDesk, silentClient } from './scene.ts';

const HOST = '127.0.0.1';

async function serve(): Promise<Desk & { readonly port: number }> {
  const desk = await openDesk();
  const port = await freePort();
  await desk.service.serve({ listen: at(port), stateDirectory: desk.state });
  return { ...desk, port };
}

describe('an answer', () => {
  it.each([
    ['/', 200, 'text/html; charset=utf-8', '<!doctype html>'],
    ['/page.css', 200, 'text/css; charset=utf-8', '{'],
    ['/page.js', 200, 'text/javascript; charset=utf-8', ''],
    ['/metrics', 200, 'text/plain; version=0.0.4; charset=utf-8', '# HELP vault_snapshotd_build_info'],
    ['/metrics?x=1', 200, 'text/plain; version=0.0.4; charset=utf-8', '# HELP'],
    ['/status', 200, 'application/json', '"last_snapshot_start": "2026-03-30T11:48:00.000Z"'],
    ['/-/healthy', 200, 'text/plain; charset=utf-8', 'alive'],
    ['/-/ready', 200, 'text/plain; charset=utf-8', 'ready'],
    ['/nothing', 404, 'text/plain; charset=utf-8', '/metrics'],
    ['//', 404, 'text/plain; charset=utf-8', ''],
    ['/../../etc/passwd', 404, 'text/plain; charset=utf-8', ''],
  ])('to %s is %i with its type, and lets a browser do nothing with it', async (path, status, type, says) => {
    const { port } = await serve();
    const { headers, body, ...heard } = await fetchFrom({ host: HOST, port }, path);
    expect(heard.status).toBe(status);
    expect(body).toContain(says);
    expect(headers).toMatchObject({
      'content-type': type,
      'content-length': String(Buffer.byteLength(body)),
      'content-security-policy': expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'/),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });

  it('to HEAD is the same without the body', async () => {
    const { port } = await serve();
    const [got, headed] = [await fetchFrom({ host: HOST, port }, '/metrics'), await fetchFrom({ host: HOST, port }, '/metrics', {}, 'HEAD')];
    expect(headed).toMatchObject({ status: 200, body: '' });
    expect(headed.headers['content-length']).toBe(got.headers['content-length']);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('to %s is no', async (method) => {
    const { port } = await serve();
    expect(await fetchFrom({ host: HOST, port }, '/status', {}, method)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('says when nothing moves any more, and before the first look at Vault', async () => {
    const { port, turn } = await serve();
    Object.assign(turn, { isAlive: false, isReady: false });
    expect((await fetchFrom({ host: HOST, port }, '/-/healthy')).status).toBe(503);
    expect((await fetchFrom({ host: HOST, port }, '/-/ready')).status).toBe(503);
  });

  it('is 500 where a fault of ours is in the way, and the journal has it', async () => {
    const { port, turn, log } = await serve();
    turn.isBroken = true;
    expect(await fetchFrom({ host: HOST, port }, '/metrics')).toMatchObject({ status: 500, body: 'the journal says what went wrong\n' });
    expect(log.of('answer_failed')[0]?.fields).toMatchObject({ path: '/metrics', error: 'TypeError: a fault of ours' });
    expect((await fetchFrom({ host: HOST, port }, '/-/healthy')).status).toBe(200);
  });
});

describe('a client', () => {
  it('that says its headers word by word is cut off', { timeout: 40_000 }, async () => {
    const { port } = await serve();
    const client = await silentClient({ host: HOST, port }, 'GET /status HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    await once(client.resume(), 'close');
  });

  it('that is refused for its headers gets an answer, not the daemon', async () => {
    const { port } = await serve();
    const client = await silentClient({ host: HOST, port }, `GET /status HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);
    const [chunk] = (await once(client, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('431');
    expect((await fetchFrom({ host: HOST, port })).status).toBe(200);
  });

  it.each([
    ['not HTTP at all', '\x16\x03\x01\x02\x00\x01\x00'],
    ['a line without an end', 'G'.repeat(100)],
  ])('that says %s harms nobody else', async (_, says) => {
    const { port } = await serve();
    await silentClient({ host: HOST, port }, says);
    expect((await fetchFrom({ host: HOST, port })).status).toBe(200);
  });

  it('beyond the 64th is turned away, and the socket of the state directory answers on', async () => {
    const { port, socket } = await serve();
    const clients = await Promise.all(Array.from({ length: 64 }, () => silentClient({ host: HOST, port })));
    expect(new Set(clients.map((client) => (client.address() as AddressInfo).port)).size).toBe(64);
    const late = await Promise.all(Array.from({ length: 136 }, () => silentClient({ host: HOST, port })));
    await Promise.all(late.map((client) => client.destroyed || once(client.resume(), 'close')));
    expect((await fetchFrom({ socketPath: socket })).status).toBe(200);
    for (const client of clients) client.destroy();
    await expect.poll(async () => (await fetchFrom({ host: HOST, port }).catch(() => undefined))?.status).toBe(200);
  });
});
