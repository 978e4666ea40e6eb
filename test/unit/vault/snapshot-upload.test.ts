import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '../../../src/config/secret.ts';
import type { Sending } from '../../../src/recovery/contract.ts';
import { uploadSnapshot } from '../../../src/vault/snapshot-upload.ts';
import { parseAddress, Transport } from '../../../src/vault/transport.ts';
import { failureOf, PLAIN_TLS } from '../../fakes/vault/client-of.ts';

const CHUNK = Buffer.alloc(1024 * 1024, 7);
const TOKEN = 'hvs.our-own-token';

interface Taken {
  bytes: number;
  url: string;
}

/** Takes so many bytes of an upload and then does that. */
async function serverThat(act: (server: Server, socket: Socket, taken: Taken) => void, after = 0) {
  const taken: Taken = { bytes: 0, url: '' };
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    taken.url = request.url ?? '';
    let hasActed = false;
    const step = () => {
      if (hasActed || taken.bytes < after) return;
      hasActed = true;
      request.pause();
      act(server, request.socket, taken);
    };
    request.on('data', (chunk: Buffer) => {
      taken.bytes += chunk.length;
      step();
    });
    request.on('error', () => undefined);
    request.on('end', () => {
      if (!hasActed) response.writeHead(204).end();
    });
    step();
  }).listen(0, '127.0.0.1');
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await once(server, 'listening');
  const transport = new Transport(parseAddress(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), PLAIN_TLS);
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { transport, taken };
}

function answer(status: number, ...errors: readonly string[]) {
  const body = JSON.stringify({ errors });
  return (_: Server, socket: Socket) => void socket.write(`HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

async function* archive(chunks: number) {
  for (let at = 0; at < chunks; at++) yield CHUNK;
}

function sending(chunks: number, changes: Partial<Sending> = {}): Sending {
  return { token: new Secret(TOKEN), bytes: chunks * CHUNK.length, isForced: false, stallTimeoutMs: 60_000, onProgress: () => undefined, ...changes };
}

const NEVER = new AbortController().signal;
// More than the buffers of two sockets hold.
const LARGE = 32;

describe('an upload', () => {
  it.each([
    { isForced: false, url: '/v1/sys/storage/raft/snapshot' },
    { isForced: true, url: '/v1/sys/storage/raft/snapshot-force' },
  ])('brings every byte to $url, and tells how far it is', async ({ isForced, url }) => {
    const { transport, taken } = await serverThat(() => undefined, Number.POSITIVE_INFINITY);
    const told: number[] = [];
    const sent = await uploadSnapshot(transport, archive(3), sending(3, { isForced, onProgress: (bytes) => told.push(bytes) }), NEVER);
    expect(sent).toBe('accepted');
    expect(taken).toEqual({ bytes: 3 * CHUNK.length, url });
    expect(told).toEqual([1, 2, 3].map((count) => count * CHUNK.length));
  });

  it.each([
    {
      status: 400,
      says: 'could not verify hash file, possibly the snapshot is using a different set of unseal keys',
      code: 'server_refused',
      advice: '--force',
    },
    { status: 500, says: 'failed to read snapshot file: unexpected EOF', code: 'server_refused', advice: 'nothing was changed' },
    { status: 500, says: 'read tcp 127.0.0.1: i/o timeout', code: 'upload_cut', advice: 'http_read_timeout' },
    { status: 403, says: `permission denied for ${TOKEN}`, code: 'vault_denied', advice: 'capabilities = ["update"]' },
    { status: 503, says: 'Vault is sealed', code: 'vault_sealed', advice: 'unseal' },
    { status: 307, says: '', code: 'vault_standby', advice: 'load balancer' },
  ])('is over with $code when the answer $status comes in the middle of it', async ({ status, says, code, advice }) => {
    const { transport } = await serverThat(answer(status, says), CHUNK.length);
    const error = await failureOf(uploadSnapshot(transport, archive(LARGE), sending(LARGE), NEVER), TOKEN);
    expect(error).toMatchObject({ code });
    expect(error.advice).toContain(advice);
  });

  it('that breaks early has changed nothing', async () => {
    const { transport } = await serverThat((_, socket) => void socket.resetAndDestroy(), CHUNK.length);
    expect(await failureOf(uploadSnapshot(transport, archive(LARGE), sending(LARGE), NEVER))).toMatchObject({ code: 'upload_cut' });
  });

  it('that breaks at its very end may have been taken', async () => {
    const { transport } = await serverThat((_, socket) => void socket.resetAndDestroy(), 2 * CHUNK.length);
    expect(await uploadSnapshot(transport, archive(2), sending(2), NEVER)).toBe('unanswered');
  });

  it('of which nothing is taken any more is given up', async () => {
    const { transport } = await serverThat(() => undefined, CHUNK.length);
    const error = await failureOf(uploadSnapshot(transport, archive(LARGE), sending(LARGE, { stallTimeoutMs: 300 }), NEVER));
    expect(error).toMatchObject({ code: 'upload_cut' });
    expect(error.message).toContain('took nothing for 0.3 s');
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const { transport } = await serverThat(() => stop.abort(reason), CHUNK.length);
    await expect(uploadSnapshot(transport, archive(LARGE), sending(LARGE), stop.signal)).rejects.toBe(reason);
  });

  it('to nobody fails as any call does', async () => {
    const { transport } = await serverThat(() => undefined);
    const nowhere = new Transport(parseAddress('http://127.0.0.1:1'), PLAIN_TLS);
    expect(await failureOf(uploadSnapshot(nowhere, archive(1), sending(1), NEVER))).toMatchObject({ code: 'vault_unreachable' });
    transport.close();
  });

  it('whose bytes cannot be read fails with that', async () => {
    const { transport } = await serverThat(() => undefined, Number.POSITIVE_INFINITY);
    const broken = async function* () {
      yield CHUNK;
      throw new Error('the spool is gone');
    };
    expect((await failureOf(uploadSnapshot(transport, broken(), sending(LARGE), NEVER))).message).toContain('the spool is gone');
  });
});
