import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HistoryFile } from '../../../src/observability/history-file.ts';
import type { Remembered } from '../../../src/observability/ledger.ts';
import { LocalSpoolDirectory } from '../../../src/spool/directory.ts';
import { leftoverName } from '../../../src/storage/leftover.ts';
import { RecordingLog } from '../../fakes/recording-log.ts';
import { scratchDirectory, smallDisk } from '../../fakes/scratch.ts';

const OWNER = { host: 'vault-0', pid: 7, startedMs: 1 };
const AT = new Date('2026-03-01T12:00:00Z');

function remembered(ids: readonly string[] = ['one']): Remembered {
  const trouble = { at: AT, code: 'vault_cut', message: 'vault: cut', advice: 'look' } as const;
  return {
    cluster: { id: 'id-1', name: 'prod' },
    rounds: ids.map((id) => ({ id, startedAt: AT, endedAt: AT, outcome: 'failed', missed: ['aws'], trouble, location: undefined })),
    drill: { lastSuccessAt: AT, lastSeconds: 3, lastLevel: 'verified', trouble },
    damaged: [{ destination: 'aws', location: '/aws', copies: [{ name: 'a.snap', trouble, takenAt: AT }] }],
  };
}

async function scratchFile() {
  const directory = await scratchDirectory();
  const log = new RecordingLog();
  const path = join(directory, 'history.json');
  return { directory, path, log, file: new HistoryFile({ path, owner: OWNER, log }) };
}

describe('the history file', () => {
  it('gives back what was saved', async () => {
    const { directory, path, file, log } = await scratchFile();
    const nothing: Remembered = {
      cluster: undefined,
      rounds: [],
      drill: { lastSuccessAt: undefined, lastSeconds: 0, lastLevel: undefined, trouble: undefined },
      damaged: [],
    };
    for (const each of [nothing, remembered()]) {
      file.save(each);
      await file.settled();
      expect(await new HistoryFile({ path, owner: OWNER, log }).load()).toEqual(each);
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['history.json']);
    expect(log.lines).toEqual([]);
  });

  it('has the last of many saved at once', async () => {
    const { file } = await scratchFile();
    for (let count = 1; count <= 50; count++) file.save(remembered(Array.from({ length: count }, (_, at) => `r${at}`)));
    await file.settled();
    expect((await file.load())?.rounds).toHaveLength(50);
  });

  it('is whole, however many processes save at once', async () => {
    const { directory, path, log } = await scratchFile();
    const files = Array.from({ length: 20 }, (_, pid) => new HistoryFile({ path, owner: { ...OWNER, pid }, log }));
    for (const file of files) file.save(remembered());
    await Promise.all(files.map((file) => file.settled()));
    expect(await files[0]?.load()).toEqual(remembered());
    expect(await readdir(directory)).toEqual(['history.json']);
    expect(log.lines).toEqual([]);
  });

  it('leaves nothing beside it on a disk that is full', async () => {
    const directory = await smallDisk(4096);
    const log = new RecordingLog();
    const file = new HistoryFile({ path: join(directory, 'history.json'), owner: OWNER, log });
    file.save(remembered(Array.from({ length: 100 }, (_, at) => `r${at}`)));
    await file.settled();
    expect(log.of('history_failed')).toHaveLength(1);
    expect(await readdir(directory)).toEqual([]);
  });

  it('leaves to the next start what a kill cuts off', async () => {
    const { directory } = await scratchFile();
    const unfinished = join(directory, leftoverName('spool', OWNER, '0'.repeat(16)));
    await writeFile(unfinished, '{');
    const witness = { owner: { ...OWNER, pid: 8 }, isAlive: () => false, now: () => AT };
    expect(await new LocalSpoolDirectory(directory, witness).sweep()).toEqual([unfinished]);
  });

  it('is nothing where there is none', async () => {
    const { file, log } = await scratchFile();
    expect(await file.load()).toBeUndefined();
    expect(log.lines).toEqual([]);
  });

  const whole = JSON.stringify({ format: 1, ...remembered() });
  it.each([
    { what: 'cut off', text: whole.slice(0, -20) },
    { what: 'empty', text: '' },
    { what: 'of a later format', text: whole.replace('"format":1', '"format":2') },
    { what: 'without rounds', text: '{"format":1}' },
    { what: 'with a time that is none', text: whole.replaceAll('2026', 'soon') },
    { what: 'with an outcome that is none', text: whole.replace('"failed"', '"lost"') },
    { what: 'null', text: 'null' },
    { what: 'with a round that is none', text: '{"format":1,"rounds":[null],"drill":{}}' },
  ])('is ignored, with a warning, when it is $what', async ({ text }) => {
    const { path, file, log } = await scratchFile();
    await writeFile(path, text);
    expect(await file.load()).toBeUndefined();
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { event: 'history_ignored', path } }]);
  });

  it('reads a code that only a later version knows', async () => {
    const { path, file } = await scratchFile();
    await writeFile(path, whole.replace('vault_cut', 'vault_of_tomorrow'));
    expect((await file.load())?.rounds[0]?.trouble).toMatchObject({ code: 'failed', message: 'vault: cut' });
  });

  it('warns once of a directory that is gone, and goes on when it is back', async () => {
    const { directory, log } = await scratchFile();
    const path = join(directory, 'later', 'history.json');
    const file = new HistoryFile({ path, owner: OWNER, log });
    for (let time = 0; time < 3; time++) {
      file.save(remembered());
      await file.settled();
    }
    expect(log.of('history_failed')).toHaveLength(1);
    await mkdir(join(directory, 'later'));
    file.save(remembered());
    await file.settled();
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ format: 1 });
  });
});
