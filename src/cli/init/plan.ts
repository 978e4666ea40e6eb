import { POLICY } from './policy.ts';

/** What somebody wants who begins. */
export interface Wishes {
  readonly addr: string;
  readonly caCert: string | undefined;
  readonly login: { readonly kind: 'approle' | 'kubernetes' } | { readonly kind: 'token_file'; readonly path: string };
  readonly destination:
    | { readonly kind: 'local'; readonly path: string }
    | { readonly kind: 'aws'; readonly bucket: string; readonly region: string | undefined; readonly endpoint: string | undefined }
    | { readonly kind: 'gcp'; readonly bucket: string }
    | { readonly kind: 'azure'; readonly account: string; readonly container: string };
  readonly frequency: string;
  /** Where everything is written. */
  readonly out: string;
}

export interface NewFile {
  readonly name: string;
  readonly mode: number;
  readonly text: string;
}

/** The unit lets it write here without being told. */
export const STATE_DIRECTORY = '/var/lib/vault-snapshotd';
export const CONFIG_NAME = 'snapshot.json';
const POLICY_NAME = 'snapshot-policy.hcl';
export const UNIT_NAME = 'snapshot-unit.conf';
export const ROLE = 'vault-snapshotd';
export const ROLE_ID = 'snapshot-role-id';
export const SECRET_ID = 'snapshot-secret-id';

/** The configuration last: without it the unit does not start. */
export function planFiles(wishes: Wishes): readonly NewFile[] {
  const unit = dropInOf(wishes);
  return [
    { name: POLICY_NAME, mode: 0o644, text: POLICY },
    ...(unit === undefined ? [] : [{ name: UNIT_NAME, mode: 0o644, text: unit }]),
    { name: CONFIG_NAME, mode: 0o640, text: `${JSON.stringify(configOf(wishes), undefined, 2)}\n` },
  ];
}

function configOf({ addr, caCert, login, destination, frequency }: Wishes): object {
  return {
    addr,
    ...(caCert === undefined ? {} : { tls: { ca_cert: caCert } }),
    ...loginOf(login),
    frequency,
    retain: { last: 24, daily: 14, weekly: 8, monthly: 12 },
    ...destinationOf(destination),
  };
}

function loginOf(login: Wishes['login']): object {
  if (login.kind === 'token_file') return { token_path: login.path };
  if (login.kind === 'kubernetes') return { k8s_auth_role: ROLE, k8s_auth_path: 'kubernetes' };
  return { role_id: { credential: ROLE_ID }, secret_id: { credential: SECRET_ID } };
}

function destinationOf(destination: Wishes['destination']): object {
  switch (destination.kind) {
    case 'local':
      return { local_storage: { path: destination.path } };
    case 'aws': {
      const { bucket, region, endpoint } = destination;
      const own = endpoint === undefined ? {} : { s3_endpoint: endpoint, s3_force_path_style: true };
      return { aws_storage: { s3_bucket: bucket, ...(region === undefined ? {} : { s3_region: region }), ...own } };
    }
    case 'gcp':
      return { google_storage: { bucket: destination.bucket } };
    case 'azure':
      return { azure_storage: { account_name: destination.account, container_name: destination.container, identity: 'managed' } };
  }
}

/** Undefined where the unit is right as it is. */
function dropInOf({ login, destination, out }: Wishes): string | undefined {
  const credentials = login.kind === 'approle' ? [ROLE_ID, SECRET_ID].map((name) => `LoadCredential=${unitText(`${name}:${out}/${name}`)}\n`) : [];
  const outside = placeOutside(destination);
  const paths = outside === undefined ? [] : [`ReadWritePaths=${unitText(outside)}\n`];
  if (credentials.length + paths.length === 0) return undefined;
  return `# For /etc/systemd/system/vault-snapshotd.service.d/\n[Service]\n${[...credentials, ...paths].join('')}`;
}

/** A directory that the unit must be let into. */
export function placeOutside(destination: Wishes['destination']): string | undefined {
  if (destination.kind !== 'local') return undefined;
  return `${destination.path}/`.startsWith(`${STATE_DIRECTORY}/`) ? undefined : destination.path;
}

/** systemd expands "%" everywhere and ends a word at a space. */
function unitText(text: string): string {
  const plain = text.replaceAll('%', '%%');
  return /[\s"'\\]/.test(plain) ? `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : plain;
}
