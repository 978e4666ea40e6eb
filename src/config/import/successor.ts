import { type Blocks, type Draft, filled } from './draft.ts';
import type { Source } from './source.ts';

const AWS_REGION = 'env://AWS_DEFAULT_REGION';
const AWS_ENDPOINT = 'env://AWS_ENDPOINT_URL';
const TIMEOUT = 'its time-outs are not those of here: "snapshot_timeout" is for a whole round, "stall_timeout" for a transfer that does not move';
/** In the order in which the successor looks for them. */
const LOGINS = ['approle', 'aws', 'azure', 'gcp', 'kubernetes', 'ldap', 'userpass', 'token'] as const;

/** vault-raft-snapshot-agent, the successor of the ancestor: `vault`, `snapshots` and `metrics`. */
export function convertSuccessor(source: Source): Draft {
  const vault = source.block('vault');
  const snapshots = source.block('snapshots');
  const prometheus = source.block('metrics')?.block('prometheus');
  const draft = filled({
    ...(vault && convertVault(vault)),
    ...(snapshots && convertSnapshots(snapshots)),
    ...(prometheus && { listen: listenOf(prometheus) }),
  });
  for (const block of [vault, snapshots, prometheus]) block?.end();
  return draft;
}

function convertVault(vault: Source): Draft {
  const nodes = vault.block('nodes');
  const [addr, ...others] = nodes?.texts('urls') ?? [];
  if (others.length > 0) nodes?.lose(`only ${addr} is carried over: run one daemon beside each Vault, with its own listener as "addr"`, 'urls');
  nodes?.change('autoDetectLeader', 'each daemon finds out by itself whether its Vault leads: run one beside each');
  nodes?.end();
  vault.change('timeout', TIMEOUT);
  const isInsecure = vault.flag('insecure') === true;
  if (isInsecure) vault.change('insecure', 'whoever sits in between can take the token: set "tls": {"ca_cert": …} instead of "skip_verify"');
  const auth = vault.block('auth');
  return { addr: addr ?? vault.plain('url'), ...(isInsecure && { tls: { skip_verify: true } }), ...(auth && convertLogin(auth)) };
}

function convertLogin(auth: Source): Draft {
  const [method, ...others] = LOGINS.filter((name) => auth.has(name));
  for (const other of others) auth.change(other, `is left out: ${method} comes first, there too`);
  const block = method === undefined || method === 'token' ? undefined : auth.block(method);
  if (method === 'token') return convertToken(auth);
  if (method === 'approle' && block) {
    const login = { role_id: block.secret('role'), secret_id: block.secret('secret'), approle: block.plain('path') };
    block.end();
    return login;
  }
  if (method === 'kubernetes' && block) return convertKubernetes(block);
  if (method !== undefined)
    auth.lose('cannot log in so: log in with AppRole, or let a Vault Agent do it and give the file of its sink as "token_path"', method);
  return {};
}

/** A token in a file is one that somebody else renews. */
function convertToken(auth: Source): Draft {
  const token = auth.secret('token');
  return typeof token === 'object' && 'file' in token ? { token_path: token.file } : { vault_auth_method: 'token', token };
}

function convertKubernetes(block: Source): Draft {
  const jwt = block.text('jwtToken') === undefined ? undefined : block.secret('jwtToken');
  const file = typeof jwt === 'object' && 'file' in jwt ? jwt.file : undefined;
  if (jwt !== undefined && file === undefined) block.lose('is read from a file here: write its path as "k8s_jwt_path"', 'jwtToken');
  const login = { k8s_auth_role: block.plain('role'), k8s_auth_path: block.plain('path') ?? 'kubernetes', k8s_jwt_path: file };
  block.end();
  return { vault_auth_method: 'kubernetes', ...login };
}

function convertSnapshots(snapshots: Source): Draft {
  snapshots.change('timeout', TIMEOUT);
  const storages = snapshots.block('storages');
  snapshots.change('storages', 'snapshots taken before have other names: they stay where they are, and nothing here deletes them');
  return {
    frequency: snapshots.duration('frequency'),
    retain: snapshots.count('retain'),
    name_template: nameOf(snapshots),
    ...(storages && convertStorages(storages)),
  };
}

function nameOf(snapshots: Source): string | undefined {
  const prefix = snapshots.plain('namePrefix');
  snapshots.change('timestampFormat', 'the time in a name is that of UTC here, such as 20260102T030405Z');
  const suffix = snapshots.plain('nameSuffix');
  if (suffix !== undefined && suffix !== '.snap') snapshots.lose('names end in ".snap" here, as tools expect it', 'nameSuffix');
  return prefix === undefined ? undefined : `${prefix}{time}.snap`;
}

function convertStorages(storages: Source): Blocks {
  const read = (name: string, convert: (block: Source) => Draft) => {
    const block = storages.block(name);
    if (block === undefined) return undefined;
    const draft = filled({ ...convert(block), frequency: block.duration('frequency'), retain: block.count('retain') });
    block.change('timeout', TIMEOUT);
    block.lose('one "name_template" is for all destinations', 'namePrefix', 'nameSuffix', 'timestampFormat');
    if (name !== 'swift') block.end();
    return draft;
  };
  const aws = read('aws', convertAws);
  const s3 = read('s3', convertS3);
  storages.lose('Swift has no storage of its own here: use "aws_storage" with the S3 interface of Swift as "s3_endpoint"', 'swift');
  const blocks = {
    local_storage: read('local', (block) => ({ path: block.path('path') })),
    aws_storage: aws && s3 ? [{ name: 'aws', ...aws }, s3] : (aws ?? s3),
    google_storage: read('gcp', (block) => ({ bucket: block.plain('bucket') })),
    azure_storage: read('azure', convertAzure),
  };
  storages.end();
  return blocks;
}

/** What refers to the variables that are read anyway need not be said. */
function convertAws(block: Source): Draft {
  const unless = (key: string, usual: string) => (block.text(key) === usual ? undefined : block.plain(key));
  const prefix = block.plain('keyPrefix')?.replace(/^\/+|\/+$/g, '');
  if (!prefix) block.change('bucket', 'without "keyPrefix" the snapshots lay at the top of the bucket: here they go below "raft_snapshots/"');
  return {
    s3_bucket: block.plain('bucket'),
    s3_key_prefix: prefix,
    s3_region: unless('region', AWS_REGION),
    s3_endpoint: unless('endpoint', AWS_ENDPOINT),
    access_key_id: block.secret('accessKeyId'),
    secret_access_key: block.secret('accessKey'),
    session_token: block.secret('sessionToken'),
    s3_server_side_encryption: block.flag('useServerSideEncryption'),
    s3_force_path_style: block.flag('forcePathStyle'),
  };
}

/** By another library than `aws`, which knows no chain of credentials and puts buckets into the path, except at AWS. */
function convertS3(block: Source): Draft {
  const endpoint = block.plain('endpoint');
  const isPlain = block.flag('insecure') === true;
  if (block.flag('skipSSLVerify') === true) block.lose('certificates are verified: give the CA as "s3_ca_cert"', 'skipSSLVerify');
  block.change('bucket', 'the snapshots lay at the top of the bucket: here they go below "raft_snapshots/"');
  return {
    name: 's3',
    s3_bucket: block.plain('bucket'),
    s3_region: block.plain('region'),
    s3_endpoint: endpoint === undefined || endpoint.includes('://') ? endpoint : `${isPlain ? 'http' : 'https'}://${endpoint}`,
    access_key_id: block.secret('accessKeyId') ?? { env: 'S3_ACCESS_KEY_ID' },
    secret_access_key: block.secret('accessKey') ?? { env: 'S3_SECRET_ACCESS_KEY' },
    session_token: block.secret('sessionToken'),
    s3_force_path_style: endpoint?.endsWith('amazonaws.com') === true ? undefined : true,
  };
}

function convertAzure(block: Source): Draft {
  const domain = block.plain('cloudDomain')?.replace(/^blob\./, '');
  return {
    container_name: block.plain('container'),
    account_name: block.text('accountName') === 'env://AZURE_STORAGE_ACCOUNT' ? undefined : block.plain('accountName'),
    account_key: block.secret('accountKey') ?? { env: 'AZURE_STORAGE_KEY' },
    endpoint_suffix: domain === 'core.windows.net' ? undefined : domain,
  };
}

/** On all addresses, as it was. */
function listenOf(prometheus: Source): string {
  if ((prometheus.plain('path') ?? '/metrics') !== '/metrics') prometheus.lose('the path is /metrics', 'path');
  const port = prometheus.count('port') ?? 2112;
  prometheus.change('port', 'the metrics have other names: all begin with "vault_snapshotd_"');
  return `0.0.0.0:${port}`;
}
