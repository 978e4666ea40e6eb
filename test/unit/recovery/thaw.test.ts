import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../../src/errors.ts';
import { thawing, untilThawed } from '../../../src/recovery/thaw.ts';
import type { Thawing } from '../../../src/storage/contract.ts';
import { contentOf, KEY, NEVER, put } from '../../contract/storage-steps.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryStorage } from '../../fakes/memory-storage.ts';
import { someDestination } from '../inventory/some-destination.ts';

const COLD = new SnapshotError('object_cold', 'memory: cold');

/** One object that is cold so often; it can be asked back. */
class ColdStorage extends MemoryStorage {
  asked = 0;
  state: Thawing = { isWarm: false, takes: 'up to 12 hours' };

  async thaw(): Promise<Thawing> {
    this.asked += 1;
    return this.state;
  }
}

async function cold(storage: MemoryStorage, times = 1): Promise<MemoryStorage> {
  await put(storage, KEY, Buffer.from('snapshot'));
  for (let nth = 1; nth <= times; nth++) storage.inject({ step: 'read', nth, error: COLD });
  return storage;
}

const through = (storage: MemoryStorage) => thawing(someDestination(storage)).storage;

describe('reading from cold storage', () => {
  it('asks for the object, and says how long it takes', async () => {
    const storage = new ColdStorage();
    await cold(storage);
    await expect(contentOf(through(storage))).rejects.toMatchObject({ code: 'object_thawing', message: `memory: ${KEY}: asked for; it takes up to 12 hours` });
    expect(storage.asked).toBe(1);
  });

  it('reads it as soon as it is there', async () => {
    const storage = new ColdStorage();
    await cold(storage);
    storage.state = { isWarm: true };
    expect(`${await contentOf(through(storage))}`).toBe('snapshot');
  });

  it('asks for nothing that can be read', async () => {
    const storage = new ColdStorage();
    await cold(storage, 0);
    expect(`${await contentOf(through(storage))}`).toBe('snapshot');
    expect(storage.asked).toBe(0);
  });

  it('leaves the refusal as it is where nothing can be asked', async () => {
    await expect(contentOf(through(await cold(new MemoryStorage())))).rejects.toBe(COLD);
  });
});

describe('waiting for it', () => {
  const onItsWay = new SnapshotError('object_thawing', 'on its way');

  function begin(waitMs: number, attempts: readonly (SnapshotError | 'there')[], signal = NEVER) {
    const clock = new FakeClock();
    const waits: SnapshotError[] = [];
    let tried = 0;
    const work = async () => {
      const outcome = attempts[tried++] ?? onItsWay;
      if (outcome !== 'there') throw outcome;
      return outcome;
    };
    const result = untilThawed(work, { waitMs, clock, onWait: (error) => waits.push(error) }, signal);
    result.catch(() => undefined);
    return { clock, result, waits, tries: () => tried };
  }

  it('goes on as soon as it is there, and says once that it waits', async () => {
    const { clock, result, waits, tries } = begin(3_600_000, [onItsWay, onItsWay, onItsWay, 'there']);
    await clock.advance(3_000);
    await clock.untilAsleep(1);
    expect(tries()).toBe(3);
    clock.jump(4_000);
    expect(await result).toBe('there');
    expect(waits).toEqual([onItsWay]);
  });

  it('ends with what is on its way when patience does', async () => {
    const { clock, result, tries } = begin(10 * 60_000, []);
    await clock.advance(9 * 60_000);
    clock.jump(60_000);
    await expect(result).rejects.toBe(onItsWay);
    // More and more seldom: a second, two, four … and then every minute.
    expect(tries()).toBe(15);
  });

  it('waits for nothing where nobody asked it to', async () => {
    const { result, waits } = begin(0, []);
    await expect(result).rejects.toBe(onItsWay);
    expect(waits).toEqual([]);
  });

  it('waits for no other failure', async () => {
    await expect(begin(60_000, [COLD]).result).rejects.toBe(COLD);
  });

  it('ends at the signal', async () => {
    const stop = new AbortController();
    const { clock, result } = begin(60_000, [], stop.signal);
    await clock.untilAsleep(1);
    stop.abort();
    await expect(result).rejects.toMatchObject({ code: 'stopped' });
  });
});
