import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { STATUS_PAGE_HEADERS, statusPageAssets } from '../../src/observability/status-page/assets.ts';
import { renderStatusPage } from '../../src/observability/status-page/page.ts';
import type { ClusterView } from '../../src/observability/view.ts';
import { NOW, PROGRAM } from '../unit/observability/cluster-view.ts';

/** Serves the page as the daemon does, of clusters that a test may change under it. */
export class PageServer {
  clusters: readonly ClusterView[];
  now = NOW;
  program = PROGRAM;
  /** What the next answers come as: 200 is the page. */
  status = 200;
  readonly #server: Server;

  private constructor(server: Server, clusters: readonly ClusterView[]) {
    this.#server = server;
    this.clusters = clusters;
    const assets = statusPageAssets();
    server.on('request', ({ url = '' }, response) => {
      const asset = assets.get(url);
      if (asset) response.writeHead(200, { ...STATUS_PAGE_HEADERS, 'content-type': asset.type }).end(asset.body);
      else if (url !== '/') response.writeHead(404).end();
      else response.writeHead(this.status, STATUS_PAGE_HEADERS).end(this.status === 200 ? this.#page() : 'no');
    });
  }

  static async start(clusters: readonly ClusterView[]): Promise<PageServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PageServer(server, clusters);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** At once, whoever is connected. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #page(): string {
    return renderStatusPage(this.program, this.clusters, this.now);
  }
}
