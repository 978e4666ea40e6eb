import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { Environment } from '../../config/secret-source.ts';
import { proxyFor } from '../proxy.ts';
import { Tunnel } from '../tunnel.ts';

/** Connections to one address, by the proxy of the environment if it names one. Given to the SDK, it keeps it from reading the environment itself. */
export function agentFor(url: URL, env: Environment, ca: string | undefined): Agent {
  // Beside the CAs that Node knows: the place where identities log in has a public certificate.
  const tls = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const proxy = proxyFor(url, env);
  if (proxy !== undefined) return new Tunnel(proxy, tls);
  return url.protocol === 'http:' ? new Agent({ keepAlive: true }) : new TlsAgent({ keepAlive: true, ...tls });
}
