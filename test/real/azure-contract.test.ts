import { afterAll, beforeAll } from 'vitest';
import { describeStorage } from '../contract/storage.ts';
import { type Azurite, startAzurite } from '../servers/azurite.ts';
import { accountKey, openAzure } from './azure-scene.ts';

let azurite: Azurite;

beforeAll(async () => {
  azurite = await startAzurite();
});

afterAll(() => azurite.stop());

describeStorage('azure on Azurite', async () => {
  const container = await azurite.newContainer();
  const storage = await openAzure({ container, login: accountKey(azurite.endpoint) });
  return { storage, cleanUp: async () => void (await azurite.service.deleteContainer(container)) };
});
