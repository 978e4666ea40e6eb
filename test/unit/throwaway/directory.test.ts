import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type DirectoryDeps, makeDrillDirectory, noteProcess, removeDirectory, sweepDrills } from '../../../src/throwaway/directory.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';

async function depsOf(pid: number, living: readonly number[] = []): Promise<DirectoryDeps & { readonly ended: number[] }> {
  const ended: number[] = [];
  const witness = { owner: { host: 'a-host', pid, startedMs: pid }, isAlive: (other: number) => living.includes(other), now: () => new Date() };
  return { stateDirectory: join(await scratchDirectory(), 'state'), witness, ended, end: (one) => void ended.push(one) };
}

/** What another process of this host would see. */
function seenBy(deps: DirectoryDeps, pid: number, living: readonly number[] = []): DirectoryDeps {
  return { ...deps, witness: { ...deps.witness, owner: { ...deps.witness.owner, pid, startedMs: pid }, isAlive: (other) => living.includes(other) } };
}

describe('the directory of a drill', () => {
  it('is for its own user only, and goes with all that is in it', async () => {
    const deps = await depsOf(1);
    const path = await makeDrillDirectory(deps, 1);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await writeFile(join(path, 'data', 'vault.db'), 'secret');
    await removeDirectory(path);
    await removeDirectory(path);
    expect(await readdir(deps.stateDirectory)).toEqual([]);
  });

  it('is refused where three times the state has no room', async () => {
    const deps = await depsOf(1);
    await expect(makeDrillDirectory(deps, 2 ** 60)).rejects.toMatchObject({ code: 'spool_no_space' });
    expect(await readdir(deps.stateDirectory)).toEqual([]);
  });

  it('of a dead drill is swept with its server, and no other', async () => {
    const deps = await depsOf(100);
    const dead = await makeDrillDirectory(deps, 1);
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    await noteProcess(dead, child.pid ?? 0);
    const other = await makeDrillDirectory(seenBy(deps, 200), 1);
    await mkdir(join(deps.stateDirectory, '.drill-something-else'));
    await writeFile(join(deps.stateDirectory, 'history.json'), '{}');

    expect(await sweepDrills(seenBy(deps, 300, [100, 200]))).toEqual([]);
    expect(deps.ended).toEqual([]);
    expect(await sweepDrills(seenBy(deps, 300, [200]))).toEqual([dead]);
    expect(deps.ended).toEqual([child.pid]);
    expect((await readdir(deps.stateDirectory)).sort()).toEqual(['.drill-something-else', other.slice(deps.stateDirectory.length + 1), 'history.json'].sort());
  });

  it.each([
    { what: 'has its number by chance', text: (pid: number) => `${pid} 1\n` },
    { what: 'is gone', text: () => '999999999 1\n' },
    { what: 'was never noted in full', text: (pid: number) => String(pid) },
  ])('is swept without an end to a process that $what', async ({ text }) => {
    const deps = await depsOf(100);
    const dead = await makeDrillDirectory(deps, 1);
    await writeFile(join(dead, 'server.pid'), text(process.pid));
    expect(await sweepDrills(seenBy(deps, 300))).toEqual([dead]);
    expect(deps.ended).toEqual([]);
  });
});
