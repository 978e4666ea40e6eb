import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Outgoing, parseAddress, Transport } from '../../../src/vault/transport.ts';
import { PLAIN_TLS } from '../../fakes/vault/client-of.ts';

const NEVER = new AbortController().signal;

/** A server that keeps connections, and what it was asked on which of them, counted from 1. */
async function serverThat(act: (request: IncomingMessage, response: ServerResponse, isFirst: boolean) => void) {
  const asked: string[] = [];
  const numbers = new Map<unknown, number>();
  const server = createServer((request, response) => {
    const isFirst = !numbers.has(request.socket);
    const number = numbers.get(request.socket) ?? numbers.size + 1;
    numbers.set(request.socket, number);
    asked.push(`${request.method} ${number}`);
    request.resume().once('end', () => act(request, response, isFirst));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const transport = new Transport(parseAddress(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), PLAIN_TLS);
  onTestFinished(() => transport.close());
  const send = async (method: Outgoing['method'] = 'GET') => {
    const body = method === 'POST' ? '{}' : undefined;
    const response = await transport.send({ method, url: `${transport.endpoint.base}/v1/x`, headers: {}, body }, NEVER);
    for await (const _ of response);
    return response.statusCode;
  };
  return { asked, send };
}

/** As after a restart: who was served before on a connection, is not any more. */
const onceEach = (request: IncomingMessage, response: ServerResponse, isFirst: boolean) => {
  if (isFirst) response.end('{}');
  else request.socket.resetAndDestroy();
};

describe('a connection that was kept', () => {
  it('serves the next question', async () => {
    const { asked, send } = await serverThat((_, response) => void response.end('{}'));
    await send();
    await send('DELETE');
    expect(asked).toEqual(['GET 1', 'DELETE 1']);
  });

  it.each(['GET', 'DELETE'] as const)('and is dead costs a %s a second try', async (method) => {
    const { asked, send } = await serverThat(onceEach);
    await send();
    expect(await send(method)).toBe(200);
    expect(asked).toEqual(['GET 1', `${method} 1`, `${method} 2`]);
  });

  it('and is dead costs one more try, also where several are', async () => {
    const { asked, send } = await serverThat(onceEach);
    await Promise.all([send(), send()]);
    expect(await send()).toBe(200);
    expect(asked).toEqual(['GET 1', 'GET 2', expect.stringMatching(/^GET [12]$/), 'GET 3']);
  });

  it('is never trusted with what must not come twice', async () => {
    const { asked, send } = await serverThat(onceEach);
    await send();
    expect(await send('POST')).toBe(200);
    expect(await send('POST')).toBe(200);
    expect(asked).toEqual(['GET 1', 'POST 2', 'POST 3']);
  });
});

it.each(['GET', 'POST'] as const)('sends a %s once over a connection of its own, whatever becomes of the answer', async (method) => {
  const { asked, send } = await serverThat((request) => void request.socket.resetAndDestroy());
  await expect(send(method)).rejects.toMatchObject({ code: 'vault_unreachable' });
  expect(asked).toEqual([`${method} 1`]);
});
