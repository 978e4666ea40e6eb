import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Certificate } from '../../servers/certificates.ts';

/** Gives tokens `token-1`, `token-2`, … to whoever asks: Google's token service, that for federations, and the metadata server of a machine. */
export class TokenServer {
  /** Method and path of each request, with its body. */
  readonly asked: string[] = [];
  refusal: { readonly status: number; readonly body: string } | undefined;
  isSilent = false;
  /** Of the next tokens. */
  lifeSeconds = 3600;
  readonly address: string;
  readonly #server: Server;
  #tokens = 0;

  private constructor(server: Server, scheme: string) {
    this.#server = server;
    this.address = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => void this.#serve(incoming, outgoing).catch(() => outgoing.destroy()));
  }

  static async start(tls?: Certificate): Promise<TokenServer> {
    const server = tls === undefined ? createServer() : createTlsServer({ cert: await readFile(tls.certFile), key: await readFile(tls.keyFile) });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const tokens = new TokenServer(server, tls === undefined ? 'http' : 'https');
    onTestFinished(() => tokens.#close());
    return tokens;
  }

  async #close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming as AsyncIterable<Uint8Array>) chunks.push(chunk);
    this.asked.push(`${incoming.method} ${incoming.url} ${Buffer.concat(chunks).toString()}`);
    if (this.isSilent) return;
    const headers = { 'content-type': 'application/json', 'metadata-flavor': 'Google' };
    if (this.refusal !== undefined) {
      outgoing.writeHead(this.refusal.status, headers).end(this.refusal.body);
      return;
    }
    const token = {
      access_token: `token-${++this.#tokens}`,
      token_type: 'Bearer',
      expires_in: this.lifeSeconds,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    };
    outgoing.writeHead(200, headers).end(JSON.stringify(token));
  }
}
