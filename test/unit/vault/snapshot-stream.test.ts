import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import { openSnapshotStream } from '../../../src/vault/snapshot-stream.ts';
import { parseAddress, Transport } from '../../../src/vault/transport.ts';
import { failureOf, PLAIN_TLS } from '../../fakes/vault/client-of.ts';
import { type FakeServer, type Script, startHttpVault, startRawVault } from '../../fakes/vault/http-vault.ts';

const TOKEN = 'hvs.averysecrettoken0123456789';
const ARCHIVE = gzipSync(Buffer.from(Array.from({ length: 300_000 }, (_, at) => `${at * 7919}`).join(' ')), { level: 0 });
const CHUNKED = 'HTTP/1.1 200 OK\r\nContent-Type: application/gzip\r\nTransfer-Encoding: chunked\r\n\r\n';
const NEVER = new AbortController().signal;
const servers: FakeServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(script: Script): Promise<FakeServer> {
  const server = await startHttpVault(script);
  servers.push(server);
  return server;
}

async function serveBytes(script: (socket: Socket) => void): Promise<FakeServer> {
  const server = await startRawVault(script);
  servers.push(server);
  return server;
}

function open(address: string, limits: { stallTimeoutMs?: number; firstByteTimeoutMs?: number } = {}, signal = NEVER) {
  const transport = new Transport(parseAddress(address), PLAIN_TLS);
  return openSnapshotStream({ transport, token: new Secret(TOKEN), stallTimeoutMs: 30_000, ...limits }, signal);
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return chunks;
}

function asChunk(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

describe('the stream of a snapshot', () => {
  it('hands on every byte, in large chunks', async () => {
    const server = await serve((_request, response) => {
      for (let at = 0; at < ARCHIVE.length; at += 15_000) response.write(ARCHIVE.subarray(at, at + 15_000));
      response.end();
      return undefined;
    });
    const chunks = await drain(await open(server.address));
    expect(Buffer.concat(chunks).equals(ARCHIVE)).toBe(true);
    expect(chunks.slice(0, -1).every((chunk) => chunk.length >= 256 * 1024)).toBe(true);
    await server.closedConnections(1);
  });

  it('asks with the token, for the bytes as they are, and never names a namespace', async () => {
    const server = await serve((_request, response) => {
      response.end(ARCHIVE);
      return undefined;
    });
    await drain(await open(server.address));
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: 'sys/storage/raft/snapshot' });
    expect(server.requests[0]?.headers).toMatchObject({ 'x-vault-token': TOKEN, 'accept-encoding': 'identity', connection: 'close' });
    expect(server.requests[0]?.headers).not.toHaveProperty('x-vault-namespace');
  });

  it.each([
    { name: 'a sealed Vault', reply: { status: 503, json: { errors: ['Vault is sealed'] } }, code: 'vault_sealed' },
    { name: 'a refused token', reply: { status: 403, json: { errors: [`permission denied for ${TOKEN}`] } }, code: 'vault_denied' },
    { name: 'another storage', reply: { status: 404, json: { errors: [] } }, code: 'vault_not_raft' },
    { name: 'a page with status 200', reply: { status: 200, text: '<html>welcome</html>' }, code: 'vault_bad_answer' },
    { name: 'JSON with status 200', reply: { status: 200, json: { data: {} } }, code: 'vault_bad_answer' },
    { name: 'nothing with status 200', reply: { status: 200, text: '' }, code: 'vault_cut' },
    { name: 'an archive packed twice', reply: { status: 200, text: '', headers: { 'Content-Encoding': 'gzip' } }, code: 'vault_bad_answer' },
    { name: 'a page of a proxy', reply: { status: 502, text: '<html>bad gateway</html>' }, code: 'vault_bad_answer' },
  ])('refuses $name and closes the connection', async ({ reply, code }) => {
    const server = await serve(() => reply);
    expect((await failureOf(open(server.address), TOKEN)).code).toBe(code);
    await server.closedConnections(1);
  });

  it('lets go of a refused answer that would never end', async () => {
    const server = await serve((_request, response) => {
      response.write('{"data":');
      return undefined;
    });
    expect((await failureOf(open(server.address), TOKEN)).code).toBe('vault_bad_answer');
    await server.closedConnections(1);
  });

  it('does not follow a standby: the leader never sees the token', async () => {
    const leader = await serve(() => ({ status: 200, json: {} }));
    const server = await serve(() => ({ status: 307, headers: { Location: `${leader.address}/v1/sys/storage/raft/snapshot` } }));
    expect((await failureOf(open(server.address), TOKEN)).code).toBe('vault_standby');
    expect(leader.requests).toEqual([]);
  });

  it('tells a connection that was cut', async () => {
    const server = await serveBytes((socket) => {
      socket.end(Buffer.concat([Buffer.from(CHUNKED), asChunk(ARCHIVE.subarray(0, 400_000))]));
    });
    const stream = await open(server.address);
    expect((await failureOf(drain(stream), TOKEN)).code).toBe('vault_cut');
  });

  it('tells a connection that was reset', async () => {
    const server = await serveBytes((socket) => {
      socket.write(Buffer.concat([Buffer.from(CHUNKED), asChunk(ARCHIVE.subarray(0, 400_000))]), () => socket.resetAndDestroy());
    });
    const work = async () => drain(await open(server.address));
    expect((await failureOf(work(), TOKEN)).code).toBe('vault_cut');
  });

  it('tells a length that lies', async () => {
    const server = await serveBytes((socket) => {
      socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${ARCHIVE.length + 5}\r\n\r\n`), ARCHIVE]));
    });
    const work = async () => drain(await open(server.address));
    expect((await failureOf(work(), TOKEN)).code).toBe('vault_cut');
  });

  it('ends as stalled when Vault falls silent, and closes the connection', async () => {
    const server = await serveBytes((socket) => {
      socket.write(Buffer.concat([Buffer.from(CHUNKED), asChunk(ARCHIVE.subarray(0, 1000))]));
    });
    const stream = await open(server.address, { stallTimeoutMs: 100 });
    expect((await failureOf(drain(stream), TOKEN)).code).toBe('vault_stalled');
    await server.closedConnections(1);
  });

  it('ends as stalled when no first byte comes, and has more patience for that one', async () => {
    const server = await serve(() => undefined);
    const error = await failureOf(open(server.address, { firstByteTimeoutMs: 100, stallTimeoutMs: 1 }), TOKEN);
    expect(error.code).toBe('vault_stalled');
    expect(error.message).toContain('nothing within 0.1 s');
    await server.closedConnections(1);
  });

  it('lets a slow drip take its time', async () => {
    const server = await serve((_request, response) => {
      const step = Math.ceil(ARCHIVE.length / 25);
      let at = 0;
      const drip = setInterval(() => {
        response.write(ARCHIVE.subarray(at, at + step));
        at += step;
        if (at >= ARCHIVE.length) {
          clearInterval(drip);
          response.end();
        }
      }, 100);
      return undefined;
    });
    const chunks = await drain(await open(server.address, { stallTimeoutMs: 2000 }));
    expect(Buffer.concat(chunks).equals(ARCHIVE)).toBe(true);
  });

  it('does not count the time its reader takes', async () => {
    const server = await serve((_request, response) => {
      response.end(ARCHIVE);
      return undefined;
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const stream = await open(server.address, { stallTimeoutMs: 400 });
    let bytes = 0;
    for await (const chunk of stream) {
      if (bytes === 0) await vi.advanceTimersByTimeAsync(3_600_000);
      bytes += chunk.length;
    }
    expect(bytes).toBe(ARCHIVE.length);
  });

  it('closes the connection when its reader ends early, begun or not', async () => {
    const server = await serve((_request, response) => {
      response.write(ARCHIVE);
      return undefined;
    });
    for await (const _chunk of await open(server.address)) break;
    await server.closedConnections(1);
    const unread = await open(server.address);
    await unread[Symbol.asyncIterator]().return?.();
    await server.closedConnections(2);
  });

  it.each(['before the answer', 'between two chunks', 'while waiting for a chunk'])('ends with the reason of the signal %s', async (moment) => {
    const stop = new AbortController();
    const reason = new Error('told to stop');
    const server = await serve((_request, response) => {
      if (moment === 'before the answer') stop.abort(reason);
      else response.write(ARCHIVE.subarray(0, 300_000));
      return undefined;
    });
    const work = async () => {
      const iterator = (await open(server.address, {}, stop.signal))[Symbol.asyncIterator]();
      await iterator.next();
      if (moment === 'between two chunks') stop.abort(reason);
      const next = iterator.next();
      stop.abort(reason);
      await next;
      await iterator.next();
    };
    await expect(work()).rejects.toBe(reason);
    await server.closedConnections(1);
  });
});
