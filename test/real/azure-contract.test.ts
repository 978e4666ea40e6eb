import { afterAll, beforeAll } from 'vitest';
import { literalSecret } from '../../src/config/secret-source.ts';
import { openAzureStorage } from '../../src/storage/azure/storage.ts';
import { keyPrefix } from '../../src/storage/key.ts';
import { PartBudget } from '../../src/storage/part-writer.ts';
import { describeStorage } from '../contract/storage.ts';
import { AZURITE_ACCOUNT, AZURITE_KEY, type Azurite, startAzurite } from '../servers/azurite.ts';

let azurite: Azurite;

beforeAll(async () => {
  azurite = await startAzurite();
});

afterAll(() => azurite.stop());

describeStorage('azure on Azurite', async () => {
  const container = await azurite.newContainer();
  const storage = await openAzureStorage(
    {
      container,
      prefix: keyPrefix(''),
      login: { method: 'account_key', endpoint: azurite.endpoint, account: AZURITE_ACCOUNT, key: literalSecret(AZURITE_KEY) },
      caCertFile: undefined,
      accessTier: undefined,
      encryptionScope: undefined,
      customerKey: undefined,
    },
    { name: 'blobs', env: {}, budget: new PartBudget(64 * 1024 * 1024), now: () => new Date(), pageSize: 2 },
  );
  return { storage, cleanUp: async () => void (await azurite.service.deleteContainer(container)) };
});
