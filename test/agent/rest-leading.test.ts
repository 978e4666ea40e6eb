import { expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { type FakeVault, LEADER, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { viewOf } from './ledger.ts';
import { aScene, destinationOf, HOUR_MS, startAgent, takenTimes } from './scene.ts';

const MINUTE_MS = 60_000;
const DAILY = { kind: 'interval', everyMs: 24 * HOUR_MS } as const;
const SEALED = new SnapshotError('vault_sealed', 'vault: sealed');

/** A leader with a round a day; what it says two minutes after something became of Vault at noon of its rest. */
async function twoMinutesAfter(change: (vault: FakeVault) => void) {
  const scene = await aScene();
  const aws = new MemoryStorage({ name: 'aws' });
  const destinations = [destinationOf(aws, { rule: DAILY })];
  const agent = startAgent(scene, destinations);
  await scene.clock.advance(6 * HOUR_MS);
  change(scene.vault);
  await scene.clock.advance(2 * MINUTE_MS);
  const view = viewOf(scene, destinations);
  return { scene, aws, destinations, agent, view };
}

it('says within minutes that another node leads', async () => {
  const { agent, view } = await twoMinutesAfter((vault) => {
    vault.leaderships = [STANDBY];
  });
  await agent.stop();
  expect(view).toMatchObject({ role: 'standby', leaderChanges: 1 });
});

it('says within minutes that Vault is sealed, and leads again without a snapshot that is not due', async () => {
  const { scene, aws, destinations, agent, view } = await twoMinutesAfter((vault) => {
    vault.leaderships = [SEALED];
  });
  expect(view).toMatchObject({ role: 'unknown', isSealed: true, failuresByStage: { leadership: expect.any(Number) } });
  scene.vault.leaderships = [LEADER];
  await scene.clock.advance(10 * MINUTE_MS);
  expect(viewOf(scene, destinations)).toMatchObject({ role: 'leader', isSealed: false, schedules: [{ consecutiveFailures: 0 }] });
  await scene.clock.advance(18 * HOUR_MS);
  await agent.stop();
  expect(takenTimes(aws)).toEqual(['2026-03-01T12:00:00.000Z', '2026-03-02T12:00:00.000Z']);
});

it('asks once a minute and no more', async () => {
  const { scene, agent } = await twoMinutesAfter((vault) => {
    vault.calls.length = 0;
  });
  await agent.stop();
  expect(scene.vault.calls.filter((call) => call === 'leadership')).toHaveLength(2);
});

it('stops while Vault is silent', async () => {
  const { scene, agent } = await twoMinutesAfter(() => undefined);
  scene.vault.leaderships = ['hang'];
  const asked = new Promise<void>((resolve) => {
    scene.vault.onCall = () => resolve();
  });
  await scene.clock.advance(MINUTE_MS, 0);
  await asked;
  await agent.stop();
  expect(scene.vault.calls.at(-1)).toBe('leadership');
});
