import type { ClientRequest } from 'node:http';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import { HttpsProxyAgent } from 'https-proxy-agent';

type ConnectOptions = Parameters<HttpsProxyAgent<string>['connect']>[1];

/** Connections through a proxy. The package alone shows the TLS options of its agent to the proxy, and not to the server behind it. */
export class Tunnel extends HttpsProxyAgent<string> {
  readonly #tls: ConnectionOptions;

  constructor(proxy: URL, tls: ConnectionOptions) {
    super(proxy, { keepAlive: true });
    this.#tls = tls;
  }

  override async connect(request: ClientRequest, options: ConnectOptions) {
    // It also forgets the host when that is an address and no name, and a certificate would be compared with "localhost".
    const checkHost: typeof checkServerIdentity = (_, certificate) => checkServerIdentity(String(options.host), certificate);
    return await super.connect(request, { ...options, ...this.#tls, checkServerIdentity: checkHost } as ConnectOptions);
  }
}
