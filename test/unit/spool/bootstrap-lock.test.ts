import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { lockServer } from '../../../src/spool/bootstrap-lock.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';
import { ROOT } from '../source-tree.ts';

const ADDRESS = 'http://127.0.0.1:8200';

/** Another process that holds the lock. */
async function holder(directory: string) {
  const source = `import { lockServer } from ${JSON.stringify(join(ROOT, 'src/spool/bootstrap-lock.ts'))};
    await lockServer(${JSON.stringify(directory)}, '${ADDRESS}', 'process ' + process.pid);
    process.stdout.write('held');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

it('keeps another process away as long as it lives, and not a moment longer', async () => {
  const directory = await scratchDirectory();
  const child = await holder(directory);
  await expect(lockServer(directory, ADDRESS, 'me')).rejects.toMatchObject({
    code: 'bootstrap_running',
    message: `vault: ${ADDRESS}: another bootstrap is at work on it: process ${child.pid}`,
  });
  // Refused, it leaves nothing.
  expect(await readdir(directory)).toHaveLength(1);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(await readdir(directory)).toHaveLength(1);
  const release = await lockServer(directory, ADDRESS, 'me');
  await release();
  expect(await readdir(directory)).toEqual([]);
});

it('takes nothing of another host away, whose living one looks dead from here', async () => {
  const directory = await scratchDirectory();
  const child = await holder(directory);
  child.kill('SIGKILL');
  await once(child, 'close');
  const [ours = ''] = await readdir(directory);
  const theirs = ours.replace(/-[0-9a-f]{16}-([0-9a-f]{16}\.lock)$/, '-0000000000000000-$1');
  await rename(join(directory, ours), join(directory, theirs));
  const release = await lockServer(directory, ADDRESS, 'me');
  await release();
  expect(theirs).not.toBe(ours);
  expect(await readdir(directory)).toEqual([theirs]);
});

it('is held by a process that is halted, too', async () => {
  const directory = await scratchDirectory();
  const child = await holder(directory);
  child.kill('SIGSTOP');
  await expect(lockServer(directory, ADDRESS, 'me')).rejects.toThrow('another process, which does not answer');
});

it('is for one server, in a directory whose name may be long', async () => {
  const directory = join(await scratchDirectory(), 'x'.repeat(200), 'y');
  const release = await lockServer(directory, ADDRESS, 'me');
  await (await lockServer(directory, 'http://127.0.0.2:8200', 'me'))();
  await expect(lockServer(directory, ADDRESS, 'me')).rejects.toMatchObject({ code: 'bootstrap_running' });
  await release();
  await (await lockServer(directory, ADDRESS, 'me'))();
  expect(await readdir(directory)).toEqual([]);
});

it('never lets two in that come at once', async () => {
  const directory = await scratchDirectory();
  for (let turn = 0; turn < 20; turn++) {
    const ended = await Promise.allSettled([1, 2, 3].map(() => lockServer(directory, ADDRESS, 'me')));
    const held = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(held.length).toBeLessThan(2);
    for (const release of held) await release();
  }
  expect(await readdir(directory)).toEqual([]);
});

it('says what is wrong with a directory that is none', async () => {
  await expect(lockServer('/dev/null/state', ADDRESS, 'me')).rejects.toMatchObject({ code: 'spool_failed' });
});
