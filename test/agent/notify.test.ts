import { expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { LEADER, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { WebReceiver } from '../fakes/web-receiver.ts';
import { aNotifier } from '../unit/observability/notify/scene.ts';
import { aScene, destinationOf, startAgent } from './scene.ts';

const SEALED = new SnapshotError('vault_sealed', 'vault: sealed');

/** An agent whose Vault answers so, until it rests after the last answer; what a switch heard of it. */
async function heard(leaderships: readonly (typeof LEADER | SnapshotError)[]): Promise<readonly string[]> {
  const web = await WebReceiver.start();
  const { notifier } = await aNotifier({ healthchecks: `${web.address}/x` });
  const clock = new FakeClock();
  const scene = await aScene({}, { clock });
  // A round asks twice: before the archive and after it. What is found between two rounds is asked again in a turn of its own.
  scene.vault.leaderships = [...leaderships];
  const agent = startAgent({ ...scene, deps: { ...scene.deps, tell: notifier.tell } }, [destinationOf(new MemoryStorage({ now: () => clock.now() }))]);
  await clock.advance(3_606_000);
  await agent.stop();
  await notifier.close();
  return web.lines.map((line) => line.replace(/\?.*/, ''));
}

it('tells a switch of the start and the end of each round', async () => {
  expect(await heard([LEADER])).toEqual(['POST /x/start', 'POST /x', 'POST /x/start', 'POST /x']);
});

it('tells a switch that nobody leads any more, and of the next round', async () => {
  expect((await heard([LEADER, LEADER, SEALED, SEALED, LEADER])).slice(0, 5)).toEqual(['POST /x/start', 'POST /x', 'POST /x/fail', 'POST /x/start', 'POST /x']);
});

it('tells a switch nothing of a Vault that this node never led', async () => {
  expect(await heard([SEALED, STANDBY])).toEqual([]);
});
