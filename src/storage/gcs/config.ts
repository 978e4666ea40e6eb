import type { Block, Findings } from '../../config/block.ts';
import { type Format, isRefusal, type Table } from '../../config/format.ts';
import { absolutePath, choice, flag, text, textThat } from '../../config/formats.ts';
import type { SecretSource } from '../../config/secret.ts';
import { secret } from '../../config/secret-format.ts';
import { fileSecret } from '../../config/secret-source.ts';
import { SnapshotError } from '../../errors.ts';
import { type KeyPrefix, keyPrefix } from '../key.ts';

/** Undefined key file: the application default credentials, workload identity among them. */
export type GcsLogin = { readonly method: 'anonymous' } | { readonly method: 'google'; readonly keyFile: SecretSource | undefined };

export interface GcsSettings {
  readonly bucket: string;
  readonly prefix: KeyPrefix;
  readonly login: GcsLogin;
  /** Scheme, host and port. */
  readonly endpoint: string;
  readonly caCertFile: string | undefined;
  readonly kmsKey: string | undefined;
  readonly storageClass: 'STANDARD' | 'NEARLINE' | 'COLDLINE' | 'ARCHIVE' | undefined;
  readonly userProject: string | undefined;
}

const GOOGLE = 'https://storage.googleapis.com';
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const bucket = textThat('the name of a bucket', { type: 'string', pattern: '^(|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)$' }, (value) => {
  if (value.startsWith('gs://')) return 'write the name alone, without "gs://"; folders belong into "prefix"';
  return /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(value) ? undefined : 'use lower-case letters, digits, ".", "_" and "-"; folders belong into "prefix"';
});

const folder = textThat('a folder such as "vault/prod"', { type: 'string' }, (value) => {
  try {
    keyPrefix(value);
    return undefined;
  } catch (error) {
    if (error instanceof SnapshotError) return 'use letters, digits and . _ = + @ : - between single slashes, none of them first';
    throw error;
  }
});

/** The text of the file is a secret, its path is not. */
const keyFile: Format<SecretSource> = {
  rule: 'the absolute path of a file, or {"file": "/path"}, {"env": "NAME"} or {"credential": "name"} that holds its text',
  jsonSchema: { oneOf: [{ type: 'string', pattern: '^/' }, ...(secret.jsonSchema.oneOf as readonly unknown[]).slice(1)] },
  isSecret: true,
  parse(json, env) {
    if (json.kind !== 'string') return secret.parse(json, env);
    const path = absolutePath.parse(json, env);
    if (isRefusal(path)) return { remedy: 'write the path of the file from "/", not what is in it' };
    return { value: fileSecret(path.value), shown: `[secret] (file ${path.value})` };
  },
};

const endpoint = textThat('an address such as "https://storage.googleapis.com"', { type: 'string', pattern: '^https?://' }, (value) => {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return 'begin it with https:// and write the host';
  return new URL(value).href === `${new URL(value).origin}/` ? undefined : 'write scheme, host and port, and nothing else';
});

const kmsKey = textThat('the full name of a key', { type: 'string', pattern: '^projects/' }, (value) =>
  /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/.test(value)
    ? undefined
    : 'write projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>',
);

export const gcsTable = {
  bucket: { doc: 'The bucket; it must exist. Empty switches the block off.', format: bucket, since: 'ancestor' },
  prefix: { doc: 'Names begin with this and a slash. Left out, they lie at the top of the bucket, as with the ancestor.', format: folder, since: 'new' },
  credentials_file: {
    doc: 'Key file of a service account, or configuration of a workload identity federation. Left out, the application default credentials count: GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default login`, or the identity of this machine or pod.',
    format: keyFile,
    since: 'new',
  },
  endpoint: { doc: 'Address of Cloud Storage, for private access and emulators.', format: endpoint, since: 'new', default: GOOGLE },
  anonymous: { doc: 'Do not log in at all: for emulators, which know no accounts.', format: flag, since: 'new', default: false },
  ca_cert: { doc: 'PEM file of a CA to trust besides those of the system, as `endpoint` or a proxy may need it.', format: absolutePath, since: 'new' },
  kms_key: { doc: 'Key of Cloud KMS that encrypts what is written.', format: kmsKey, since: 'new', defaultNote: 'the key of the bucket' },
  storage_class: {
    doc: 'Where the objects lie. All but `STANDARD` cost extra when they are deleted early; see docs/gcs.md.',
    format: choice('STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE'),
    since: 'new',
    defaultNote: 'the class of the bucket',
  },
  user_project: { doc: 'The project that pays, for a bucket whose requester pays.', format: text, since: 'new' },
} as const satisfies Table;

/** Undefined when a fault was found. */
export function readGcsSettings({ values, sources }: Block<typeof gcsTable>, prefix: string, findings: Findings): GcsSettings | undefined {
  const faultsBefore = findings.faults.length;
  const { origin, protocol, hostname } = new URL(values.endpoint ?? GOOGLE);
  const isAnonymous = values.anonymous === true;
  const isPlain = protocol === 'http:';
  if (isAnonymous && sources.has('credentials_file')) {
    findings.faults.push(`${prefix}credentials_file: stands beside ${prefix}anonymous: remove one of the two`);
  }
  if (isAnonymous && origin === GOOGLE) findings.faults.push(`${prefix}anonymous: needs ${prefix}endpoint: Google takes no snapshots from strangers`);
  if (isPlain && !isAnonymous) findings.faults.push(`${prefix}endpoint: would show the access token to all: begin it with https://, or set "anonymous": true`);
  if (isPlain && sources.has('ca_cert')) findings.faults.push(`${prefix}ca_cert: needs https: begin ${prefix}endpoint with https://, or remove it`);
  if (isPlain && !LOOPBACK.test(hostname)) {
    findings.warnings.push(`${prefix}endpoint: plain http: the snapshot crosses the network readable to all; use https`);
  }
  if (findings.faults.length > faultsBefore || values.bucket === undefined) return undefined;
  return {
    bucket: values.bucket,
    prefix: keyPrefix(values.prefix ?? ''),
    login: isAnonymous ? { method: 'anonymous' } : { method: 'google', keyFile: values.credentials_file },
    endpoint: origin,
    caCertFile: values.ca_cert,
    kmsKey: values.kms_key,
    storageClass: values.storage_class,
    userProject: values.user_project,
  };
}
