import type { Block, Findings } from '../../config/block.ts';
import type { Format, Table, Values } from '../../config/format.ts';
import { absolutePath, aliasName, choice, duration, flag, text, textThat } from '../../config/formats.ts';
import { secret } from '../../config/secret-format.ts';
import { SnapshotError } from '../../errors.ts';
import { type KeyPrefix, keyPrefix } from '../key.ts';

const DAY_MS = 86_400_000;

const prefix: Format<string> = {
  rule: 'the beginning of keys, such as "raft_snapshots" or "vault/prod"',
  jsonSchema: { type: 'string' },
  parse(json, env) {
    const written = text.parse(json, env);
    if ('remedy' in written) return written;
    const value = written.value.replace(/\/+$/, '');
    try {
      keyPrefix(value);
      return { value, shown: value };
    } catch (error) {
      if (error instanceof SnapshotError)
        return { remedy: 'use letters, digits and . _ = + @ : - in segments joined by one "/", none of them beginning with a dot' };
      throw error;
    }
  },
};

const address = textThat('the address of a server, such as "https://minio.example:9000"', { type: 'string' }, (value) => {
  const url = URL.parse(value.includes('://') ? value : `https://${value}`);
  return url !== null && ['http:', 'https:'].includes(url.protocol) ? undefined : 'write it with http:// or https://';
});

const endpoint: Format<string> = {
  ...address,
  parse(json, env) {
    const isMore = json.kind === 'string' && /[@?#]/.test(json.value);
    return isMore ? { remedy: 'write the address alone; credentials have keys of their own', hidesValue: true } : address.parse(json, env);
  },
};

interface TextsRule {
  readonly rule: string;
  readonly most: number;
  readonly allowed: RegExp;
  readonly remedy: string;
}

/** Names and values, for tags and contexts. */
function texts({ rule, most, allowed, remedy }: TextsRule): Format<Readonly<Record<string, string>>> {
  return {
    rule,
    jsonSchema: { type: 'object', additionalProperties: { type: 'string' }, maxProperties: most },
    parse(json) {
      if (json.kind !== 'object') return { remedy: 'write {"name": "value"}' };
      const values = new Map<string, string>();
      for (const { key, value } of json.members) {
        if (key === '' || value.kind !== 'string' || values.has(key)) return { remedy: 'write each name once, and each value as a string' };
        if (!allowed.test(key) || !allowed.test(value.value)) return { remedy };
        values.set(key, value.value);
      }
      if (values.size > most) return { remedy: `write at most ${most}` };
      return { value: Object.fromEntries(values), shown: [...values.keys()].join(', ') };
    },
  };
}

const tags = texts({
  rule: 'an object of at most 10 strings',
  most: 10,
  allowed: /^[\p{L}\p{N}\p{Zs}_.:/=+@-]*$/u,
  remedy: 'use letters, digits, spaces and _ . : / = + - @',
});
const context = texts({ rule: 'an object of strings', most: 32, allowed: /^[^\p{Cc}]*$/u, remedy: 'remove the line break or other control character' });

/** What an `aws_storage` block says beyond what every destination may. */
export const s3Table = {
  s3_bucket: { doc: 'The bucket. Empty switches the block off.', format: text, since: 'ancestor' },
  s3_region: {
    doc: 'The region of the bucket. Left out, the AWS environment or profile gives it; with `s3_endpoint` it may be missing altogether.',
    format: text,
    since: 'ancestor',
    env: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
  },
  s3_endpoint: {
    doc: 'Address of an S3-compatible server other than AWS.',
    format: endpoint,
    since: 'ancestor',
    env: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
  },
  s3_key_prefix: { doc: 'Keys begin with this and a slash.', format: prefix, since: 'ancestor', default: 'raft_snapshots' },
  access_key_id: {
    doc: 'Static credentials, when `secret_access_key` is there too. Else the usual AWS chain: environment, profile, web identity, container or instance role.',
    format: secret,
    since: 'ancestor',
  },
  secret_access_key: { doc: 'See `access_key_id`.', format: secret, since: 'ancestor', env: ['SECRET_ACCESS_KEY'] },
  session_token: { doc: 'Belongs to temporary static credentials.', format: secret, since: 'new' },
  s3_profile: { doc: 'The profile of the shared AWS files to take credentials and region from.', format: text, since: 'new' },
  s3_role_arn: {
    doc: 'A role to assume with the credentials found.',
    format: textThat('the ARN of a role', { type: 'string', pattern: '^arn:' }, (value) =>
      /^arn:[\w-]+:/.test(value) ? undefined : 'write arn:aws:iam::ACCOUNT:role/NAME',
    ),
    since: 'new',
  },
  s3_role_session_name: { doc: 'What the session of `s3_role_arn` is called in the trail of AWS.', format: text, since: 'new', default: 'vault-snapshotd' },
  s3_role_external_id: { doc: 'The external id that the trust policy of `s3_role_arn` asks for.', format: text, since: 'new' },
  s3_sts_endpoint: { doc: 'Address of the service that hands out the role, when it is not that of AWS.', format: endpoint, since: 'new' },
  s3_server_side_encryption: { doc: 'Ask for encryption with AES256 at rest.', format: flag, since: 'ancestor', default: false },
  s3_kms_key_id: { doc: 'Ask for encryption with this key of KMS instead: its ARN, id or alias.', format: text, since: 'new' },
  s3_kms_context: { doc: 'The encryption context of `s3_kms_key_id`.', format: context, since: 'new' },
  s3_storage_class: {
    doc: 'The storage class of snapshots; manifests stay in the standard one, for they are read again.',
    format: textThat('a storage class such as "STANDARD_IA"', { type: 'string', pattern: '^[A-Z0-9_]+$' }, (value) =>
      /^[A-Z0-9_]+$/.test(value) ? undefined : 'write it in capitals, as the store does',
    ),
    since: 'new',
  },
  s3_tags: { doc: 'Tags of each object.', format: tags, since: 'new' },
  s3_object_lock_mode: {
    doc: 'Lock each snapshot and manifest against deletion; the bucket must allow it.',
    format: choice('GOVERNANCE', 'COMPLIANCE'),
    since: 'new',
  },
  s3_object_lock_retention: {
    doc: 'For how long `s3_object_lock_mode` locks.',
    format: duration({ atLeastMs: DAY_MS, hasDays: true }),
    since: 'new',
  },
  s3_acl: {
    doc: 'A canned ACL, for buckets that still have them.',
    format: choice('private', 'bucket-owner-full-control', 'bucket-owner-read', 'aws-exec-read', 'authenticated-read'),
    since: 'new',
  },
  s3_ca_cert: { doc: 'PEM file of CAs to trust besides those of the system.', format: absolutePath, since: 'new', env: ['AWS_CA_BUNDLE'] },
  s3_checksum: {
    doc: 'What the store proves the bytes with. `off` is for stores that refuse such headers: the MD5 sums they keep as ETag count then.',
    format: choice('SHA256', 'CRC64NVME', 'off'),
    since: 'new',
    default: 'SHA256',
  },
  s3_static_snapshot_name: { doc: 'Always the same name, with `.snap` after it: no history, nothing is pruned.', format: aliasName, since: 'ancestor' },
  s3_force_path_style: { doc: 'Put the bucket into the path instead of the host name.', format: flag, since: 'ancestor', default: false },
  s3_disable_ssl: { doc: 'Plain http, for an `s3_endpoint` without a scheme.', format: flag, since: 'fork', default: false },
} as const satisfies Table;

type S3Block = Block<typeof s3Table>;
type S3Key = keyof typeof s3Table;

/** As the file has them: each value right by itself, and all of them together. */
export type S3Settings = Values<typeof s3Table> & { readonly s3_bucket: string; readonly prefix: KeyPrefix };

/** `findings` are those of this block alone; undefined when it has a fault. */
export function readS3Settings({ values, sources }: S3Block, prefix: string, findings: Findings): S3Settings | undefined {
  warnOfHalfCredentials(sources, prefix, findings);
  for (const [key, rule] of conflictsOf(values)) findings.faults.push(`${prefix}${key}: ${rule}`);
  const { s3_bucket } = values;
  return findings.faults.length > 0 || s3_bucket === undefined ? undefined : { ...values, s3_bucket, prefix: keyPrefix(values.s3_key_prefix) };
}

/** The ancestor uses static credentials only when both are there, and says nothing otherwise. */
function warnOfHalfCredentials(sources: S3Block['sources'], prefix: string, findings: Findings): void {
  const given = ['access_key_id', 'secret_access_key'].filter((key) => sources.get(key) === 'file');
  if (given.length === 1 && !(sources.has('access_key_id') && sources.has('secret_access_key'))) {
    findings.warnings.push(`${prefix}${given[0]}: is not used: static credentials need access_key_id and secret_access_key`);
  }
}

/** What is of no use, or means nothing, without another key. */
const NEEDS: readonly (readonly [S3Key, S3Key])[] = [
  ['s3_kms_context', 's3_kms_key_id'],
  ['s3_object_lock_mode', 's3_object_lock_retention'],
  ['s3_object_lock_retention', 's3_object_lock_mode'],
  ['s3_role_external_id', 's3_role_arn'],
  ['s3_sts_endpoint', 's3_role_arn'],
  ['session_token', 'access_key_id'],
  ['session_token', 'secret_access_key'],
  ['s3_disable_ssl', 's3_endpoint'],
];

/** Each key that does not go with another one, with the rule and the remedy. */
function conflictsOf(values: S3Block['values']): readonly (readonly [S3Key, string])[] {
  const isSet = (key: S3Key) => values[key] !== undefined && values[key] !== false;
  const found = NEEDS.filter(([key, other]) => isSet(key) && !isSet(other)).map(
    ([key, other]) => [key, `needs ${other}: give that too, or remove this`] as const,
  );
  const exclusive = [
    ['s3_kms_key_id', 's3_server_side_encryption', 'asks for another key than'],
    ['s3_profile', 'access_key_id', 'gives other credentials than'],
  ] as const;
  return [
    ...found,
    ...exclusive.filter(([key, other]) => isSet(key) && isSet(other)).map(([key, other, why]) => [key, `${why} ${other}: remove one of them`] as const),
    ...(values.s3_disable_ssl && values.s3_endpoint?.startsWith('https:')
      ? [['s3_disable_ssl', 'contradicts the https:// of s3_endpoint: remove one of them'] as const]
      : []),
  ];
}
