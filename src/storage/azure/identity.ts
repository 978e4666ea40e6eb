import type { TokenCredential } from '@azure/identity';
import type { Environment } from '../../config/secret-source.ts';
import { agentFor } from './agent.ts';
import type { AzureLogin } from './config.ts';

export type { TokenCredential };

type IdentityLogin = Extract<AzureLogin, { readonly method: 'managed_identity' | 'workload_identity' }>;

/**
 * The package is large, so it comes only when it is wanted. It reads the environment itself: IDENTITY_ENDPOINT, IDENTITY_HEADER and their kin
 * for a managed identity; AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE and AZURE_AUTHORITY_HOST for one of a pod.
 */
export async function openIdentity({ method, clientId }: IdentityLogin, env: Environment): Promise<TokenCredential> {
  const { ManagedIdentityCredential, WorkloadIdentityCredential } = await import('@azure/identity');
  const which = clientId === undefined ? {} : { clientId };
  // The identity of a machine is asked for on the machine itself: never through a proxy.
  if (method === 'managed_identity') return new ManagedIdentityCredential({ ...which, retryOptions: { maxRetries: 0 } });
  const authority = new URL(env.AZURE_AUTHORITY_HOST || 'https://login.microsoftonline.com');
  // Without discovery: it would ask a second host, which closed networks do not let through, about an authority the operator chose.
  const options = { ...which, disableInstanceDiscovery: true, agent: agentFor(authority, env, undefined), retryOptions: { maxRetries: 0 } };
  return new WorkloadIdentityCredential(options);
}
