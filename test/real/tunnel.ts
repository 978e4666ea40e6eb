import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** A proxy that opens tunnels, and remembers where to. */
export interface Tunnel {
  readonly address: string;
  readonly hosts: readonly string[];
  stop(): Promise<void>;
}

export async function startTunnel({ refuses = false }: { readonly refuses?: boolean } = {}): Promise<Tunnel> {
  const hosts: string[] = [];
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request, client) => {
    hosts.push(request.url ?? '');
    if (refuses) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const target = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
    client.on('close', () => target.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, hosts, stop: () => new Promise((resolve) => server.close(() => resolve())) };
}
