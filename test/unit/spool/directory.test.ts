import { mkdir, readdir, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LocalSpoolDirectory } from '../../../src/spool/directory.ts';
import { leftoverName } from '../../../src/storage/leftover.ts';
import { isAlive, startHolder } from '../../fakes/held.ts';
import { makeImmutable, readOnlyView, scratchDirectory, smallDisk } from '../../fakes/scratch.ts';

const US = { host: 'vault-0', pid: 1, startedMs: 1 };
const RANDOM = 'c0ffeec0ffeec0ff';

function spoolsAt(path: string): LocalSpoolDirectory {
  return new LocalSpoolDirectory(path, { owner: US, isAlive, now: () => new Date() });
}

/** The open files of a process that had a name below that directory once. */
async function openFiles(pid: number | 'self', directory: string): Promise<string[]> {
  const fds = await readdir(`/proc/${pid}/fd`);
  const found: string[] = [];
  for (const fd of fds) {
    const path = `/proc/${pid}/fd/${fd}`;
    const target = await readlink(path).catch(() => '');
    if (target.startsWith(directory)) found.push(path);
  }
  return found;
}

it('makes its directory for its own user only, and spools without a name that nobody else may read', async () => {
  const path = join(await scratchDirectory(), 'state', 'spool');
  const spool = await spoolsAt(path).open();
  await spool.append(Buffer.from('secret'));
  const [file = ''] = await openFiles('self', path);
  expect(((await stat(path)).mode & 0o777).toString(8)).toBe('700');
  expect(await stat(file)).toMatchObject({ mode: 0o100600, nlink: 0, size: 6 });
  expect(await readdir(path)).toEqual([]);
  await spool.remove();
  expect(await openFiles('self', path)).toEqual([]);
});

it('leaves nothing on the disk when its process is killed', async () => {
  const path = await smallDisk(1_048_576);
  const spools = spoolsAt(path);
  const holder = await startHolder('spool', path);
  expect(await openFiles(holder.pid, path)).toHaveLength(1);
  expect(await spools.room()).toBeLessThan(1_048_576);
  await holder.kill();
  expect(await readdir(path)).toEqual([]);
  expect(await spools.room()).toBe(1_048_576);
});

it('removes what a process left that was killed between making a spool and taking its name away', async () => {
  const path = await scratchDirectory();
  const holder = await startHolder('spool', path);
  const living = leftoverName('spool', { ...US, pid: holder.pid }, RANDOM);
  const forerunner = leftoverName('spool', { ...US, startedMs: 0 }, RANDOM);
  const partial = leftoverName('partial', { ...US, startedMs: 0 }, RANDOM);
  for (const name of [living, forerunner, partial, 'notes.txt']) await writeFile(join(path, name), 'x');
  expect(await spoolsAt(path).sweep()).toEqual([join(path, forerunner)]);
  await holder.kill();
  expect(await spoolsAt(path).sweep()).toEqual([join(path, living)]);
  expect((await readdir(path)).sort()).toEqual([partial, 'notes.txt']);
});

it('finds nothing to sweep, and room, where there is no directory yet', async () => {
  const spools = spoolsAt(join(await smallDisk(65_536), 'missing'));
  expect(await spools.sweep()).toEqual([]);
  expect(await spools.room()).toBe(65_536);
});

it('says which directory cannot hold a spool', async () => {
  const base = await scratchDirectory();
  await writeFile(join(base, 'file'), '');
  await mkdir(join(base, 'frozen'));
  await makeImmutable(join(base, 'frozen'));
  const readOnly = await readOnlyView(base);
  await expect(spoolsAt(join(base, 'file')).open()).rejects.toMatchObject({
    code: 'spool_failed',
    message: `spool: ${base}/file: not a directory (ENOTDIR)`,
  });
  await expect(spoolsAt(join(base, 'frozen')).open()).rejects.toMatchObject({
    code: 'spool_failed',
    message: `spool: ${base}/frozen: operation not permitted (EPERM)`,
  });
  await expect(spoolsAt(readOnly).open()).rejects.toMatchObject({ code: 'spool_failed', message: `spool: ${readOnly}: read-only file system (EROFS)` });
});
