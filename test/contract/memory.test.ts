import { MemoryStorage } from '../fakes/memory-storage.ts';
import { describeStorage } from './storage.ts';

describeStorage('memory', async () => ({ storage: new MemoryStorage(), cleanUp: async () => undefined }));
