import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Textfile } from '../../../src/observability/textfile.ts';
import { RecordingLog } from '../../fakes/recording-log.ts';
import { makeImmutable, scratchDirectory } from '../../fakes/scratch.ts';

async function scene(name = 'x.prom') {
  const directory = await scratchDirectory();
  const [path, log] = [join(directory, name), new RecordingLog()];
  let count = 0;
  return { directory, path, log, textfile: new Textfile({ path, log, render: () => `x ${++count}\n`.repeat(10_000) }) };
}

it('writes the text whole, readable to the collector, and leaves nothing beside it', async () => {
  const { directory, path, textfile } = await scene();
  await textfile.write();
  expect(await readFile(path, 'utf8')).toBe('x 1\n'.repeat(10_000));
  expect((await stat(path)).mode & 0o777).toBe(0o644);
  expect(await readdir(directory)).toEqual(['x.prom']);
});

it('writes once after the other when asked many times at once', async () => {
  const { path, textfile, log } = await scene();
  await Promise.all(Array.from({ length: 20 }, () => textfile.write()));
  expect(await readFile(path, 'utf8')).toBe('x 20\n'.repeat(10_000));
  expect(log.lines).toEqual([]);
});

it('takes over what a killed writer left beside it', async () => {
  const { directory, path, textfile } = await scene();
  await writeFile(`${path}.new`, 'half', { mode: 0o600 });
  await textfile.write();
  expect((await stat(path)).mode & 0o777).toBe(0o644);
  expect(await readdir(directory)).toEqual(['x.prom']);
});

it('is silent after one warning, until it could write again', async () => {
  const { directory, textfile, log, path } = await scene('missing/x.prom');
  await textfile.write();
  await textfile.write();
  expect(log.lines.map(({ level, fields }) => ({ level, ...fields }))).toEqual([
    { level: 'warn', event: 'textfile_failed', path, error: 'no such file or directory (ENOENT)' },
  ]);
  await mkdir(join(directory, 'missing'));
  await textfile.write();
  expect(await readFile(path, 'utf8')).toContain('x 3');
  expect(log.lines).toHaveLength(1);
});

it('keeps the old text where the disk takes no new one', async () => {
  const { directory, path, textfile, log } = await scene();
  await textfile.write();
  await makeImmutable(directory);
  await textfile.write();
  expect(await readFile(path, 'utf8')).toBe('x 1\n'.repeat(10_000));
  expect(log.of('textfile_failed')).toHaveLength(1);
});

it('writes once a minute besides, until the signal', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { path, textfile } = await scene();
  const stop = new AbortController();
  textfile.keepWritten(stop.signal);
  await expect.poll(() => readFile(path, 'utf8').catch(() => '')).toContain('x 1');
  vi.advanceTimersByTime(60_000);
  await expect.poll(() => readFile(path, 'utf8')).toContain('x 2');
  stop.abort();
  vi.advanceTimersByTime(600_000);
  await textfile.write();
  expect(await readFile(path, 'utf8')).toContain('x 3');
});
