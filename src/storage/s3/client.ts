import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { SnapshotError } from '../../errors.ts';
import type { Log } from '../../observability/contract.ts';
import { proxyFor } from '../proxy.ts';
import { Tunnel } from '../tunnel.ts';
import { credentialChain } from './chain.ts';
import type { S3Settings } from './config.ts';

export interface ClientDeps {
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly idleTimeoutMs: number;
  now(): Date;
}

const CONNECT_TIMEOUT_MS = 10_000;
const MOST_SOCKETS = 16;
/** Files of credentials are read anew that often; the SDK renews what ends within five minutes. */
const CREDENTIALS_LIFE_MS = 10 * 60_000;

type Credentials = Exclude<S3ClientConfig['credentials'], undefined>;

/** A client that repeats nothing: that is the work of those who know what may be repeated. */
export async function createClient(settings: S3Settings, deps: ClientDeps): Promise<S3Client> {
  const endpoint = endpointOf(settings);
  const region = regionOf(settings);
  const credentials = await credentialsOf(settings, deps);
  const client = new S3Client({
    maxAttempts: 1,
    forcePathStyle: settings.s3_force_path_style,
    // The SDK waits six seconds for a "continue" that some stores never send.
    expectContinueHeader: false,
    // Sums of our own go with each part; nothing else of ours needs one.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    logger: sdkLog(deps),
    requestHandler: await transport(endpoint ?? new URL(`https://s3.${region ?? 'us-east-1'}.amazonaws.com`), settings, deps),
    ...(endpoint && { endpoint: endpoint.href }),
    ...(region && { region }),
    ...(settings.s3_profile && { profile: settings.s3_profile }),
    ...(credentials && { credentials }),
    credentialDefaultProvider: (init: object) => credentialChain(init, { bucket: settings.s3_bucket, limitMs: deps.idleTimeoutMs }),
  });
  await demandRegion(client, settings);
  return client;
}

export function endpointOf({ s3_endpoint, s3_disable_ssl }: S3Settings): URL | undefined {
  if (s3_endpoint === undefined) return undefined;
  return new URL(s3_endpoint.includes('://') ? s3_endpoint : `${s3_disable_ssl ? 'http' : 'https'}://${s3_endpoint}`);
}

/** Other stores do not care, but a request cannot be signed without one. */
function regionOf({ s3_region, s3_endpoint, s3_profile }: S3Settings): string | undefined {
  return s3_region ?? (s3_endpoint !== undefined && s3_profile === undefined ? 'us-east-1' : undefined);
}

/** The SDK finds one in the shared files, or throws an error of no class. */
async function demandRegion(client: S3Client, { s3_bucket }: S3Settings): Promise<void> {
  await client.config.region().catch((cause: unknown) => {
    throw new SnapshotError('storage_misconfigured', `s3: ${s3_bucket}: no region is known`, { cause, advice: 'set "s3_region", or AWS_REGION' });
  });
}

/**
 * Undefined: the chain of the SDK, which itself reads the AWS_* variables, ~/.aws/config and ~/.aws/credentials (or the
 * files AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name), the web identity token file, and the metadata services
 * of ECS and EC2.
 */
async function credentialsOf(settings: S3Settings, deps: ClientDeps): Promise<Credentials | undefined> {
  const own = staticCredentials(settings, deps);
  if (settings.s3_role_arn === undefined) return own;
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  const sts = settings.s3_sts_endpoint === undefined ? undefined : endpointOf({ ...settings, s3_endpoint: settings.s3_sts_endpoint });
  const region = regionOf(settings);
  const address = sts ?? new URL(`https://sts.${region ?? 'us-east-1'}.amazonaws.com`);
  return fromTemporaryCredentials({
    params: {
      RoleArn: settings.s3_role_arn,
      RoleSessionName: settings.s3_role_session_name,
      ...(settings.s3_role_external_id && { ExternalId: settings.s3_role_external_id }),
    },
    clientConfig: {
      logger: sdkLog(deps),
      requestHandler: await transport(address, settings, deps),
      ...(sts && { endpoint: sts.href }),
      ...(region && { region }),
      ...(settings.s3_profile && { profile: settings.s3_profile }),
    },
    ...(own && { masterCredentials: own }),
  });
}

/** Only both make static credentials, as the ancestor has it. */
function staticCredentials({ access_key_id, secret_access_key, session_token }: S3Settings, { now }: ClientDeps) {
  if (access_key_id === undefined || secret_access_key === undefined) return undefined;
  return async () => {
    const [id, key, token] = await Promise.all([access_key_id.read(), secret_access_key.read(), session_token?.read()]);
    return {
      accessKeyId: id.reveal(),
      secretAccessKey: key.reveal(),
      ...(token && { sessionToken: token.reveal() }),
      expiration: new Date(now().getTime() + CREDENTIALS_LIFE_MS),
    };
  };
}

/** Agents of our own: the SDK's would lose the CA on some requests, and know no proxy. */
async function transport(address: URL, settings: S3Settings, { env, idleTimeoutMs }: ClientDeps) {
  const secureContext = await trustedBy(settings);
  const proxy = proxyFor(address, env);
  const tunnel = proxy && new Tunnel(proxy, { secureContext });
  return {
    connectionTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: idleTimeoutMs,
    httpAgent: tunnel ?? new HttpAgent({ keepAlive: true, maxSockets: MOST_SOCKETS }),
    httpsAgent: tunnel ?? new HttpsAgent({ keepAlive: true, maxSockets: MOST_SOCKETS, secureContext }),
  };
}

/** The store of the system, as for Vault, and the operator's own CAs besides: the role may come from AWS, the store be one's own. */
async function trustedBy({ s3_ca_cert, s3_bucket }: S3Settings): Promise<SecureContext> {
  const system = [...getCACertificates('system'), ...getCACertificates('extra')];
  const known = system.length > 0 ? system : getCACertificates('default');
  if (s3_ca_cert === undefined) return createSecureContext({ ca: known });
  const pem = await readFile(s3_ca_cert, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const advice = 'check that the file of "s3_ca_cert" exists and that the user of the service may read it';
    throw new SnapshotError('storage_misconfigured', `s3: ${s3_bucket}: cannot read ${s3_ca_cert}: ${cause.code ?? cause.name}`, { cause, advice });
  });
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new SnapshotError('storage_misconfigured', `s3: ${s3_bucket}: ${s3_ca_cert} holds no certificate in PEM`);
  return createSecureContext({ ca: [...known, pem], allowPartialTrustChain: true });
}

/** The SDK would write its warnings to stderr. Whole requests, which it also offers, are not for a log. */
function sdkLog({ log, name }: ClientDeps) {
  const silent = () => undefined;
  const told =
    (level: 'warn' | 'debug') =>
    (...content: unknown[]) => {
      const text = content.filter((part) => typeof part === 'string').join(' ');
      if (text !== '') log[level]({ event: 'storage_sdk', destination: name, said: text.slice(0, 500) }, 'the AWS SDK says');
    };
  return { trace: silent, debug: silent, info: silent, warn: told('warn'), error: told('debug') };
}
