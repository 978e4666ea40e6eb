import { Agent } from 'node:http';
import type { TokenCredential } from '@azure/identity';
import type { Environment } from '../../config/secret-source.ts';
import { SnapshotError } from '../../errors.ts';
import { inTime } from '../in-time.ts';
import { agentFor } from './agent.ts';
import type { AzureLogin } from './config.ts';

export type { TokenCredential };

type IdentityLogin = Extract<AzureLogin, { readonly method: 'managed_identity' | 'workload_identity' }>;

/**
 * The package is large, so it comes only when it is wanted. It reads the environment itself: IDENTITY_ENDPOINT, IDENTITY_HEADER and their kin
 * for a managed identity; AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE and AZURE_AUTHORITY_HOST for one of a pod.
 */
export async function openIdentity(login: IdentityLogin, env: Environment, ca: string | undefined, limitMs: number): Promise<TokenCredential> {
  const credential = await createIdentity(login, env, ca);
  const tooLong = () => new SnapshotError('storage_unavailable', `azure: no token for the identity after ${limitMs / 1000}s`);
  // The package waits for ever on a machine that never answers, and gives everybody who asks later the same wait.
  return { getToken: (scopes, options) => inTime(credential.getToken(scopes, options), limitMs, tooLong) };
}

async function createIdentity({ method, clientId }: IdentityLogin, env: Environment, ca: string | undefined): Promise<TokenCredential> {
  const { ManagedIdentityCredential, WorkloadIdentityCredential } = await import('@azure/identity');
  const which = clientId === undefined ? {} : { clientId };
  // A machine is asked for its identity by plain http and on itself: never through a proxy, which the SDK would take from the environment.
  if (method === 'managed_identity') return new ManagedIdentityCredential({ ...which, agent: new Agent(), retryOptions: { maxRetries: 0 } });
  refuseHalfPod(env, clientId);
  const authority = new URL(env.AZURE_AUTHORITY_HOST || 'https://login.microsoftonline.com');
  // Without discovery: it would ask a second host, which closed networks do not let through, about an authority the operator chose.
  const options = { ...which, disableInstanceDiscovery: true, agent: agentFor(authority, env, ca), retryOptions: { maxRetries: 0 } };
  return new WorkloadIdentityCredential(options);
}

/** The webhook of workload identity sets all of them, or nothing at all. */
function refuseHalfPod(env: Environment, clientId: string | undefined): void {
  const needed = ['AZURE_TENANT_ID', 'AZURE_FEDERATED_TOKEN_FILE', ...(clientId === undefined ? ['AZURE_CLIENT_ID'] : [])];
  const missing = needed.filter((name) => !env[name]);
  if (missing.length === 0) return;
  const advice = 'label the pod "azure.workload.identity/use": "true" and annotate its service account with the client id; see docs/azure.md';
  throw new SnapshotError('storage_misconfigured', `azure: identity "workload": ${missing.join(', ')} not set`, { advice });
}
