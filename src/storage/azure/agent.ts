import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { Environment } from '../../config/secret-source.ts';
import { proxyFor } from '../proxy.ts';

/** Connections to one address, by the proxy of the environment if it names one. Given to the SDK, it keeps it from reading the environment itself. */
export function agentFor(url: URL, env: Environment, ca: string | undefined): Agent {
  const options = ca === undefined ? { keepAlive: true } : { keepAlive: true, ca };
  const proxy = proxyFor(url, env);
  if (proxy !== undefined) return new HttpsProxyAgent(proxy, options);
  return url.protocol === 'http:' ? new Agent(options) : new TlsAgent(options);
}
