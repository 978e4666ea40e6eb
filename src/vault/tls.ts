import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { TlsConfig } from '../config/config.ts';
import { SnapshotError } from '../errors.ts';

/** Reads the files of the `tls` block anew when asked, so that a rotated certificate is found at the next connection. */
export class TlsMaterial {
  readonly #config: TlsConfig;
  #last: { readonly fingerprint: string; readonly context: SecureContext } | undefined;

  constructor(config: TlsConfig) {
    this.#config = config;
  }

  /** The same object as long as the files say the same. */
  async context(): Promise<SecureContext> {
    const options = await readOptions(this.#config);
    const fingerprint = JSON.stringify(options);
    if (this.#last?.fingerprint !== fingerprint) this.#last = { fingerprint, context: makeContext(options) };
    return this.#last.context;
  }
}

async function readOptions(config: TlsConfig): Promise<SecureContextOptions> {
  const ca = await readAuthorities(config);
  const cert = config.clientCertFile === undefined ? undefined : await readPem('client_cert', config.clientCertFile);
  const key = config.clientKeyFile === undefined ? undefined : await readPem('client_key', config.clientKeyFile);
  return {
    ...(ca.length === 0 ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** Both given: both count. None given: an empty list. */
async function readAuthorities(config: TlsConfig): Promise<string[]> {
  const found: string[] = [];
  if (config.caCertFile !== undefined) found.push(await readPem('ca_cert', config.caCertFile));
  if (config.caDirectory !== undefined) found.push(...(await readDirectory(config.caDirectory)));
  return found;
}

async function readDirectory(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable('ca_path', directory, error);
  });
  // A directory of CAs is often full of links and has a README: only certificates count, folders do not.
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(directory, entry.name));
  const texts = await Promise.all(files.map((file) => readText('ca_path', file)));
  const certificates = texts.filter(isPem);
  if (certificates.length === 0) throw new SnapshotError('vault_tls', `tls.ca_path: no certificate in ${directory}`);
  return certificates.toSorted();
}

async function readPem(key: string, file: string): Promise<string> {
  const text = await readText(key, file);
  if (!isPem(text)) throw new SnapshotError('vault_tls', `tls.${key}: ${file} is not a PEM file`, { advice: `write the file of "tls": {"${key}": …} in PEM` });
  return text;
}

function isPem(text: string): boolean {
  return text.includes('-----BEGIN ');
}

async function readText(key: string, file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(key, file, error);
  });
}

function unreadable(key: string, file: string, cause: unknown): SnapshotError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return new SnapshotError('vault_tls', `tls.${key}: cannot read ${file}: ${reason}`, {
    cause,
    advice: `check that the file of "tls": {"${key}": …} exists and that the user of the service may read it`,
  });
}

function makeContext(options: SecureContextOptions): SecureContext {
  // Without a CA of its own the system's store counts, as it does for the vault command; Node has only its built-in list.
  // A set, because a distribution's store holds each certificate twice, and each costs memory.
  const store = [...new Set([...getCACertificates('system'), ...getCACertificates('extra')])];
  const trusted = options.ca === undefined && store.length > 0 ? { ca: store } : {};
  try {
    // An intermediate CA given as ca_cert is enough, as it is for the vault command.
    return createSecureContext({ ...options, ...trusted, allowPartialTrustChain: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SnapshotError('vault_tls', `tls: the certificates or the key cannot be used: ${reason}`, {
      cause: error,
      advice: 'check that "client_cert" and "client_key" belong together, are in PEM and need no passphrase',
    });
  }
}
