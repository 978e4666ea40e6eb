import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startConnectProxy } from '../../../fakes/gcs/connect-proxy.ts';
import { scratchDirectory } from '../../../fakes/scratch.ts';
import { answer, cut, dripBody, hang, WebReceiver } from '../../../fakes/web-receiver.ts';
import { Authority } from '../../../servers/certificates.ts';
import { aNotifier, began, ended, LEADS, taken } from './scene.ts';

const SECRET = 'e5c1f9d4';

async function ping(web: { readonly address: string }, changes: Parameters<typeof aNotifier>[1] = {}, notify: object = {}) {
  const scene = await aNotifier({ healthchecks: `${web.address}/${SECRET}`, ...notify }, changes);
  scene.tell(LEADS, ended(taken('local')));
  await scene.notifier.close();
  return scene;
}

describe('a server that does not do as it should', () => {
  it('is asked again after 1, 2, 4, 8 and 16 seconds, then given up with one warning', async () => {
    const web = await WebReceiver.start();
    web.manners = [answer(500)];
    const { waits, log, told } = await ping(web);
    expect(web.received).toHaveLength(6);
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
    expect(told).toEqual([{ kind: 'pinged', ok: false }]);
    const host = new URL(web.address).host;
    expect(log.of('ping_failed').map(({ level, fields }) => [level, fields.error])).toEqual([['warn', `${host}: answered 500`]]);
  });

  it('has it when a later try works, and nothing is warned of', async () => {
    const web = await WebReceiver.start();
    web.manners = [answer(503), cut, answer(200)];
    const { log, told } = await ping(web);
    expect(web.received).toHaveLength(3);
    expect(told).toEqual([{ kind: 'pinged', ok: true }]);
    expect(log.messages('warn')).toEqual([]);
  });

  it('is given the time it asks for', async () => {
    const web = await WebReceiver.start();
    web.manners = [answer(429, { 'retry-after': '30' }), answer(200)];
    const { waits } = await ping(web);
    expect(waits).toEqual([30_000]);
  });

  it.each([400, 401, 404, 409])('is not asked again what it will never take: %i', async (status) => {
    const web = await WebReceiver.start();
    web.manners = [answer(status)];
    const { log, waits } = await ping(web);
    expect(waits).toEqual([]);
    expect(log.of('ping_failed')[0]?.fields).toMatchObject({ code: 'notify_refused', about: 'taken', round: 'r1', target: 'healthchecks' });
  });

  it('is not followed elsewhere with the secret', async () => {
    const [web, other] = await Promise.all([WebReceiver.start(), WebReceiver.start()]);
    web.manners = [answer(302, { location: other.address })];
    const { log } = await ping(web);
    expect(other.received).toEqual([]);
    expect(log.of('ping_failed')[0]?.fields.advice).toBe('write the address that it leads to: no redirect is followed with a secret');
  });

  it.each([
    ['OK (not found)', 1],
    ['OK (rate limited)', 6],
  ])('is believed when its 200 says %s', async (text, tries) => {
    const web = await WebReceiver.start();
    web.manners = [answer(200, {}, text)];
    const { told } = await ping(web);
    expect(web.received).toHaveLength(tries);
    expect(told).toEqual([{ kind: 'pinged', ok: false }]);
  });

  it.each([
    ['hangs', hang],
    ['never ends its answer', dripBody],
  ])('is given up after its time when it %s', async (_, manner) => {
    const web = await WebReceiver.start();
    web.manners = [manner, answer(200)];
    const { told, waits } = await ping(web, { options: { limitMs: 100 } });
    expect(waits).toEqual([1_000]);
    expect(told).toEqual([{ kind: 'pinged', ok: true }]);
  });

  it('may send a body without end', async () => {
    const web = await WebReceiver.start();
    web.manners = [(outgoing) => void outgoing.writeHead(200).write('x'.repeat(1_000_000))];
    expect((await ping(web)).told).toEqual([{ kind: 'pinged', ok: true }]);
  });

  it('is not there at all', async () => {
    const { log } = await ping({ address: 'http://127.0.0.1:1' });
    expect(log.of('ping_failed')[0]?.fields.error).toMatch(/^127\.0\.0\.1:1: ECONNREFUSED: /);
  });
});

describe('the address', () => {
  it.each([answer(500), answer(404), answer(301, { location: `/${SECRET}` }), cut])('stands in no line of the log: %#', async (manner) => {
    const web = await WebReceiver.start();
    web.manners = [manner];
    const { log } = await ping(web);
    expect(log.lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(log.lines)).not.toContain(SECRET);
  });

  it('out of a file is read at each try, and may be wrong', async () => {
    const web = await WebReceiver.start();
    const file = join(await scratchDirectory(), 'address');
    await writeFile(file, 'no address', { mode: 0o600 });
    const { notifier, tell, told, log } = await aNotifier({ healthchecks: { file } });
    tell(LEADS, ended(taken('local'), 'r1'));
    await notifier.close();
    await writeFile(file, `${web.address}/${SECRET}\n`);
    tell(ended(taken('local'), 'r2'));
    await notifier.close();
    expect(told).toEqual([
      { kind: 'pinged', ok: false },
      { kind: 'pinged', ok: true },
    ]);
    expect(log.of('ping_failed')[0]?.fields).toMatchObject({
      code: 'notify_refused',
      error: 'what the configuration refers to is no address of http or https',
    });
  });

  it('that cannot be read now is tried again', async () => {
    const { waits, log } = await ping({ address: 'http://127.0.0.1:1' }, {}, { healthchecks: { env: 'NOWHERE' } });
    expect(waits).toHaveLength(5);
    expect(log.of('ping_failed')[0]?.fields.code).toBe('secret_unavailable');
  });
});

describe('TLS', () => {
  it('refuses a server of an authority nobody knows, and takes it with "ca_cert"', async () => {
    const directory = await scratchDirectory();
    const authority = await Authority.create(directory);
    const { certFile, keyFile } = await authority.issue('web', { usage: 'server', names: ['IP:127.0.0.1'] });
    const web = await WebReceiver.start({ cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') });
    const { log } = await ping(web);
    expect(log.of('ping_failed')[0]?.fields.error).toContain('UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
    expect(web.received).toEqual([]);
    expect((await ping(web, {}, { ca_cert: authority.caFile })).told).toEqual([{ kind: 'pinged', ok: true }]);
    expect((await ping(web, {}, { ca_cert: join(directory, 'none') })).log.of('ping_failed')[0]?.fields.code).toBe('notify_refused');
  });
});

describe('a proxy of the environment', () => {
  it('is gone through', async () => {
    const web = await WebReceiver.start();
    const proxy = await startConnectProxy({ 'hc.example:80': web.address });
    const { told } = await ping({ address: 'http://hc.example' }, { options: { env: { http_proxy: proxy.address } } });
    expect(proxy.asked).toEqual(['hc.example:80']);
    expect(told).toEqual([{ kind: 'pinged', ok: true }]);
  });

  it('that hangs is given up after the time of one request', async () => {
    const proxy = createServer();
    let asked = 0;
    proxy.on('connection', (socket) => {
      asked++;
      // Read, or the end of the connection would never be seen.
      socket.resume().on('error', () => undefined);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const { told } = await ping({ address: 'http://hc.example' }, { options: { env: { http_proxy: `http://127.0.0.1:${port}` }, limitMs: 50 } });
    expect(told).toEqual([{ kind: 'pinged', ok: false }]);
    // Ends only when nobody is connected any more: a connection left behind would keep the process from its end.
    await new Promise((closed) => proxy.close(closed));
    expect(asked).toBe(6);
  });
});

describe('what waits', () => {
  it('goes out one after the other, and a slow address holds up no other', async () => {
    const [slow, quick] = await Promise.all([WebReceiver.start(), WebReceiver.start()]);
    slow.manners = [hang];
    const { notifier, tell } = await aNotifier({ healthchecks: slow.address, ping_success: quick.address }, { closeGraceMs: 0 });
    tell(LEADS, began(), ended(taken('local')));
    await Promise.all([slow.until(1), quick.until(1)]);
    await notifier.close();
    expect(slow.lines).toEqual(['POST //start?rid=r1'.replace('//', '/')]);
  });

  it('never piles up: the oldest are given up', async () => {
    const web = await WebReceiver.start();
    web.manners = [hang];
    const { notifier, tell, told, log } = await aNotifier({ healthchecks: web.address }, { closeGraceMs: 0 });
    tell(LEADS);
    for (let round = 1; round <= 100; round++) tell(ended(taken('local'), `r${round}`));
    expect(told).toHaveLength(80);
    expect(log.of('ping_failed')[0]?.fields).toMatchObject({ round: 'r1', error: '20 newer ones wait already' });
    await notifier.close();
    expect(told).toHaveLength(100);
  });

  it('gets its time at the end, and no more', async () => {
    const web = await WebReceiver.start();
    web.manners = [hang];
    const { notifier, tell, told } = await aNotifier({ healthchecks: web.address }, { closeGraceMs: 50 });
    tell(LEADS, began(), ended(taken('local')));
    await notifier.close();
    expect(told).toEqual([
      { kind: 'pinged', ok: false },
      { kind: 'pinged', ok: false },
    ]);
  });

  it('is warned of once a round, and again in the next', async () => {
    const web = await WebReceiver.start();
    web.manners = [answer(404)];
    const { notifier, tell, log } = await aNotifier({ healthchecks: web.address });
    tell(LEADS, began('r1'), ended(taken('local'), 'r1'), began('r2'), ended(taken('local'), 'r2'));
    await notifier.close();
    expect(log.of('ping_failed').map(({ level, fields }) => [level, fields.round])).toEqual([
      ['warn', 'r1'],
      ['debug', 'r1'],
      ['warn', 'r2'],
      ['debug', 'r2'],
    ]);
  });
});
