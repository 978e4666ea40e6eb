import type { Block, Findings } from './block.ts';
import type { AuthConfig } from './config.ts';
import { authTable } from './schema.ts';

type AuthBlock = Block<typeof authTable>;

const NONE: AuthConfig = { method: 'none' };

/** Which way to log in. The file decides; a token of the environment counts only when the file has no way at all. */
export function readAuth(block: AuthBlock, findings: Findings): AuthConfig {
  const method = methodOf(block);
  if (method === 'token_path') return readTokenFile(block, findings);
  if (method === 'approle') return readAppRole(block, findings);
  if (method === 'token') return readToken(block, findings);
  if (method === 'kubernetes' || method === 'k8s') return readKubernetes(block, findings);
  findings.warnings.push('no way to log in is configured: Vault will refuse the snapshot; set role_id and secret_id, token_path, or VAULT_TOKEN');
  return NONE;
}

const USED_KEYS: Readonly<Record<AuthConfig['method'], readonly string[]>> = {
  approle: ['role_id', 'secret_id', 'secret_id_wrapped', 'approle'],
  kubernetes: ['k8s_auth_role', 'k8s_auth_path', 'k8s_jwt_path'],
  token_file: ['token_path'],
  token: ['token'],
  none: [],
};

/** Defaults and variables of the other ways to log in do not count; true for keys that have nothing to do with it. */
export function isAuthKeyUsed(key: string, { method }: AuthConfig): boolean {
  return !(key in authTable) || USED_KEYS[method].includes(key);
}

type Method = 'approle' | 'k8s' | 'kubernetes' | 'token' | 'token_path' | 'none';

/** The ancestor takes AppRole for everything that is not Kubernetes; we only where its keys are there. */
function methodOf({ values, sources }: AuthBlock): Method {
  const isNamedByOther = values.vault_auth_method !== undefined && values.vault_auth_method !== 'approle';
  if (sources.has('token_path') && !isNamedByOther) return 'token_path';
  if (values.vault_auth_method !== undefined) return values.vault_auth_method;
  if (sources.has('role_id') || sources.has('secret_id')) return 'approle';
  if (sources.has('k8s_auth_role')) return 'kubernetes';
  return sources.has('token') ? 'token' : 'none';
}

function readTokenFile({ values }: AuthBlock, findings: Findings): AuthConfig {
  if (values.role_id !== undefined) findings.warnings.push('token_path: counts; role_id and secret_id are not used');
  return values.token_path === undefined ? NONE : { method: 'token_file', path: values.token_path };
}

function readAppRole({ values, sources }: AuthBlock, findings: Findings): AuthConfig {
  const { role_id: roleId, secret_id: secretId, approle, secret_id_wrapped: isSecretIdWrapped } = values;
  if (!sources.has('role_id')) findings.faults.push('role_id: is missing: AppRole needs it; "vault read auth/approle/role/NAME/role-id" shows it');
  if (isSecretIdWrapped && !sources.has('secret_id')) findings.faults.push('secret_id: is missing: secret_id_wrapped says that it is a wrapping token');
  return roleId === undefined ? NONE : { method: 'approle', mount: approle, roleId, secretId, isSecretIdWrapped };
}

function readToken({ values, sources }: AuthBlock, findings: Findings): AuthConfig {
  if (!sources.has('token')) findings.faults.push('token: is missing: vault_auth_method "token" needs it, or VAULT_TOKEN');
  if (sources.has('token_path')) findings.faults.push('token_path: stands beside vault_auth_method "token": remove one of the two');
  return values.token === undefined ? NONE : { method: 'token', token: values.token };
}

function readKubernetes({ values, sources }: AuthBlock, findings: Findings): AuthConfig {
  for (const key of ['k8s_auth_role', 'k8s_auth_path'] as const) {
    if (!sources.has(key)) findings.faults.push(`${key}: is missing: Kubernetes auth needs k8s_auth_role and k8s_auth_path`);
  }
  if (sources.has('token_path')) findings.faults.push('token_path: stands beside vault_auth_method "kubernetes": remove one of the two');
  const { k8s_auth_role: role, k8s_auth_path: mount, k8s_jwt_path: jwtFile } = values;
  return role === undefined || mount === undefined ? NONE : { method: 'kubernetes', mount, role, jwtFile };
}
