import type { ClientRequest } from 'node:http';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import { HttpsProxyAgent } from 'https-proxy-agent';

type ConnectOptions = Parameters<HttpsProxyAgent<string>['connect']>[1];

/** Connections through a proxy. The package alone shows the TLS options of its agent to the proxy, and not to the server behind it. */
export class Tunnel extends HttpsProxyAgent<string> {
  readonly #tls: ConnectionOptions;

  /** The signal ends connections too whose proxy never answered: they belong to no request yet, and to no agent. */
  constructor(proxy: URL, tls: ConnectionOptions, signal?: AbortSignal) {
    super(proxy, { keepAlive: true, ...(signal && { signal }) });
    this.#tls = tls;
  }

  override async connect(request: ClientRequest, options: ConnectOptions) {
    // It also forgets the host when that is an address and no name, and a certificate would be compared with "localhost".
    const checkHost: typeof checkServerIdentity = (_, certificate) => checkServerIdentity(String(options.host), certificate);
    return await super.connect(request, { ...options, ...this.#tls, checkServerIdentity: checkHost } as ConnectOptions);
  }
}
