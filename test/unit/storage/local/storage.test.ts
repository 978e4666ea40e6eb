import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyPrefix, objectKey } from '../../../../src/storage/key.ts';
import { LocalStorage } from '../../../../src/storage/local/storage.ts';
import { isAlive } from '../../../fakes/held.ts';
import { makeImmutable, readOnlyView, scratchDirectory, smallDisk } from '../../../fakes/scratch.ts';

const NEVER = new AbortController().signal;
const KEY = objectKey('snapshots/one.snap');
const PREFIX = keyPrefix('snapshots');
const US = { host: 'vault-0', pid: 1, startedMs: 1 };

function storageAt(path: string): LocalStorage {
  return new LocalStorage({ name: 'disk', path, owner: US, isAlive, now: () => new Date() });
}

async function put(storage: LocalStorage, key = KEY, content = 'snap') {
  const pending = await storage.open(key, { size: 4 }, NEVER);
  await pending.write(Buffer.from(content));
  return await pending.commit();
}

async function keysOf(storage: LocalStorage): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(PREFIX, NEVER)) keys.push(key);
  return keys.sort();
}

const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

describe('permissions', () => {
  it('keeps snapshots and growing ones to its own user', async () => {
    const path = await scratchDirectory();
    const pending = await storageAt(path).open(KEY, { size: 1 }, NEVER);
    const [partial = ''] = await readdir(join(path, 'snapshots'));
    expect(partial).toMatch(/^\.partial-vault-0-1-1-[0-9a-f]{16}$/);
    expect(await modeOf(join(path, 'snapshots', partial))).toBe('600');
    await pending.commit();
    expect(await readdir(join(path, 'snapshots'))).toEqual(['one.snap']);
    expect(await modeOf(join(path, KEY))).toBe('600');
  });

  it('makes missing directories for its own user only', async () => {
    const base = await scratchDirectory();
    await put(storageAt(join(base, 'backups', 'vault')));
    expect(await Promise.all(['backups', 'backups/vault', 'backups/vault/snapshots'].map((name) => modeOf(join(base, name))))).toEqual(['700', '700', '700']);
  });

  it('leaves the mode of a directory that is there', async () => {
    const path = join(await scratchDirectory(), 'shared');
    await mkdir(join(path, 'snapshots'), { recursive: true, mode: 0o755 });
    await put(storageAt(path));
    expect(await modeOf(path)).toBe('755');
    expect(await modeOf(join(path, 'snapshots'))).toBe('755');
  });

  it('says which place may not be written', async () => {
    const base = await scratchDirectory();
    await put(storageAt(base));
    const path = await readOnlyView(base);
    await expect(put(storageAt(path), objectKey('snapshots/two.snap'))).rejects.toMatchObject({
      code: 'storage_denied',
      message: expect.stringMatching(/^local: \/.*\/snapshots\/\.partial-\S+: read-only file system \(EROFS\)$/),
    });
    await expect(storageAt(path).delete(KEY, NEVER)).rejects.toMatchObject({ code: 'storage_denied' });
    expect(await keysOf(storageAt(path))).toEqual([KEY]);
  });

  it('loses the right to write in the middle without showing anything', async () => {
    const path = await scratchDirectory();
    const pending = await storageAt(path).open(KEY, { size: 4 }, NEVER);
    await pending.write(Buffer.from('snap'));
    await makeImmutable(join(path, 'snapshots'));
    await expect(pending.commit()).rejects.toMatchObject({ name: 'SnapshotError' });
    expect(await keysOf(storageAt(path))).toEqual([]);
    await expect(pending.abort()).rejects.toMatchObject({ code: 'storage_denied' });
  });
});

describe('disk', () => {
  it('leaves nothing of a snapshot that did not fit', async () => {
    const path = await smallDisk(1_048_576);
    const pending = await storageAt(path).open(KEY, { size: 2_000_000 }, NEVER);
    await expect(pending.write(Buffer.alloc(2_000_000))).rejects.toMatchObject({
      code: 'storage_no_space',
      message: expect.stringContaining('no space left on device (ENOSPC)'),
    });
    await expect(pending.write(Buffer.from('more'))).rejects.toMatchObject({ code: 'storage_failed' });
    await expect(pending.commit()).rejects.toMatchObject({ code: 'storage_failed' });
    await pending.abort();
    expect(await readdir(join(path, 'snapshots'))).toEqual([]);
    expect(await storageAt(path).room(NEVER)).toBeGreaterThan(900_000);
  });

  it('never commits after a failed write, even when there is room again', async () => {
    const path = await smallDisk(1_048_576);
    await writeFile(join(path, 'ballast'), Buffer.alloc(900_000));
    const pending = await storageAt(path).open(KEY, { size: 4 }, NEVER);
    await expect(pending.write(Buffer.alloc(500_000))).rejects.toMatchObject({ code: 'storage_no_space' });
    await rm(join(path, 'ballast'));
    await expect(pending.commit()).rejects.toMatchObject({ code: 'storage_failed' });
    await pending.abort();
    expect(await readdir(join(path, 'snapshots'))).toEqual([]);
  });

  it('finds that the bytes on disk are not those that were written', async () => {
    const storage = storageAt(await scratchDirectory());
    const written = await put(storage);
    await writeFile(storage.locate(KEY), 'snaq');
    const found = await storage.stat(KEY, NEVER);
    expect(written.checksum).toBe('sha256:1c27324f013705cbf0c49f3d3bb103c7069ed5988889d426c10cfc25684f0a31');
    expect(found?.size).toBe(4);
    expect(found?.checksum).not.toBe(written.checksum);
  });

  it('fails when its directory goes away in the middle', async () => {
    const path = await scratchDirectory();
    const pending = await storageAt(path).open(KEY, { size: 4 }, NEVER);
    await pending.write(Buffer.from('snap'));
    await rm(join(path, 'snapshots'), { recursive: true });
    await expect(pending.commit()).rejects.toMatchObject({ code: 'storage_failed', message: expect.stringContaining('no such file or directory (ENOENT)') });
    await pending.abort();
    expect(await keysOf(storageAt(path))).toEqual([]);
  });

  it('says what to do where the file system has no hard links, and leaves nothing', async () => {
    const path = await scratchDirectory();
    const pending = await storageAt(path).open(KEY, { size: 4 }, NEVER);
    const [partial = ''] = await readdir(join(path, 'snapshots'));
    // The kernel refuses to link an immutable file with the very error of a FAT disk.
    await makeImmutable(join(path, 'snapshots', partial));
    await expect(pending.commit()).rejects.toMatchObject({ code: 'storage_unsupported', advice: expect.stringContaining('hard links') });
    expect(await keysOf(storageAt(path))).toEqual([]);
  });

  it('refuses a path that is a file', async () => {
    const path = join(await scratchDirectory(), 'file');
    await writeFile(path, 'not a directory');
    await expect(put(storageAt(path))).rejects.toMatchObject({ code: 'storage_misconfigured', message: `local: ${path}/snapshots: not a directory (ENOTDIR)` });
  });

  it('refuses a file in the place of its directory, which no waiting turns into one', async () => {
    const path = await scratchDirectory();
    await writeFile(join(path, 'snapshots'), 'not a directory');
    await expect(put(storageAt(path))).rejects.toMatchObject({ code: 'storage_misconfigured', isRetryable: false });
  });
});

describe('ending', () => {
  it('removes its partial file when a commit is refused, before anybody aborts it', async () => {
    const path = await scratchDirectory();
    await put(storageAt(path));
    const pending = await storageAt(path).open(KEY, { size: 4 }, NEVER);
    await expect(pending.commit()).rejects.toMatchObject({ code: 'storage_exists', message: `local: ${path}/snapshots/one.snap: exists already` });
    expect(await readdir(join(path, 'snapshots'))).toEqual(['one.snap']);
    await pending.abort();
  });

  it('touches nothing once it is stopped', async () => {
    const path = await scratchDirectory();
    await expect(storageAt(path).open(KEY, { size: 4 }, AbortSignal.abort())).rejects.toMatchObject({ code: 'stopped' });
    expect(await readdir(path)).toEqual([]);
    const stop = new AbortController();
    const pending = await storageAt(path).open(KEY, { size: 4 }, stop.signal);
    stop.abort();
    await expect(pending.write(Buffer.from('late'))).rejects.toMatchObject({ code: 'stopped' });
    const [partial = ''] = await readdir(join(path, 'snapshots'));
    expect((await stat(join(path, 'snapshots', partial))).size).toBe(0);
    await pending.abort();
  });

  it('shows nothing when it is stopped while the disk syncs', async () => {
    const path = await scratchDirectory();
    const stop = new AbortController();
    const pending = await storageAt(path).open(KEY, { size: 4 }, stop.signal);
    await pending.write(Buffer.from('snap'));
    const committing = pending.commit();
    stop.abort();
    await expect(committing).rejects.toMatchObject({ code: 'stopped' });
    await pending.abort();
    expect(await readdir(join(path, 'snapshots'))).toEqual([]);
  });

  it('says that an aborted upload has ended', async () => {
    const pending = await storageAt(await scratchDirectory()).open(KEY, { size: 4 }, NEVER);
    await pending.abort();
    await expect(pending.write(Buffer.from('late'))).rejects.toMatchObject({ message: expect.stringContaining('this upload has failed or ended') });
  });
});
