import { readFile } from 'node:fs/promises';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { Environment } from '../../config/secret-source.ts';
import { abortReason, SnapshotError } from '../../errors.ts';
import { proxyFor } from '../../storage/proxy.ts';
import { retryAfterMs } from '../../storage/retry-after.ts';
import { Tunnel } from '../../storage/tunnel.ts';
import type { Letter } from './targets.ts';

export interface PostOptions {
  readonly env: Environment;
  readonly caCertFile: string | undefined;
  readonly userAgent: string;
  /** For one request, from the first look for the host to the end of the answer. */
  readonly limitMs: number;
  now(): Date;
}

/** Of an answer, no more is read. */
const READ_BYTES = 1024;
/** Too early, too many, or too slow: the same request may be welcome later. */
const PASSING = [408, 425, 429];

/** Takes letters to their address, by the proxy of the environment if it names one. No redirect is followed: the address is a secret. */
export class Post {
  readonly #options: PostOptions;
  #trust: SecureContext | undefined;

  constructor(options: PostOptions) {
    this.#options = options;
  }

  /** Once. Rejects with `notify_failed` where another try may help, else with `notify_refused`. */
  async send(letter: Letter, signal: AbortSignal): Promise<void> {
    const { limitMs, now } = this.#options;
    const { host } = letter.url;
    const timeout = AbortSignal.timeout(limitMs);
    const { status, headers, text } = await this.#ask(letter, AbortSignal.any([signal, timeout])).catch((thrown: unknown) => {
      if (signal.aborted) throw abortReason(signal);
      if (timeout.aborted) throw new SnapshotError('notify_failed', `${host}: no answer within ${limitMs / 1000}s`, { cause: thrown });
      throw thrown;
    });
    if (status < 200 || status > 299) throw refusal(host, status, retryAfterMs(headers['retry-after'], now()));
    const objection = letter.objection?.(text);
    if (objection) throw new SnapshotError(objection.isLasting ? 'notify_refused' : 'notify_failed', `${host}: answered: ${objection.text}`);
  }

  async #ask(letter: Letter, signal: AbortSignal): Promise<Answer> {
    const { url, method, headers, body } = letter;
    const agent = await this.#agentFor(url, signal);
    const content = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    try {
      const options = { method, agent, signal, headers: { 'user-agent': this.#options.userAgent, ...headers, ...content } };
      const outgoing = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, options);
      outgoing.once('response', (incoming) => void readAnswer(incoming).then(resolve, reject));
      outgoing.on('error', reject);
      outgoing.end(body);
      return await promise;
    } catch (thrown) {
      throw toFailure(thrown, url.host);
    } finally {
      agent.destroy();
    }
  }

  async #agentFor(url: URL, signal: AbortSignal): Promise<Agent> {
    const isTls = url.protocol === 'https:';
    if (isTls) this.#trust ??= await trustedWith(this.#options.caCertFile);
    const trust = isTls && this.#trust !== undefined ? { secureContext: this.#trust } : {};
    const proxy = proxyFor(url, this.#options.env);
    if (proxy !== undefined) return new Tunnel(proxy, trust, signal);
    return isTls ? new TlsAgent(trust) : new Agent();
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const { statusCode: status = 0, headers } = incoming;
  let bytes = Buffer.alloc(0);
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length >= READ_BYTES) break;
  }
  return { status, headers, text: bytes.toString('utf8', 0, READ_BYTES) };
}

function refusal(host: string, status: number, afterMs: number): SnapshotError {
  const isPassing = status >= 500 || PASSING.includes(status);
  const isElsewhere = status >= 300 && status < 400;
  const advice = isElsewhere ? { advice: 'write the address that it leads to: no redirect is followed with a secret' } : {};
  return new SnapshotError(isPassing ? 'notify_failed' : 'notify_refused', `${host}: answered ${status}`, { retryAfterMs: afterMs, ...advice });
}

/** The words of Node name hosts, ports and certificates, never a path. */
function toFailure(thrown: unknown, host: string): SnapshotError {
  if (thrown instanceof SnapshotError) return thrown;
  const { code, message } = thrown instanceof Error ? (thrown as NodeJS.ErrnoException) : { code: undefined, message: String(thrown) };
  // A header out of a file, with a line break in it perhaps: the next try would send the same.
  const isOurs = code === 'ERR_INVALID_CHAR';
  return new SnapshotError(isOurs ? 'notify_refused' : 'notify_failed', `${host}: ${[code, message].filter(Boolean).join(': ')}`, { cause: thrown });
}

/** The system's, Node's and one's own; undefined where that is no more than Node's. */
async function trustedWith(caCertFile: string | undefined): Promise<SecureContext | undefined> {
  const system = getCACertificates('system');
  if (caCertFile === undefined && system.length === 0) return undefined;
  try {
    const own = caCertFile === undefined ? [] : [await readFile(caCertFile, 'utf8')];
    return createSecureContext({ ca: [...new Set([...getCACertificates('default'), ...system]), ...own], allowPartialTrustChain: true });
  } catch (cause) {
    const { code, name } = cause as NodeJS.ErrnoException;
    throw new SnapshotError('notify_refused', `${caCertFile ?? 'the store of the system'}: ${code ?? name}`, {
      cause,
      advice: 'check that the file of "notify.ca_cert" exists, is PEM and that the user of the service may read it',
    });
  }
}
