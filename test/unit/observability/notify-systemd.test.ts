import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SystemdManager } from '../../../src/observability/notify-systemd.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';

// Says each datagram as one line of JSON, and closes the descriptors that come with it: that is how systemd confirms.
const LISTENER = `
import json, os, socket, sys
listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listening.bind(sys.argv[1])
print('"listening"', flush=True)
while True:
    message, descriptors, _, _ = socket.recv_fds(listening, 65536, 8)
    for descriptor in descriptors:
        os.close(descriptor)
    if not message.startswith(b'BARRIER='):
        print(json.dumps(message.decode()), flush=True)
`;

interface Listener {
  readonly path: string;
  next(): Promise<string>;
}

/** A real datagram socket, as systemd holds one. */
async function listen(): Promise<Listener> {
  const path = join(await scratchDirectory(), 'notify');
  const child: ChildProcess = spawn('python3', ['-c', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? '"ended"') as string;
  expect(await next()).toBe('listening');
  return { path, next };
}

const PID = 4711;
const { PATH } = process.env;

describe('SystemdManager', () => {
  it('says what happens, in the order it happens', async () => {
    const { path, next } = await listen();
    const manager = new SystemdManager({ env: { PATH, NOTIFY_SOCKET: path }, pid: PID });
    manager.status('took\nraft_snapshot-1.snap');
    manager.ready();
    manager.reloading();
    manager.ready();
    manager.stopping();
    const heard = [await next(), await next(), await next(), await next(), await next()];
    expect(heard.map((message) => message.trim())).toEqual([
      'STATUS=took raft_snapshot-1.snap',
      'READY=1',
      'RELOADING=1',
      'READY=1',
      'STOPPING=1\nSTATUS=stopping',
    ]);
  });

  it('lets the watchdog hear of progress, and of nothing without it', async () => {
    const { path, next } = await listen();
    const manager = new SystemdManager({ env: { PATH, NOTIFY_SOCKET: path, WATCHDOG_USEC: '20000', WATCHDOG_PID: String(PID) }, pid: PID });
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    let isAlive = true;
    let asked = 0;
    const askedAgain = Promise.withResolvers<void>();
    manager.watch(() => {
      asked += isAlive ? 0 : 1;
      if (asked === 3) askedAgain.resolve();
      return isAlive;
    }, stop.signal);
    expect((await next()).trim()).toBe('WATCHDOG=1');
    isAlive = false;
    await askedAgain.promise;
    manager.status('the last word');
    let heard = await next();
    while (heard.trim() === 'WATCHDOG=1') heard = await next();
    expect(heard.trim()).toBe('STATUS=the last word');
    await stopsBeating(stop, () => asked);
  });

  it.each([
    { name: 'no watchdog', env: {} },
    { name: 'the watchdog of another process', env: { WATCHDOG_USEC: '2000', WATCHDOG_PID: '1' } },
    { name: 'a watchdog without a limit', env: { WATCHDOG_USEC: '0' } },
  ])('does not count for $name', async ({ env }) => {
    const { path, next } = await listen();
    const manager = new SystemdManager({ env: { PATH, NOTIFY_SOCKET: path, ...env }, pid: PID });
    manager.watch(() => true, new AbortController().signal);
    await once(spawn('true'), 'exit');
    manager.status('all there is');
    expect((await next()).trim()).toBe('STATUS=all there is');
  });

  it('tells once that nobody hears it, and goes on', async () => {
    const missing = join(await scratchDirectory(), 'nobody');
    const manager = new SystemdManager({ env: { PATH, NOTIFY_SOCKET: missing }, pid: PID });
    manager.ready();
    manager.stopping();
    expect(String(await manager.lost)).toMatch(/systemd-notify/);
  });

  it('tells that systemd-notify is missing', async () => {
    const empty = await scratchDirectory();
    const manager = new SystemdManager({ env: { PATH: empty, NOTIFY_SOCKET: join(empty, 'notify') }, pid: PID });
    manager.ready();
    expect(String(await manager.lost)).toMatch(/ENOENT/);
  });

  it('starts no process where nobody listens', async () => {
    const directory = await scratchDirectory();
    // Anything started from here would be lost and told.
    await writeFile(join(directory, 'systemd-notify'), '#!/bin/false\n', { mode: 0o700 });
    const manager = new SystemdManager({ env: { PATH: directory }, pid: PID });
    manager.ready();
    const quiet = once(spawn('/bin/true'), 'exit').then(() => 'quiet');
    expect(await Promise.race([manager.lost, quiet])).toBe('quiet');
  });
});

/** After the end nobody is asked any more, however long one waits. */
async function stopsBeating(stop: AbortController, asked: () => number): Promise<void> {
  stop.abort();
  const before = asked();
  await once(spawn('true'), 'exit');
  expect(asked()).toBe(before);
}
