import type { AuthConfig } from '../../config/config.ts';
import { Secret } from '../../config/secret.ts';
import { SnapshotError } from '../../errors.ts';
import { statusOf } from '../errors.ts';
import { isRecord, type LoginDeps, logIn, mountPath } from './login.ts';
import type { AuthMethod, Grant } from './method.ts';

type AppRoleConfig = Extract<AuthConfig, { method: 'approle' }>;

const INTERCEPTED = 'somebody else may have used it: revoke the secret_ids of this role, find out who, and deliver a new wrapped one';

export class AppRoleAuth implements AuthMethod {
  readonly name: string;
  readonly isOwn = true;
  readonly #config: AppRoleConfig;
  readonly #deps: LoginDeps;
  /** Unwrapping works once: the secret_id stays in memory for as long as the same wrapping token is delivered. */
  #unwrapped: { readonly wrapping: string; readonly secretId: Secret } | undefined;

  constructor(config: AppRoleConfig, deps: LoginDeps) {
    this.name = `approle at auth/${config.mount}`;
    this.#config = config;
    this.#deps = deps;
  }

  async login(signal: AbortSignal): Promise<Grant> {
    const roleId = await this.#config.roleId.read();
    const secretId = await this.#secretId(signal);
    const body = { role_id: roleId.reveal().trim(), ...(secretId === undefined ? {} : { secret_id: secretId.reveal().trim() }) };
    return await logIn(this.#deps, this.#config.mount, body, signal);
  }

  async hasChanged(): Promise<boolean> {
    return false;
  }

  async #secretId(signal: AbortSignal): Promise<Secret | undefined> {
    const delivered = await this.#config.secretId?.read();
    if (delivered === undefined || !this.#config.isSecretIdWrapped) return delivered;
    const wrapping = delivered.reveal().trim();
    if (this.#unwrapped?.wrapping !== wrapping) this.#unwrapped = { wrapping, secretId: await this.#unwrap(wrapping, signal) };
    return this.#unwrapped.secretId;
  }

  async #unwrap(wrapping: string, signal: AbortSignal): Promise<Secret> {
    await this.#checkOrigin(wrapping, signal);
    const call = { method: 'POST', path: 'sys/wrapping/unwrap', token: new Secret(wrapping) } as const;
    const { json } = await this.#deps.api.call(call, signal).catch((error: unknown) => {
      throw toWrappingError(error);
    });
    const secretId = isRecord(json.data) ? json.data.secret_id : undefined;
    if (typeof secretId === 'string' && secretId !== '') return new Secret(secretId);
    throw new SnapshotError('vault_login_failed', 'vault: sys/wrapping/unwrap: what was wrapped is not a secret_id');
  }

  /** A wrapping token made by anybody else would hand us a secret_id of their choice. */
  async #checkOrigin(wrapping: string, signal: AbortSignal): Promise<void> {
    const call = { method: 'POST', path: 'sys/wrapping/lookup', body: { token: wrapping } } as const;
    const { json } = await this.#deps.api.call(call, signal).catch((error: unknown) => {
      throw toWrappingError(error);
    });
    const found = isRecord(json.data) && typeof json.data.creation_path === 'string' ? json.data.creation_path : '';
    const { namespace } = this.#deps;
    const path = namespace !== undefined && found.startsWith(`${namespace}/`) ? found.slice(namespace.length + 1) : found;
    const role = path.startsWith(`${mountPath(this.#config.mount)}/role/`) ? path.slice(mountPath(this.#config.mount).length + '/role/'.length) : '';
    if (/^[^/]+\/secret-id$/.test(role)) return;
    throw new SnapshotError('vault_login_failed', `vault: the wrapped secret_id was made at ${JSON.stringify(found)}, not by auth/${this.#config.mount}`, {
      advice: INTERCEPTED,
    });
  }
}

function toWrappingError(error: unknown): unknown {
  const status = statusOf(error);
  if (!(error instanceof SnapshotError) || (status !== 400 && status !== 403)) return error;
  return new SnapshotError('vault_login_failed', 'vault: the wrapping token of the secret_id is used up or has expired', {
    cause: error.cause,
    advice: INTERCEPTED,
  });
}
