import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalStorage } from '../../src/storage/local/storage.ts';
import { describeStorage } from './storage.ts';

describeStorage('local', async () => {
  const path = await mkdtemp(join(tmpdir(), 'snap-'));
  const owner = { host: 'vault-0', pid: 1, startedMs: 1_700_000_000_000 };
  const storage = new LocalStorage({ name: 'disk', path, owner, isAlive: () => false, now: () => new Date() });
  return { storage, cleanUp: () => rm(path, { recursive: true }) };
});
