import { afterEach, beforeEach, describe } from 'vitest';
import type { Storage } from '../../src/storage/contract.ts';
import { describeFailedUpload } from './storage-failures.ts';
import { describeListing } from './storage-listing.ts';
import { describeStopping } from './storage-stopping.ts';
import { describeUpload } from './storage-uploads.ts';

export interface StorageUnderTest {
  readonly storage: Storage;
  cleanUp(): Promise<void>;
}

/** What every destination promises. No driver is excused from any of it. */
export function describeStorage(name: string, make: () => Promise<StorageUnderTest>): void {
  describe(`storage ${name}`, () => {
    let storage: Storage;
    let cleanUp: () => Promise<void>;

    beforeEach(async () => {
      ({ storage, cleanUp } = await make());
    });

    afterEach(async () => {
      await storage.close();
      await cleanUp();
    });

    describeUpload(() => storage);
    describeFailedUpload(() => storage);
    describeListing(() => storage);
    describeStopping(() => storage);
  });
}
