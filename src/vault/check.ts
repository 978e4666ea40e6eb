import type { Secret } from '../config/secret.ts';
import { type ErrorCode, SnapshotError, toSnapshotError } from '../errors.ts';
import type { VaultApi } from './api.ts';
import { isRecord } from './auth/login.ts';
import { checkUsable } from './cluster-facts.ts';
import type { Session } from './session.ts';
import type { Endpoint } from './transport.ts';

/** One thing looked at. `advice` is empty when all is well. */
export interface Finding {
  readonly what: 'connection' | 'seal and storage' | 'login' | 'snapshot policy' | 'raft configuration policy';
  readonly ok: boolean;
  readonly detail: string;
  /** Where it failed. */
  readonly code?: ErrorCode;
  readonly advice: string;
}

const SNAPSHOT = 'sys/storage/raft/snapshot';
const CONFIGURATION = 'sys/storage/raft/configuration';

export interface CheckDeps {
  readonly endpoint: Endpoint;
  readonly api: VaultApi;
  readonly session: Session;
  readonly methodName: string;
}

/** A login was accepted before, so the policy of the snapshot is not what is missing. */
const DEAD_TOKEN = 'the token has ended or was revoked, or it lacks the policy "default": give a new one';

/** From the connection to the policy; the first that fails is the last, because the rest would only repeat it. */
export async function checkVault(deps: CheckDeps, signal: AbortSignal): Promise<readonly Finding[]> {
  const { endpoint, api, session, methodName } = deps;
  const findings: Finding[] = [];
  let what: Finding['what'] = 'connection';
  const isFine = (detail: string) => findings.push({ what, ok: true, detail, advice: '' });
  try {
    const seal = await api.call({ method: 'GET', path: 'sys/seal-status' }, signal);
    const { version } = seal.json;
    const told = typeof version === 'string' && version !== '' ? `, version ${version}` : '';
    isFine(`${endpoint.address} answers${endpoint.isTls ? ' over TLS' : ''}${told}`);
    what = 'seal and storage';
    checkUsable(seal);
    isFine('unsealed, raft');
    what = 'login';
    const capabilities = await session.withToken((token) => askCapabilities(api, token, signal), signal);
    isFine(methodName);
    findings.push(...readCapabilities(capabilities));
  } catch (thrown) {
    signal.throwIfAborted();
    const { code, message, advice } = toSnapshotError(thrown);
    findings.push({ what, ok: false, detail: message, code, advice: what === 'login' && code === 'vault_denied' ? DEAD_TOKEN : advice });
  }
  return findings;
}

async function askCapabilities(api: VaultApi, token: Secret | undefined, signal: AbortSignal): Promise<unknown> {
  const call = { method: 'POST', path: 'sys/capabilities-self', token, body: { paths: [SNAPSHOT, CONFIGURATION] } } as const;
  return (await api.call(call, signal)).json.data;
}

function readCapabilities(told: unknown): readonly Finding[] {
  const granted = isRecord(told) ? told : {};
  const canRead = (path: string) => {
    const words = granted[path];
    return Array.isArray(words) && (words.includes('read') || words.includes('root'));
  };
  return [
    canRead(SNAPSHOT)
      ? { what: 'snapshot policy', ok: true, detail: `may read ${SNAPSHOT}`, advice: '' }
      : { what: 'snapshot policy', ok: false, detail: `may not read ${SNAPSHOT}`, code: 'vault_denied', advice: new SnapshotError('vault_denied', '').advice },
    canRead(CONFIGURATION)
      ? { what: 'raft configuration policy', ok: true, detail: `may read ${CONFIGURATION}`, advice: '' }
      : {
          what: 'raft configuration policy',
          ok: true,
          detail: `may not read ${CONFIGURATION}: only an agent that runs away from the servers of Vault needs it`,
          advice: `grant it if "addr" is a load balancer: path "${CONFIGURATION}" { capabilities = ["read"] }`,
        },
  ];
}
