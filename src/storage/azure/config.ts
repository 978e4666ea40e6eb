import type { Block, Findings } from '../../config/block.ts';
import { type Format, isRefusal, type Table } from '../../config/format.ts';
import { absolutePath, choice, text, textThat } from '../../config/formats.ts';
import type { SecretSource } from '../../config/secret.ts';
import { secret } from '../../config/secret-format.ts';
import { SnapshotError } from '../../errors.ts';
import { type KeyPrefix, keyPrefix } from '../key.ts';

/** One way in, and what it needs. `endpoint` is the address of the account's blob service. */
export type AzureLogin =
  | { readonly method: 'account_key'; readonly endpoint: string; readonly account: string; readonly key: SecretSource }
  | { readonly method: 'sas_token'; readonly endpoint: string; readonly token: SecretSource }
  | { readonly method: 'connection_string'; readonly text: SecretSource }
  | { readonly method: 'managed_identity' | 'workload_identity'; readonly endpoint: string; readonly clientId: string | undefined };

export interface AzureSettings {
  readonly container: string;
  readonly prefix: KeyPrefix;
  readonly login: AzureLogin;
  readonly caCertFile: string | undefined;
  readonly accessTier: 'Hot' | 'Cool' | 'Cold' | undefined;
  readonly encryptionScope: string | undefined;
  readonly customerKey: SecretSource | undefined;
}

const account = textThat('the name of a storage account', { type: 'string', pattern: '^[a-z0-9]{3,24}$' }, (value) =>
  /^[a-z0-9]{3,24}$/.test(value) ? undefined : 'write its 3 to 24 lower-case letters and digits, without ".blob.core.windows.net"',
);

const container = textThat('the name of a container', { type: 'string', pattern: '^[$a-z0-9][a-z0-9-]*$' }, (value) =>
  /^[$a-z0-9][a-z0-9-]*$/.test(value) ? undefined : 'use lower-case letters, digits and "-"; folders belong into "prefix"',
);

const folder = textThat('a folder such as "vault/prod"', { type: 'string' }, (value) => {
  try {
    keyPrefix(value);
    return undefined;
  } catch (error) {
    if (error instanceof SnapshotError) return 'use letters, digits and . _ = + @ : - between single slashes, none of them first';
    throw error;
  }
});

const suffix = textThat('the domain of a cloud such as "core.chinacloudapi.cn"', { type: 'string' }, (value) =>
  /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(value) ? undefined : 'write what follows "<account>.blob.", or use "endpoint"',
);

const writtenEndpoint = textThat('an address such as "https://account.blob.core.windows.net"', { type: 'string', pattern: '^https?://' }, (value) => {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return 'begin it with https:// and write the host';
  return new URL(value).hash === '' ? undefined : 'remove what follows "#"';
});

/** Without what would be a secret in a place that is shown. */
const endpoint: Format<string> = {
  ...writtenEndpoint,
  parse(json, env) {
    if (json.kind === 'string' && /[?@]/.test(json.value)) {
      return { rule: 'must hold neither a signature nor a password', remedy: 'put what follows "?" into "sas_token"', hidesValue: true };
    }
    const parsed = writtenEndpoint.parse(json, env);
    return isRefusal(parsed) ? parsed : { ...parsed, value: parsed.value.replace(/\/+$/, '') };
  },
};

export const azureTable = {
  container_name: { doc: 'The container; it must exist. Empty switches the block off.', format: container, since: 'ancestor' },
  prefix: { doc: 'Names begin with this and a slash. Left out, they lie at the top of the container.', format: folder, since: 'new' },
  account_name: { doc: 'The storage account.', format: account, since: 'ancestor', env: ['AZURE_STORAGE_ACCOUNT'], isEnvironmentFirst: true },
  account_key: {
    doc: 'The key of the storage account. One way to log in among `account_key`, `sas_token`, `connection_string` and `identity`.',
    format: secret,
    since: 'ancestor',
    env: ['AZURE_STORAGE_ACCESS_KEY'],
    isEnvironmentFirst: true,
  },
  sas_token: { doc: 'A shared access signature with the rights to read, create, write, delete and list.', format: secret, since: 'new' },
  connection_string: { doc: 'Account, key or signature, and address in one text, as the portal shows it.', format: secret, since: 'new' },
  identity: {
    doc: 'Log in without a secret: `managed` (of this machine) or `workload` (of this pod; reads AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE).',
    format: choice('managed', 'workload'),
    since: 'new',
  },
  client_id: { doc: 'Which of several identities; only with `identity`.', format: text, since: 'new' },
  endpoint: { doc: 'Address of the blob service, for emulators and private names. Left out, account and suffix give it.', format: endpoint, since: 'new' },
  endpoint_suffix: {
    doc: 'The domain of a sovereign cloud, such as `core.usgovcloudapi.net`.',
    format: suffix,
    since: 'new',
    defaultNote: '`core.windows.net`',
  },
  ca_cert: {
    doc: 'PEM file of the CA that signed the certificate of `endpoint`, beside the public ones.',
    format: absolutePath,
    since: 'new',
  },
  access_tier: {
    doc: 'Where the blobs lie. No `Archive`: a restore would wait for hours, and manifests could not be read.',
    format: choice('Hot', 'Cool', 'Cold'),
    since: 'new',
    defaultNote: 'the tier of the account',
  },
  encryption_scope: { doc: 'Encryption scope of the account for what is written.', format: text, since: 'new' },
  customer_provided_key: {
    doc: 'AES-256 key in base64 that Azure encrypts with and does not keep: without it nobody can read a snapshot again.',
    format: secret,
    since: 'new',
  },
} as const satisfies Table;

type AzureBlock = Block<typeof azureTable>;

const WAYS = ['account_key', 'sas_token', 'connection_string', 'identity'] as const;
type Way = (typeof WAYS)[number];

/** `findings` are those of this block alone; undefined when it has a fault. */
export function readAzureSettings(block: AzureBlock, prefix: string, findings: Findings): AzureSettings | undefined {
  const login = readLogin(block, prefix, findings);
  refuseConflicts(block, prefix, findings);
  const { values } = block;
  if (findings.faults.length > 0 || login === undefined || values.container_name === undefined) return undefined;
  return {
    container: values.container_name,
    prefix: keyPrefix(values.prefix ?? ''),
    login,
    caCertFile: values.ca_cert,
    accessTier: values.access_tier,
    encryptionScope: values.encryption_scope,
    customerKey: values.customer_provided_key,
  };
}

/** The file decides; the key of the environment, which other tools read too, counts only when the file has no other way. */
function readLogin(block: AzureBlock, prefix: string, findings: Findings): AzureLogin | undefined {
  const { values, sources } = block;
  const given = WAYS.filter((way) => sources.get(way) === 'file');
  const [way = 'account_key', ...others] = given;
  for (const other of others) findings.faults.push(`${prefix}${other}: stands beside ${prefix}${way}: keep one way to log in and remove the others`);
  if (way === 'connection_string') return values.connection_string && { method: way, text: values.connection_string };
  const endpoint = readEndpoint(way, block, prefix, findings);
  if (way === 'account_key' && !sources.has('account_key')) {
    const remedy = 'give it, or set AZURE_STORAGE_ACCESS_KEY, or log in with sas_token, connection_string or identity';
    findings.faults.push(`${prefix}account_key: is missing: ${remedy}`);
  }
  return toLogin(way, block, endpoint);
}

function toLogin(way: Exclude<Way, 'connection_string'>, { values }: AzureBlock, endpoint: string): AzureLogin | undefined {
  const { account_name: name, account_key: key, sas_token: token, identity, client_id: clientId } = values;
  if (way === 'identity') return identity && { method: identity === 'managed' ? 'managed_identity' : 'workload_identity', endpoint, clientId };
  if (way === 'sas_token') return token && { method: way, endpoint, token };
  return name === undefined || key === undefined ? undefined : { method: way, endpoint, account: name, key };
}

/** The account's key signs with the account's name; every other way needs the name only to find the address. */
function readEndpoint(way: Way, { values, sources }: AzureBlock, prefix: string, findings: Findings): string {
  if (!sources.has('account_name') && (way === 'account_key' || !sources.has('endpoint'))) {
    findings.faults.push(`${prefix}account_name: is missing: give it, or set AZURE_STORAGE_ACCOUNT`);
  }
  return values.endpoint ?? `https://${values.account_name}.blob.${values.endpoint_suffix ?? 'core.windows.net'}`;
}

/** Keys that exclude each other, with what to do about it. */
function refuseConflicts({ values, sources }: AzureBlock, prefix: string, findings: Findings): void {
  const refuse = (key: string, other: string, remedy: string): void => {
    if (sources.get(key) === 'file' && sources.has(other)) findings.faults.push(`${prefix}${key}: stands beside ${prefix}${other}: ${remedy}`);
  };
  for (const key of ['account_name', 'endpoint', 'endpoint_suffix']) refuse(key, 'connection_string', 'remove it, the connection string says it already');
  refuse('endpoint_suffix', 'endpoint', 'remove it, the endpoint is the whole address');
  refuse('encryption_scope', 'customer_provided_key', 'Azure takes one of the two: remove the other');
  if (sources.has('client_id') && !sources.has('identity')) {
    findings.faults.push(`${prefix}client_id: stands without ${prefix}identity: set "identity" to "managed" or "workload", or remove it`);
  }
  if (values.endpoint?.startsWith('http:') !== true) return;
  for (const key of ['customer_provided_key', 'identity', 'ca_cert']) {
    if (sources.has(key)) findings.faults.push(`${prefix}${key}: needs https: begin ${prefix}endpoint with https://`);
  }
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(values.endpoint).hostname);
  if (!isLoopback) findings.warnings.push(`${prefix}endpoint: plain http: the snapshot crosses the network readable to all; use https`);
}
