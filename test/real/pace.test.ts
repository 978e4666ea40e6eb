import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/agent/clock.ts';
import { runRound } from '../../src/agent/round.ts';
import type { Pending, Storage } from '../../src/storage/contract.ts';
import { LocalStorage } from '../../src/storage/local/storage.ts';
import { aScene, destinationOf, NEVER } from '../agent/scene.ts';
import { clientOf, literal } from '../fakes/vault/client-of.ts';
import { removeVault, startVault } from '../servers/vault.ts';
import { createToken, fill } from '../servers/vault-data.ts';
import type { VaultNode } from '../servers/vault-node.ts';
import { until } from '../servers/wait.ts';
import { expectWhole, snapshotsIn } from '../system/scene.ts';

/** Far more than the sockets and buffers on the way can hold. */
const FILLING_BYTES = 60_000_000;

describe('a destination that stands still', () => {
  let vault: VaultNode;

  beforeAll(async () => {
    vault = await startVault();
    await fill(vault, FILLING_BYTES);
  });

  afterAll(() => removeVault(vault));

  it('holds up neither Vault, which can be sealed, nor another destination, and has the snapshot in the end', async () => {
    const { deps, state } = await aScene();
    const witness = { owner: { host: 'vault-0', pid: 1, startedMs: 1 }, isAlive: () => false, now: () => new Date() };
    const fast = new LocalStorage({ name: 'fast', path: join(state, 'fast'), ...witness });
    const events: string[] = [];
    const slow = standingStill(new LocalStorage({ name: 'slow', path: join(state, 'slow'), ...witness }), events);
    const client = clientOf({ address: vault.address, auth: { method: 'token', token: literal(await createToken(vault)) } });
    onTestFinished(() => client.close());
    const leader = await client.leadership(NEVER);
    if (leader.role !== 'leader') throw new Error(leader.reason);
    const destinations = [destinationOf(slow.storage), destinationOf(fast)];
    const round = runRound(destinations, leader, { ...deps, vault: client, clock: systemClock }, NEVER);

    await slow.reached;
    await vault.seal();
    events.push('sealed');
    await until('the snapshot at the fast destination', async () => (await snapshotsIn(join(state, 'fast'))).length === 1);
    events.push('delivered to fast');
    slow.release();

    expect(await round).toMatchObject({ outcome: 'taken', delivered: [{ destination: 'slow' }, { destination: 'fast' }], missed: [] });
    expect(events).toEqual(['slow stands still', 'sealed', 'delivered to fast', 'slow commits']);
    for (const name of ['slow', 'fast']) await expectWhole(join(state, name, 'raft_snapshots'));
  });
});

/** Slower than any pace: after its first chunk it takes nothing until released. */
function standingStill(storage: Storage, events: string[]) {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const held: Pick<Storage, 'open'> = {
    open: async (key, meta, signal) => {
      const pending = await storage.open(key, meta, signal);
      if (key.includes('/manifests/')) return pending;
      return {
        write: async (chunk) => {
          await pending.write(chunk);
          if (events.length === 0) {
            events.push('slow stands still');
            reached.resolve();
          }
          await released.promise;
        },
        commit: async () => {
          events.push('slow commits');
          return pending.commit();
        },
        abort: () => pending.abort(),
      } satisfies Pending;
    },
  };
  return { storage: decorated(storage, held), reached: reached.promise, release: released.resolve };
}

function decorated(storage: Storage, changed: Partial<Storage>): Storage {
  return {
    name: storage.name,
    kind: storage.kind,
    locate: (key) => storage.locate(key),
    open: (key, meta, signal) => storage.open(key, meta, signal),
    list: (prefix, signal) => storage.list(prefix, signal),
    read: (key, signal) => storage.read(key, signal),
    stat: (key, signal) => storage.stat(key, signal),
    delete: (key, signal) => storage.delete(key, signal),
    deleteAll: (keys, signal) => storage.deleteAll(keys, signal),
    room: (signal) => storage.room(signal),
    sweep: (prefix, signal) => storage.sweep(prefix, signal),
    close: () => storage.close(),
    ...changed,
  };
}
