import { lstat, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyPrefix, objectKey } from '../../../../src/storage/key.ts';
import { leftoverName } from '../../../../src/storage/leftover.ts';
import { LocalStorage } from '../../../../src/storage/local/storage.ts';
import { isAlive, startHolder } from '../../../fakes/held.ts';
import { makeImmutable, readOnlyView, scratchDirectory, smallDisk } from '../../../fakes/scratch.ts';

const NEVER = new AbortController().signal;
const KEY = objectKey('snapshots/one.snap');
const PREFIX = keyPrefix('snapshots');
const RANDOM = 'c0ffeec0ffeec0ff';
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
    await expect(put(storageAt(path))).rejects.toMatchObject({ code: 'storage_failed', message: expect.stringContaining('not a directory (ENOTDIR)') });
  });
});

describe('listing', () => {
  it('passes over everything that is no regular file with the name of a key', async () => {
    const path = await scratchDirectory();
    await put(storageAt(path));
    const at = (name: string) => join(path, 'snapshots', name);
    await mkdir(at('directory.snap'));
    await symlink(at('one.snap'), at('link.snap'));
    for (const name of ['.hidden.snap', 'with space.snap', 'new\nline.snap', '-dash.snap', leftoverName('partial', US, RANDOM)]) await writeFile(at(name), 'x');
    expect(await keysOf(storageAt(path))).toEqual(['snapshots/one.snap']);
  });

  it('neither reads nor describes what it would not list', async () => {
    const path = await scratchDirectory();
    await put(storageAt(path));
    await symlink(join(path, KEY), join(path, 'snapshots', 'link.snap'));
    const link = objectKey('snapshots/link.snap');
    expect(await storageAt(path).stat(link, NEVER)).toBeUndefined();
    await expect(storageAt(path).read(link, NEVER)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('works in a directory that is reached by a link', async () => {
    const base = await scratchDirectory();
    await mkdir(join(base, 'real'));
    await symlink(join(base, 'real'), join(base, 'link'));
    await put(storageAt(join(base, 'link')));
    expect(await keysOf(storageAt(join(base, 'link')))).toEqual(['snapshots/one.snap']);
    expect((await lstat(join(base, 'real', KEY))).isFile()).toBe(true);
  });
});

describe('leftovers', () => {
  it('finds and removes the partial file of a killed process, and none of a living one', async () => {
    const path = await scratchDirectory();
    const holder = await startHolder('upload', path);
    const [partial = ''] = await readdir(join(path, 'snapshots'));
    expect(await storageAt(path).sweep(PREFIX, NEVER)).toEqual([]);
    await holder.kill();
    expect(await keysOf(storageAt(path))).toEqual([]);
    expect(await storageAt(path).sweep(PREFIX, NEVER)).toEqual([join(path, 'snapshots', partial)]);
    expect(await readdir(join(path, 'snapshots'))).toEqual([]);
    expect(await storageAt(path).sweep(PREFIX, NEVER)).toEqual([]);
  });

  it('looks one directory down, where manifests lie, and no deeper', async () => {
    const path = await scratchDirectory();
    const name = leftoverName('partial', { ...US, startedMs: 0 }, RANDOM);
    await mkdir(join(path, 'snapshots', 'manifests', 'deep'), { recursive: true });
    for (const place of ['snapshots', 'snapshots/manifests', 'snapshots/manifests/deep']) await writeFile(join(path, place, name), 'x');
    const removed = await storageAt(path).sweep(PREFIX, NEVER);
    expect([...removed].sort()).toEqual([join(path, 'snapshots', name), join(path, 'snapshots', 'manifests', name)]);
    expect(await readdir(join(path, 'snapshots', 'manifests', 'deep'))).toEqual([name]);
  });

  it('removes nothing else', async () => {
    const path = await scratchDirectory();
    const others = [
      '.partial-notes',
      '.profile',
      leftoverName('spool', { ...US, startedMs: 0 }, RANDOM),
      leftoverName('partial', { ...US, host: 'vault-1' }, RANDOM),
    ];
    for (const name of others) await writeFile(join(path, name), 'x');
    expect(await storageAt(path).sweep(keyPrefix(''), NEVER)).toEqual([]);
    expect((await readdir(path)).sort()).toEqual([...others].sort());
  });

  it('finds nothing where there is no directory yet', async () => {
    expect(await storageAt(join(await scratchDirectory(), 'missing')).sweep(PREFIX, NEVER)).toEqual([]);
  });
});
