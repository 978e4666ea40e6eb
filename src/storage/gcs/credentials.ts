import type { Agent } from 'node:http';
import type { AuthClient } from 'google-auth-library';
import type { SecretSource } from '../../config/secret.ts';
import { abortReason, SnapshotError } from '../../errors.ts';
import { fieldOf, parseJson } from './errors.ts';
import { throwIfAborted } from './transport.ts';

type Package = typeof import('google-auth-library');

/** Reading and writing of objects; nothing of buckets and their policies. */
const SCOPES = ['https://www.googleapis.com/auth/devstorage.read_write'];

// Left out, the package asks Google for the project of the account, which we do not need and may not be allowed to know.
const NO_PROJECT = { projectId: 'none' };

export interface CredentialsOptions {
  readonly keyFile: SecretSource | undefined;
  readonly place: string;
  readonly idleMs: number;
  agentFor(url: URL): Agent;
}

/** What a request needs so that Google knows who asks. */
export interface Credentials {
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** After a refusal: the next request asks for a token of its own. */
  forget(): void;
  close(): void;
}

export const anonymous: Credentials = {
  headers: async (signal) => {
    throwIfAborted(signal);
    return {};
  },
  forget: () => undefined,
  close: () => undefined,
};

/**
 * Tokens by Google's own package, which keeps each until shortly before its end. Without a key file it looks by itself, as all of Google's tools do, and
 * reads GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_CLOUD_QUOTA_PROJECT, CLOUDSDK_CONFIG, HOME and the metadata server, with GCE_METADATA_HOST, GCE_METADATA_IP
 * and METADATA_SERVER_DETECTION; for a federation with AWS also AWS_REGION and the AWS keys.
 */
export class GoogleCredentials implements Credentials {
  readonly #options: CredentialsOptions;
  readonly #agents = new Map<string, Agent>();
  #client: { readonly text: string; readonly client: AuthClient } | undefined;

  constructor(options: CredentialsOptions) {
    this.#options = options;
  }

  async headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    throwIfAborted(signal);
    const { idleMs, place } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    let giveUp = (): void => undefined;
    const tooLong = new Promise<never>((_, reject) => {
      giveUp = () => reject(abortReason(signal));
      signal.addEventListener('abort', giveUp, { once: true });
      timer = setTimeout(() => reject(new SnapshotError('storage_unavailable', `gcs: ${place}: no access token after ${idleMs / 1000}s`)), idleMs);
    });
    try {
      // The package hears no signal: whoever gives up leaves it behind.
      return Object.fromEntries(await Promise.race([this.#ask(), tooLong]));
    } catch (error) {
      // What it was made of may have been replaced since.
      this.forget();
      throw toLoginError(error, place);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  forget(): void {
    this.#client = undefined;
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  async #ask(): Promise<Headers> {
    return await (await this.#current()).getRequestHeaders();
  }

  /** The key file is read each time, so that a new one is found; the same text keeps its token. */
  async #current(): Promise<AuthClient> {
    const { keyFile, place, idleMs } = this.#options;
    const text = keyFile === undefined ? '' : (await keyFile.read()).reveal();
    let current = this.#client;
    if (current?.text !== text) {
      const google = await import('google-auth-library');
      // The agent is given, so that the package does not look for proxies by itself.
      const transporterOptions = { agent: (url: URL) => this.#agentFor(url), timeout: idleMs };
      const client =
        keyFile === undefined
          ? await new google.GoogleAuth({ ...NO_PROJECT, scopes: SCOPES, clientOptions: { transporterOptions } }).getClient()
          : fromKeyFile(google, text, `${place}: credentials_file (${keyFile.origin})`, transporterOptions);
      current = { text, client };
      this.#client = current;
    }
    return current.client;
  }

  #agentFor(url: URL): Agent {
    const agent = this.#agents.get(url.origin) ?? this.#options.agentFor(url);
    this.#agents.set(url.origin, agent);
    return agent;
  }
}

type TransporterOptions = NonNullable<NonNullable<ConstructorParameters<Package['JWT']>[0]>['transporterOptions']>;

/** By its constructors, as the package asks: its own reader of such files takes them all and warns on the console that it does. */
function fromKeyFile(google: Package, text: string, place: string, transporterOptions: TransporterOptions): AuthClient {
  const json = parseJson(text);
  const rest = { scopes: SCOPES, transporterOptions };
  const type = fieldOf(json, 'type');
  try {
    if (type === 'service_account') return new google.JWT({ ...rest, ...readServiceAccount(json) });
    if (type === 'external_account') return federated(google, { ...(json as FederationOptions), ...rest });
  } catch (cause) {
    // What the package says may hold what stands in the file.
    throw noKeyFile(place, cause instanceof Error ? new Error(cause.name) : undefined);
  }
  throw noKeyFile(place, undefined);
}

function readServiceAccount(json: unknown): { readonly email: string; readonly key: string; readonly keyId?: string } {
  const [email, key, keyId] = ['client_email', 'private_key', 'private_key_id'].map((field) => fieldOf(json, field));
  if (typeof email !== 'string' || typeof key !== 'string') throw new TypeError('a part of the key is missing');
  return { email, key, ...(typeof keyId === 'string' && { keyId }) };
}

type FederationOptions = ConstructorParameters<Package['IdentityPoolClient']>[0] & ConstructorParameters<Package['AwsClient']>[0];

/** Both refuse a source that is a program: a file must not make this process run anything. */
function federated(google: Package, options: FederationOptions): AuthClient {
  return fieldOf(fieldOf(options, 'credential_source'), 'environment_id') === undefined
    ? new google.IdentityPoolClient(options)
    : new google.AwsClient(options);
}

function noKeyFile(place: string, cause: Error | undefined): SnapshotError {
  return new SnapshotError('storage_misconfigured', `gcs: ${place}: is neither the key of a service account nor a configuration of workload identity`, {
    cause,
    advice: 'make it with "gcloud iam service-accounts keys create" or "gcloud iam workload-identity-pools create-cred-config"',
  });
}

const ADVICE = 'check "credentials_file" or GOOGLE_APPLICATION_CREDENTIALS, the identity of this machine or pod, and the clock of this host; see docs/gcs.md';

/** Errors of the package carry the whole request, key and assertion included: only status and Google's own word for it leave the driver. */
function toLoginError(error: unknown, place: string): SnapshotError {
  if (error instanceof SnapshotError) return error;
  const response = fieldOf(error, 'response');
  const status = fieldOf(response, 'status');
  const reason = fieldOf(fieldOf(response, 'data'), 'error');
  const code = fieldOf(error, 'code');
  const isRefused = typeof status === 'number' && status >= 400 && status < 500 && status !== 408 && status !== 429;
  const isBroken = typeof status !== 'number' && (code === undefined || code === 'ENOENT' || code === 'EACCES');
  const word = [status, typeof reason === 'string' && /^\w{1,60}$/.test(reason) ? reason : undefined, typeof code === 'string' ? code : undefined];
  const said = word.filter((part) => part !== undefined).join(' ') || 'no credentials were found';
  const cause = Object.assign(new Error(said), { status });
  return new SnapshotError(isRefused || isBroken ? 'storage_denied' : 'storage_unavailable', `gcs: ${place}: no access token: ${said}`, {
    cause,
    advice: ADVICE,
  });
}
