import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Agent } from 'node:http';
import { AnonymousCredential, BlobServiceClient, ContainerClient, type CpkInfo, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { Environment } from '../../config/secret-source.ts';
import { SnapshotError } from '../../errors.ts';
import { agentFor } from './agent.ts';
import type { AzureLogin, AzureSettings } from './config.ts';
import { openIdentity, type TokenCredential } from './identity.ts';

/** What every request to a blob carries, so that Azure can read or write it. */
export interface Encryption {
  readonly customerProvidedKey?: CpkInfo;
  readonly encryptionScope?: string;
}

/** What the container is asked with. `signedUrl` holds the signature if that is the way to log in. */
interface Access {
  readonly signedUrl: URL;
  readonly credential: AnonymousCredential | StorageSharedKeyCredential | TokenCredential;
}

/** The way to the container. Secrets are read again at each use: a rotated one makes a new client. */
export class AzureAccount {
  readonly #settings: AzureSettings;
  readonly #env: Environment;
  readonly #idleMs: number;
  #last: { readonly secret: string; readonly client: ContainerClient; readonly agent: Agent; readonly signedUrl: URL } | undefined;

  constructor(settings: AzureSettings, env: Environment, idleMs: number) {
    this.#settings = settings;
    this.#env = env;
    this.#idleMs = idleMs;
  }

  /** Without signature. What only a connection string tells is known after its first use. */
  get address(): string {
    const { login } = this.#settings;
    if (login.method !== 'connection_string') return login.endpoint;
    return this.#last === undefined ? 'azure:/' : bare(this.#last.signedUrl);
  }

  /** When the signature ends, if that is the way to log in and it says so. */
  get signatureEndsAt(): Date | undefined {
    const end = new Date(this.#last?.signedUrl.searchParams.get('se') ?? '');
    return Number.isNaN(end.getTime()) ? undefined : end;
  }

  async container(): Promise<ContainerClient> {
    const { login, caCertFile } = this.#settings;
    const secret = await readSecret(login);
    if (this.#last !== undefined && this.#last.secret === secret) return this.#last.client;
    const ca = caCertFile === undefined ? undefined : await readAuthority(caCertFile);
    const { signedUrl, credential } = await this.#access(secret, ca);
    const agent = agentFor(signedUrl, this.#env, ca);
    const url = `${bare(signedUrl)}/${encodeURIComponent(this.#settings.container)}${signedUrl.search}`;
    // One try: whoever calls begins again from the spool, and two layers of retries multiply. A redirect would carry the login elsewhere.
    const options = { agent, retryOptions: { maxTries: 1 }, redirectOptions: { maxRetries: 0 }, userAgentOptions: { userAgentPrefix: 'vault-snapshotd' } };
    const client = new ContainerClient(url, credential, options);
    // Uploads that run keep the client they began with.
    this.#last = { secret, client, agent, signedUrl };
    return client;
  }

  async encryption(): Promise<Encryption> {
    const { customerKey, encryptionScope } = this.#settings;
    if (customerKey === undefined) return encryptionScope === undefined ? {} : { encryptionScope };
    const encryptionKey = (await customerKey.read()).reveal();
    const bytes = Buffer.from(encryptionKey, 'base64');
    if (bytes.length !== 32) {
      const advice = 'make one with "openssl rand -base64 32" and keep it safe: without it the snapshots cannot be read';
      throw new SnapshotError('storage_misconfigured', `azure: customer_provided_key (${customerKey.origin}): not 32 bytes in base64`, { advice });
    }
    const encryptionKeySha256 = createHash('sha256').update(bytes).digest('base64');
    return { customerProvidedKey: { encryptionKey, encryptionKeySha256, encryptionAlgorithm: 'AES256' } };
  }

  close(): void {
    this.#last?.agent.destroy();
  }

  async #access(secret: string, ca: string | undefined): Promise<Access> {
    const { login } = this.#settings;
    if (login.method === 'connection_string') return parseConnectionString(secret);
    const signedUrl = new URL(login.endpoint);
    if (login.method === 'account_key') return { signedUrl, credential: new StorageSharedKeyCredential(login.account, secret) };
    if (login.method === 'sas_token') {
      signedUrl.search = secret.replace(/^\?/, '');
      return { signedUrl, credential: new AnonymousCredential() };
    }
    return { signedUrl, credential: await openIdentity(login, this.#env, ca, this.#idleMs) };
  }
}

async function readSecret(login: AzureLogin): Promise<string> {
  if (login.method === 'account_key') return (await login.key.read()).reveal();
  if (login.method === 'sas_token') return (await login.token.read()).reveal();
  return login.method === 'connection_string' ? (await login.text.read()).reveal() : '';
}

function parseConnectionString(text: string): Access {
  try {
    const { url, credential } = BlobServiceClient.fromConnectionString(text);
    return { signedUrl: new URL(url), credential };
  } catch {
    // Nothing of the library's error: it may show the text, which is a secret.
    const advice = 'copy it from "Access keys" of the storage account: DefaultEndpointsProtocol=https;AccountName=…;AccountKey=…;EndpointSuffix=…';
    throw new SnapshotError('storage_misconfigured', 'azure: connection_string: not a connection string of a storage account', { advice });
  }
}

function bare({ origin, pathname }: URL): string {
  return `${origin}${pathname}`.replace(/\/+$/, '');
}

async function readAuthority(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new SnapshotError('storage_misconfigured', `azure: ca_cert: cannot read ${file}: ${reason}`, { cause });
  });
  if (text.includes('-----BEGIN ')) return text;
  throw new SnapshotError('storage_misconfigured', `azure: ca_cert: ${file} is not a PEM file`);
}
