import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { literalSecret } from '../../src/config/secret-source.ts';
import type { AzureLogin, AzureSettings } from '../../src/storage/azure/config.ts';
import { openAzureStorage } from '../../src/storage/azure/storage.ts';
import type { Storage } from '../../src/storage/contract.ts';
import { keyPrefix } from '../../src/storage/key.ts';
import { PartBudget } from '../../src/storage/part-writer.ts';
import { AZURITE_ACCOUNT, AZURITE_KEY } from '../servers/azurite.ts';

export interface Opening extends Partial<AzureSettings> {
  readonly container: string;
  readonly login: AzureLogin;
  readonly env?: Record<string, string>;
  readonly now?: () => Date;
  readonly idleMs?: number;
}

/** A storage for one test, in pages of two. */
export async function openAzure({ env = {}, now = () => new Date(), idleMs = 10_000, ...given }: Opening): Promise<Storage> {
  const none = { prefix: keyPrefix(''), caCertFile: undefined, accessTier: undefined, encryptionScope: undefined, customerKey: undefined };
  const budget = new PartBudget(64 * 1024 * 1024);
  const storage = await openAzureStorage({ ...none, ...given }, { name: 'blobs', env, budget, now, idleMs, pageSize: 2 });
  onTestFinished(() => storage.close());
  return storage;
}

export function accountKey(endpoint: string, key = AZURITE_KEY): AzureLogin {
  return { method: 'account_key', endpoint, account: AZURITE_ACCOUNT, key: literalSecret(key) };
}

/** On loopback, for one test; resolves with the port. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return (server.address() as AddressInfo).port;
}
