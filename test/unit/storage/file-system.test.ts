import { mkdir, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isFileSystemError, isTmpfs, makeDirectory, roomAt } from '../../../src/storage/file-system.ts';
import { scratchDirectory, smallDisk } from '../../fakes/scratch.ts';

it('knows memory from disk', async () => {
  expect(await isTmpfs(await smallDisk(65_536))).toBe(true);
  expect(await isTmpfs('/proc')).toBe(false);
});

it('looks at the nearest parent of a directory that is yet to be made', async () => {
  const path = join(await smallDisk(65_536), 'not', 'yet', 'made');
  expect(await isTmpfs(path)).toBe(true);
  expect(await roomAt(path)).toBe(65_536);
});

it('counts what is left, not what is there', async () => {
  const path = await smallDisk(1_048_576);
  await writeFile(join(path, 'file'), Buffer.alloc(262_144));
  expect(await roomAt(path)).toBe(786_432);
});

it('takes only what the kernel said for an error of the file system', async () => {
  const refused = await statfs(join(await scratchDirectory(), 'missing')).catch((error: unknown) => error);
  expect(isFileSystemError(refused)).toBe(true);
  expect(isFileSystemError(refused, 'EACCES', 'ENOENT')).toBe(true);
  expect(isFileSystemError(refused, 'EACCES')).toBe(false);
  expect(isFileSystemError(new TypeError('ENOENT'))).toBe(false);
  expect(isFileSystemError(undefined)).toBe(false);
});

it('makes a directory with its parents for its own user, and tells the topmost', async () => {
  const base = await scratchDirectory();
  expect(await makeDirectory(join(base, 'a', 'b', 'c'))).toBe(join(base, 'a'));
  expect((await stat(join(base, 'a', 'b', 'c'))).mode & 0o777).toBe(0o700);
  expect(await makeDirectory(join(base, 'a', 'd'))).toBe(join(base, 'a', 'd'));
});

it('is content with a directory that is there, by its own name or by a link', async () => {
  const base = await scratchDirectory();
  await mkdir(join(base, 'real'));
  await symlink(join(base, 'real'), join(base, 'link'));
  expect(await makeDirectory(join(base, 'real'))).toBeUndefined();
  expect(await makeDirectory(join(base, 'link'))).toBeUndefined();
  expect(await makeDirectory('/')).toBeUndefined();
});

it('lets two make the same directory at once', async () => {
  const path = join(await scratchDirectory(), 'a', 'b', 'c');
  await Promise.all(Array.from({ length: 8 }, () => makeDirectory(path)));
  expect((await stat(path)).isDirectory()).toBe(true);
});

it.each([
  ['a file', 'file', 'ENOTDIR'],
  ['a path below a file', 'file/below', 'ENOTDIR'],
  ['a link to nowhere', 'dangling', 'ENOENT'],
  ['a path below a link to nowhere', 'dangling/below', 'ENOENT'],
])('makes no directory of %s, and says why', async (_, name, code) => {
  const base = await scratchDirectory();
  await writeFile(join(base, 'file'), '');
  await symlink(join(base, 'nowhere'), join(base, 'dangling'));
  await expect(makeDirectory(join(base, name))).rejects.toMatchObject({ code });
});

it('gives up where a file system makes no directories and says that something is missing', async () => {
  await expect(makeDirectory('/proc/missing/directory')).rejects.toMatchObject({ code: 'ENOENT' });
});
