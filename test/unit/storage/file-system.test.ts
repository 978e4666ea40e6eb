import { statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isFileSystemError, isTmpfs, roomAt } from '../../../src/storage/file-system.ts';
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
