import { mkdir, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openIntents } from '../../../src/spool/intents.ts';
import { makeImmutable, scratchDirectory } from '../../fakes/scratch.ts';

const WITNESS = { owner: { host: 'vault-0', pid: 7, startedMs: 1000 }, isAlive: () => true, now: () => new Date() };
const INTENT = { destination: 'aws', key: 'raft_snapshots/one.snap', manifest: '{\n  "format": 1\n}\n' };

it('keeps what was recorded until it is cleared, for the next start too', async () => {
  const path = join(await scratchDirectory(), 'state', 'intents');
  await openIntents(path, WITNESS).record(INTENT);
  await openIntents(path, WITNESS).record({ ...INTENT, destination: 'gcp' });
  expect(await openIntents(path, WITNESS).list()).toEqual(expect.arrayContaining([INTENT, { ...INTENT, destination: 'gcp' }]));
  await openIntents(path, WITNESS).clear(INTENT);
  expect(await openIntents(path, WITNESS).list()).toEqual([{ ...INTENT, destination: 'gcp' }]);
});

it('is for its own user only', async () => {
  const path = join(await scratchDirectory(), 'intents');
  await openIntents(path, WITNESS).record(INTENT);
  const [name = ''] = await readdir(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect((await stat(join(path, name))).mode & 0o777).toBe(0o600);
});

it('finds nothing where nothing was recorded, and clears it without complaint', async () => {
  const path = join(await scratchDirectory(), 'missing');
  expect(await openIntents(path, WITNESS).list()).toEqual([]);
  await openIntents(path, WITNESS).clear(INTENT);
});

it.each([0, 1, 40])('takes one cut off after %i bytes for none, and removes it', async (bytes) => {
  const path = await scratchDirectory();
  await openIntents(path, WITNESS).record(INTENT);
  const [name = ''] = await readdir(path);
  await truncate(join(path, name), bytes);
  expect(await openIntents(path, WITNESS).list()).toEqual([]);
  expect(await readdir(path)).toEqual([]);
});

it('records the same one twice without complaint', async () => {
  const intents = openIntents(await scratchDirectory(), WITNESS);
  await intents.record(INTENT);
  await intents.record({ ...INTENT, manifest: 'newer' });
  expect(await intents.list()).toEqual([{ ...INTENT, manifest: 'newer' }]);
});

it.each([0, 40])('leaves that of another process that lives alone, whole or cut off after %i bytes', async (bytes) => {
  const path = await scratchDirectory();
  const other = openIntents(path, { ...WITNESS, owner: { ...WITNESS.owner, pid: 8 } });
  await other.record(INTENT);
  await truncate(join(path, (await readdir(path))[0] ?? ''), bytes);
  expect(await openIntents(path, WITNESS).list()).toEqual([]);
  expect(await readdir(path)).toHaveLength(1);
});

it('takes over that of a process that is gone, and clears it', async () => {
  const path = await scratchDirectory();
  await openIntents(path, { ...WITNESS, owner: { ...WITNESS.owner, pid: 8 } }).record(INTENT);
  const intents = openIntents(path, { ...WITNESS, isAlive: () => false });
  expect(await intents.list()).toEqual([INTENT]);
  await intents.clear(INTENT);
  expect(await readdir(path)).toEqual([]);
});

it('says what is wrong with its directory', async () => {
  const path = await scratchDirectory();
  await writeFile(join(path, 'file'), '');
  const frozen = join(path, 'frozen');
  await mkdir(frozen);
  await makeImmutable(frozen);
  await expect(openIntents(join(path, 'file'), WITNESS).record(INTENT)).rejects.toMatchObject({
    code: 'spool_failed',
    message: expect.stringContaining(`${path}/file`),
  });
  await expect(openIntents(frozen, WITNESS).record(INTENT)).rejects.toMatchObject({ code: 'spool_failed', message: expect.stringContaining('EPERM') });
});
