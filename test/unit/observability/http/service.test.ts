import { once } from 'node:events';
import { lstat, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { scratchDirectory } from '../../../fakes/scratch.ts';
import { Authority } from '../../../servers/certificates.ts';
import { at, fetchFrom, freePort, openDesk, silentClient } from './scene.ts';

const LOOPBACK = '127.0.0.1';

describe('the socket in the state directory', () => {
  it('answers from the start, to its own user alone, and is gone at the end', async () => {
    const { service, state, socket } = await openDesk();
    await service.serve({ listen: undefined, stateDirectory: state });
    expect((await fetchFrom({ socketPath: socket })).status).toBe(200);
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
    await service.close();
    await expect(lstat(socket)).rejects.toThrow('ENOENT');
  });

  it('is taken over from a process that was killed', async () => {
    const { service, state, socket, log } = await openDesk();
    const killed = createServer().listen(`${socket}.old`);
    await once(killed, 'listening');
    // A server removes its socket when it ends, a killed process does not: under another name it stays.
    await rename(`${socket}.old`, socket);
    killed.close();
    await once(killed, 'close');
    expect((await lstat(socket)).isSocket()).toBe(true);
    await service.serve({ listen: undefined, stateDirectory: state });
    expect((await fetchFrom({ socketPath: socket })).status).toBe(200);
    expect(log.lines).toEqual([]);
  });

  it('is left to the daemon that answers there; the other goes on without one and says so', async () => {
    const [first, second] = [await openDesk(), await openDesk()];
    await first.service.serve({ listen: undefined, stateDirectory: first.state });
    await second.service.serve({ listen: undefined, stateDirectory: first.state });
    expect(second.log.of('status_socket_failed').map(({ fields }) => fields.error)).toEqual([`${first.socket}: another process listens on it`]);
    await second.service.close();
    expect((await fetchFrom({ socketPath: first.socket })).status).toBe(200);
  });

  it('that another daemon has made in its place stays at the end', async () => {
    const [first, second] = [await openDesk(), await openDesk()];
    await first.service.serve({ listen: undefined, stateDirectory: first.state });
    await rm(first.socket);
    await second.service.serve({ listen: undefined, stateDirectory: first.state });
    await first.service.close();
    expect((await fetchFrom({ socketPath: first.socket })).status).toBe(200);
  });

  it('never replaces a file that is no socket', async () => {
    const { service, state, socket, log } = await openDesk();
    await writeFile(socket, 'precious');
    await service.serve({ listen: undefined, stateDirectory: state });
    expect(log.of('status_socket_failed')).toHaveLength(1);
    await service.close();
    expect(await readFile(socket, 'utf8')).toBe('precious');
  });

  it('does without where its path is too long for the kernel', async () => {
    const { service, state, log } = await openDesk();
    const deep = join(state, 'd'.repeat(120));
    await service.serve({ listen: undefined, stateDirectory: deep });
    expect(log.of('status_socket_failed')).toHaveLength(1);
  });
});

describe('listen', () => {
  it('refuses a port that is taken, by its name', async () => {
    const { service, state } = await openDesk();
    const port = await freePort();
    const other = createServer().listen(port, LOOPBACK);
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    await expect(service.serve({ listen: at(port), stateDirectory: state })).rejects.toMatchObject({
      code: 'listen_failed',
      message: `listen: ${LOOPBACK}:${port}: address already in use (EADDRINUSE)`,
    });
  });

  it.each([
    ['a name nobody has', { kind: 'tcp', host: 'nobody.invalid', port: 9217 }, /^listen: nobody\.invalid:9217: .*\(E/],
    ['a directory that is not there', { kind: 'unix', path: '/nonexistent/http.sock' }, /^listen: unix:\/nonexistent\/http\.sock: .*\(E/],
  ] as const)('refuses %s', async (_, place, message) => {
    const { service, state } = await openDesk();
    await expect(service.serve({ listen: { place, tls: undefined, token: undefined }, stateDirectory: state })).rejects.toMatchObject({
      code: 'listen_failed',
      message: expect.stringMatching(message),
    });
  });

  it('moves with a new configuration, and answers at the old address no more', async () => {
    const { service, state } = await openDesk();
    const [before, after] = [await freePort(), await freePort()];
    await service.serve({ listen: at(before), stateDirectory: state });
    await service.serve({ listen: at(after), stateDirectory: state });
    expect((await fetchFrom({ host: LOOPBACK, port: after })).status).toBe(200);
    await expect(fetchFrom({ host: LOOPBACK, port: before })).rejects.toThrow('ECONNREFUSED');
    await service.serve({ listen: undefined, stateDirectory: state });
    await expect(fetchFrom({ host: LOOPBACK, port: after })).rejects.toThrow('ECONNREFUSED');
  });

  it('stays where it was when the new address cannot be had', async () => {
    const { service, state } = await openDesk();
    const [mine, taken] = [await freePort(), await freePort()];
    const other = createServer().listen(taken, LOOPBACK);
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    await service.serve({ listen: at(mine), stateDirectory: state });
    await expect(service.serve({ listen: at(taken), stateDirectory: state })).rejects.toMatchObject({ code: 'listen_failed' });
    expect((await fetchFrom({ host: LOOPBACK, port: mine })).status).toBe(200);
  });

  it('makes a socket that its group may use too', async () => {
    const { service, state } = await openDesk();
    const path = join(state, 'http.sock');
    await service.serve({ listen: { place: { kind: 'unix', path }, tls: undefined, token: undefined }, stateDirectory: state });
    expect((await stat(path)).mode & 0o777).toBe(0o660);
    expect((await fetchFrom({ socketPath: path }, '/metrics')).status).toBe(200);
  });

  it('cuts off whoever is connected when it ends', { timeout: 15_000 }, async () => {
    const { service, state } = await openDesk();
    const port = await freePort();
    await service.serve({ listen: at(port), stateDirectory: state });
    const clients = [
      await silentClient({ host: LOOPBACK, port }),
      await silentClient({ host: LOOPBACK, port }, 'GET /metrics HTTP/1.1\r\nHost: x\r\n'),
      await silentClient({ path: join(state, 'status.sock') }, 'GET /status HTTP/1.1\r\nHost: x\r\n\r\n'),
    ];
    const closed = clients.map((client) => once(client.resume(), 'close'));
    // A connection that says nothing is given half a minute otherwise.
    await service.close();
    await Promise.all(closed);
  });
});

describe('with a certificate', () => {
  async function withAuthority() {
    const directory = await scratchDirectory();
    const authority = await Authority.create(directory);
    const issue = async (name: string) => {
      const { certFile, keyFile } = await authority.issue(name, { usage: 'server', names: ['IP:127.0.0.1'] });
      return { cert: certFile, key: keyFile };
    };
    return { directory, ca: await readFile(authority.caFile, 'utf8'), issue };
  }

  it('speaks TLS and nothing else', async () => {
    const { service, state } = await openDesk();
    const { ca, issue } = await withAuthority();
    const port = await freePort();
    await service.serve({ listen: at(port, { tls: await issue('one') }), stateDirectory: state });
    expect((await fetchFrom({ host: LOOPBACK, port, ca })).status).toBe(200);
    await expect(fetchFrom({ host: LOOPBACK, port })).rejects.toThrow();
  });

  it('shows the one that lies there at the last reload', async () => {
    const { service, state } = await openDesk();
    const { issue } = await withAuthority();
    const other = await withAuthority();
    const port = await freePort();
    const tls = await issue('one');
    await service.serve({ listen: at(port, { tls }), stateDirectory: state });
    const renewed = await other.issue('two');
    await writeFile(tls.cert, await readFile(renewed.cert));
    await writeFile(tls.key, await readFile(renewed.key));
    await expect(fetchFrom({ host: LOOPBACK, port, ca: other.ca })).rejects.toThrow();
    await service.serve({ listen: at(port, { tls }), stateDirectory: state });
    expect((await fetchFrom({ host: LOOPBACK, port, ca: other.ca })).status).toBe(200);
  });

  it('refuses a key that belongs to another one, and shows the old one on', async () => {
    const { service, state } = await openDesk();
    const { ca, issue } = await withAuthority();
    const port = await freePort();
    const [tls, other] = [await issue('one'), await issue('two')];
    await service.serve({ listen: at(port, { tls }), stateDirectory: state });
    const mixed = { cert: tls.cert, key: other.key };
    await expect(service.serve({ listen: at(port, { tls: mixed }), stateDirectory: state })).rejects.toMatchObject({
      code: 'listen_failed',
      message: expect.stringContaining(`listen.tls: ${mixed.cert} and ${mixed.key} cannot be used`),
    });
    expect((await fetchFrom({ host: LOOPBACK, port, ca })).status).toBe(200);
  });

  it('names a file that is not there', async () => {
    const { service, state } = await openDesk();
    const listen = at(await freePort(), { tls: { cert: '/nonexistent/tls.crt', key: '/nonexistent/tls.key' } });
    await expect(service.serve({ listen, stateDirectory: state })).rejects.toMatchObject({
      code: 'listen_failed',
      message: 'listen.tls: cannot read /nonexistent/tls.crt: no such file or directory (ENOENT)',
    });
  });

  it('goes from plain to TLS at the same address, and back', async () => {
    const { service, state } = await openDesk();
    const { ca, issue } = await withAuthority();
    const port = await freePort();
    const listen = at(port, { tls: await issue('one') });
    await service.serve({ listen: at(port), stateDirectory: state });
    await service.serve({ listen, stateDirectory: state });
    expect((await fetchFrom({ host: LOOPBACK, port, ca })).status).toBe(200);
    await service.serve({ listen: at(port), stateDirectory: state });
    expect((await fetchFrom({ host: LOOPBACK, port })).status).toBe(200);
  });
});
