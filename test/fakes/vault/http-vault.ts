import { createServer as createPlain, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import { type AddressInfo, createServer as createSocket, type Server, type Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly json: Readonly<Record<string, unknown>>;
}

/** What a script answers: status and JSON, or a text as it is. Undefined: the script has answered by itself. */
export type Reply =
  | { readonly status: number; readonly json?: unknown; readonly text?: string | Uint8Array; readonly headers?: Record<string, string> }
  | undefined;

export type Script = (request: Recorded, response: ServerResponse) => Reply | Promise<Reply>;

/** A server in Vault's place that does what a script says, and remembers what it was asked. */
export interface FakeServer {
  readonly address: string;
  readonly port: number;
  readonly requests: readonly Recorded[];
  /** Resolves when so many connections have been closed by the other side or by us. */
  closedConnections(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startHttpVault(script: Script, tls?: SecureContextOptions & { readonly requestCert?: boolean }): Promise<FakeServer> {
  const requests: Recorded[] = [];
  const listener: RequestListener = (request, response) => {
    void answer(request, response, script, requests);
  };
  const server = tls === undefined ? createPlain(listener) : createTls(tls, listener);
  return await listen(server, tls === undefined ? 'http' : 'https', requests);
}

/** One that speaks no HTTP by itself: the script writes the bytes. */
export async function startRawVault(script: (socket: Socket) => void): Promise<FakeServer> {
  const server = createSocket((socket) => {
    socket.once('data', () => script(socket));
  });
  return await listen(server, 'http', []);
}

async function answer(request: IncomingMessage, response: ServerResponse, script: Script, requests: Recorded[]): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  const path = (request.url ?? '').replace(/^.*\/v1\//, '');
  const recorded = { method: request.method ?? '', path, headers: request.headers, json: body === '' ? {} : JSON.parse(body) };
  requests.push(recorded);
  const reply = await script(recorded, response);
  if (reply === undefined) return;
  response.writeHead(reply.status, { 'Content-Type': reply.text === undefined ? 'application/json' : 'text/html', ...reply.headers });
  response.end(reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json)));
}

async function listen(server: Server, scheme: 'http' | 'https', requests: Recorded[]): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  let closed = 0;
  let tell = (): void => undefined;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      closed += 1;
      tell();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `${scheme}://127.0.0.1:${port}`,
    port,
    requests,
    closedConnections: (count) =>
      new Promise((resolve) => {
        tell = () => {
          if (closed >= count) resolve();
        };
        tell();
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
