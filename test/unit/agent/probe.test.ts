import { describe, expect, it } from 'vitest';
import { probe } from '../../../src/agent/probe.ts';
import { SnapshotError } from '../../../src/errors.ts';
import { keyPrefix } from '../../../src/storage/key.ts';
import { type FaultStep, MemoryStorage } from '../../fakes/memory-storage.ts';

const prefix = keyPrefix('raft_snapshots');
const KEY = 'raft_snapshots/probe';

describe('probing a destination', () => {
  it('writes, reads, lists and removes an object of its own', async () => {
    const storage = new MemoryStorage();
    expect(await probe({ storage, prefix }, 'probe', new AbortController().signal)).toEqual({ location: `memory://memory/${KEY}`, isWriteOnly: false });
    const kinds = new Set(storage.steps.map((step) => step.split(' ')[0]));
    expect([...kinds]).toEqual(expect.arrayContaining(['open', 'write', 'commit', 'stat', 'read', 'list', 'delete']));
    expect(storage.objects.size).toBe(0);
  });

  it.each<FaultStep>(['read', 'list'])('tells what failed first and leaves nothing: %s', async (step) => {
    const storage = new MemoryStorage();
    storage.inject({ step, error: new SnapshotError('storage_denied', `no right to ${step}`) });
    await expect(probe({ storage, prefix }, 'probe', new AbortController().signal)).rejects.toMatchObject({ message: `no right to ${step}` });
    expect(storage.objects.size).toBe(0);
  });

  it('tells what failed first when it may not delete either', async () => {
    const storage = new MemoryStorage();
    storage.inject({ step: 'list', error: new SnapshotError('storage_denied', 'no right to list') });
    storage.inject({ step: 'delete', error: new SnapshotError('storage_denied', 'no right to delete') });
    await expect(probe({ storage, prefix }, 'probe', new AbortController().signal)).rejects.toMatchObject({ message: 'no right to list' });
  });

  it('leaves nothing when it is stopped in its middle', async () => {
    const storage = new MemoryStorage();
    const stop = new AbortController();
    storage.inject({ step: 'list', error: 'hang' });
    const ended = expect(probe({ storage, prefix }, 'probe', stop.signal)).rejects.toMatchObject({ code: 'stopped_int' });
    while (!storage.steps.some((step) => step.startsWith('list'))) await new Promise(setImmediate);
    stop.abort(new SnapshotError('stopped_int', 'stopped by SIGINT'));
    await ended;
    expect(storage.objects.size).toBe(0);
  });
});
