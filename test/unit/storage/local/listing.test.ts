import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyPrefix, objectKey } from '../../../../src/storage/key.ts';
import { leftoverName } from '../../../../src/storage/leftover.ts';
import { LocalStorage } from '../../../../src/storage/local/storage.ts';
import { isAlive, startHolder } from '../../../fakes/held.ts';
import { scratchDirectory } from '../../../fakes/scratch.ts';

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
    execFileSync('mkfifo', [join(path, 'snapshots', 'pipe.snap')]);
    for (const key of ['snapshots/link.snap', 'snapshots/pipe.snap'].map(objectKey)) {
      expect(await storageAt(path).stat(key, NEVER)).toBeUndefined();
      await expect(storageAt(path).read(key, NEVER)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  it('knows of nothing below an object', async () => {
    const storage = storageAt(await scratchDirectory());
    await put(storage, objectKey('snapshots'));
    expect(await storage.stat(KEY, NEVER)).toBeUndefined();
    await storage.delete(KEY, NEVER);
    expect(await keysOf(storage)).toEqual([]);
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
