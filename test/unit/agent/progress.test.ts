import { beforeEach, describe, expect, it } from 'vitest';
import { Progress } from '../../../src/agent/progress.ts';
import type { RoundReport } from '../../../src/agent/report.ts';
import { watched, watchedSpools } from '../../../src/agent/watched.ts';
import { SnapshotError } from '../../../src/errors.ts';
import { LocalSpoolDirectory } from '../../../src/spool/directory.ts';
import { MemoryStorage } from '../../fakes/memory-storage.ts';
import { scratchDirectory } from '../../fakes/scratch.ts';

const MINUTE_MS = 60_000;
const NOW = new Date('2026-03-01T12:00:00Z');

let nowMs = 0;
let said: string[] = [];
let progress: Progress;

beforeEach(() => {
  nowMs = 0;
  said = [];
  progress = new Progress({ nowMs: () => nowMs, stallTimeoutMs: MINUTE_MS, say: (status) => said.push(status) });
});

describe('the progress of the agent', () => {
  it('is made while it rests, and not when it slept through its time', () => {
    progress.resting(NOW, new Date('2026-03-02T12:00:00Z'));
    nowMs = 24 * 60 * MINUTE_MS;
    expect(progress.isMade).toBe(true);
    nowMs += MINUTE_MS;
    expect(progress.isMade).toBe(false);
  });

  it('is made in a round while something moves, and not long after the last thing did', () => {
    progress.awake();
    for (let round = 0; round < 10; round++) {
      nowMs += 15 * MINUTE_MS;
      expect(progress.isMade).toBe(true);
      progress.moved();
    }
    nowMs += 16 * MINUTE_MS;
    expect(progress.isMade).toBe(false);
  });

  it('does not take the length of a rest for patience with the round after it', () => {
    progress.resting(NOW, new Date('2026-03-02T12:00:00Z'));
    progress.awake();
    nowMs = 16 * MINUTE_MS;
    expect(progress.isMade).toBe(false);
  });

  it('waits for a sync of 60 GB, and for a store that asks for an hour', () => {
    progress.movedBytes(60e9);
    nowMs = 100 * MINUTE_MS;
    expect(progress.isMade).toBe(true);
    progress.moved(60 * MINUTE_MS);
    nowMs += 70 * MINUTE_MS;
    expect(progress.isMade).toBe(true);
  });

  it.each<{ report: RoundReport; says: string }>([
    { report: { outcome: 'not_due' }, says: 'no snapshot is due' },
    { report: { outcome: 'standby', reason: 'vault-1 leads' }, says: 'standby: vault-1 leads' },
    {
      report: { outcome: 'failed', stage: 'leadership', error: new SnapshotError('vault_sealed', 'vault: it is sealed'), missed: [] },
      says: 'no snapshot (vault_sealed): vault: it is sealed',
    },
  ])('says what came of the last look: $says', ({ report, says }) => {
    progress.ended(report);
    progress.ended({ outcome: 'not_due' });
    progress.resting(NOW, new Date('2026-03-01T13:00:00Z'));
    expect(said).toEqual([`${says}; next look at 2026-03-01T13:00:00.000Z`]);
  });
});

describe('what is watched', () => {
  it('counts whatever is asked of a storage, and answers as before', async () => {
    const storage = watched(new MemoryStorage(), progress);
    nowMs = 16 * MINUTE_MS;
    expect(progress.isMade).toBe(false);
    expect(storage.name).toBe('memory');
    expect(await storage.room(new AbortController().signal)).toBe(Number.POSITIVE_INFINITY);
    expect(progress.isMade).toBe(true);
  });

  it('counts bytes on their way into the spool and out of it', async () => {
    const witness = { owner: { host: 'vault-0', pid: 1, startedMs: 1 }, isAlive: () => false, now: () => NOW };
    const spool = await watchedSpools(new LocalSpoolDirectory(await scratchDirectory(), witness), progress).open();
    nowMs = 16 * MINUTE_MS;
    await spool.append(Buffer.from('abc'));
    expect(progress.isMade).toBe(true);
    spool.end();
    nowMs += 17 * MINUTE_MS;
    expect(progress.isMade).toBe(false);
    const read: Uint8Array[] = [];
    for await (const chunk of spool.tail(new AbortController().signal)) read.push(chunk);
    expect(Buffer.concat(read).toString()).toBe('abc');
    expect(progress.isMade).toBe(true);
    await spool.remove();
  });
});
