import type { Secret } from '../config/secret.ts';
import { SnapshotError } from '../errors.ts';
import { canaryPath } from '../recovery/canary.ts';
import type { VaultApi } from './api.ts';
import { isRecord } from './auth/login.ts';
import type { CanaryPlace } from './contract.ts';
import { statusOf } from './errors.ts';

export interface CanaryText {
  readonly token: Secret | undefined;
  readonly fields: Readonly<Record<string, string>>;
}

/** Puts the fields there; resolves with the version of the store. */
export async function writeCanary(api: VaultApi, place: CanaryPlace, { token, fields }: CanaryText, signal: AbortSignal): Promise<1 | 2> {
  const { namespace } = place;
  try {
    const version = place.kvVersion ?? (await askVersion(api, place, token, signal));
    const body = version === 2 ? { data: fields } : fields;
    await api.call({ method: 'POST', path: canaryPath(place, version), token, namespace, body }, signal);
    return version;
  } catch (error) {
    throw explained(error, place);
  }
}

/** Any token may ask that has a right somewhere below the mount. */
async function askVersion(api: VaultApi, { mount, path, namespace }: CanaryPlace, token: Secret | undefined, signal: AbortSignal): Promise<1 | 2> {
  const { json } = await api.call({ method: 'GET', path: `sys/internal/ui/mounts/${mount}/${path}`, token, namespace }, signal);
  const { type, path: found, options } = isRecord(json.data) ? json.data : {};
  if (type !== 'kv' && type !== 'generic') throw misplaced(`vault: ${mount}: is no KV store`);
  // The store may be mounted further down than was said, and then the path within it is another one.
  if (found !== `${mount}/`) throw misplaced(`vault: ${mount}/${path}: lies in the store mounted at ${String(found)}`);
  return isRecord(options) && options.version === '2' ? 2 : 1;
}

function misplaced(message: string): SnapshotError {
  return new SnapshotError('vault_error', message, { advice: 'set canary.mount to the path of a KV store: "vault secrets list" shows them' });
}

function explained(error: unknown, place: CanaryPlace): unknown {
  if (!(error instanceof SnapshotError)) return error;
  const { code, message, cause } = error;
  if (code === 'vault_denied') {
    const both = place.kvVersion === undefined ? 'in a store of version 2, ' : '';
    const path = canaryPath(place, place.kvVersion ?? 2);
    return new SnapshotError(code, message, { cause, advice: `the token needs, ${both}path "${path}" { capabilities = ["create", "update", "read"] }` });
  }
  if (statusOf(error) === 404) return new SnapshotError('vault_error', message, { cause, advice: `there is no KV store at ${place.mount}: set canary.mount` });
  return error;
}
