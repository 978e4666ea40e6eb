import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { manifestKey } from '../../src/snapshot/name.ts';
import { objectKey } from '../../src/storage/key.ts';
import { LEADER, STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { moved, viewOf } from './ledger.ts';
import { aScene, destinationOf, HOUR_MS, visible } from './scene.ts';
import { AT_HALF_PAST_TWO, records, Slow, startVerifying, verified } from './verifying.ts';

const MINUTE_MS = 60_000;

describe('verifying by the clock', () => {
  it('proves the newest of each destination again at its time, and notes it there', async () => {
    const scene = await aScene();
    const stores = [new MemoryStorage({ name: 'aws' }), new MemoryStorage({ name: 'disk' })];
    const daemon = startVerifying(
      scene,
      stores.map((storage) => destinationOf(storage)),
    );
    await scene.clock.advance(2.5 * HOUR_MS - 1);
    expect(verified(scene)).toEqual([]);
    await scene.clock.advance(25 * HOUR_MS);
    await daemon.stop();
    const newest = [visible(stores[0]!)[2]!, visible(stores[0]!)[26]!].map((key) => key.replace('raft_snapshots/', ''));
    expect(verified(scene)).toEqual(newest.flatMap((name) => ['aws', 'disk'].map((destination) => ({ destination, name, code: undefined }))));
    for (const storage of stores) expect(records(storage)).toEqual(['20260301T143000Z', '20260302T143000Z']);
    expect(scene.log.of('snapshot_verified')).toHaveLength(4);
  });

  it('draws a sample besides', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const daemon = startVerifying(scene, [destinationOf(aws)], { ...AT_HALF_PAST_TWO, samplePercent: 100 });
    await scene.clock.advance(3 * HOUR_MS - 1);
    await daemon.stop();
    const names = visible(aws).map((key) => key.replace('raft_snapshots/', ''));
    expect(verified(scene).map(({ name }) => name)).toEqual(names.toReversed());
  });

  it('names a damaged one at error, deletes nothing and counts it', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const destinations = [destinationOf(aws)];
    const daemon = startVerifying(scene, destinations);
    await scene.clock.advance(2.5 * HOUR_MS - 1);
    const [damaged] = visible(aws).slice(-1);
    const held = aws.objects.get(damaged!)!;
    aws.objects.set(damaged!, { ...held, bytes: held.bytes.subarray(0, -1) });
    const before = [...aws.objects.keys()];
    await scene.clock.advance(MINUTE_MS);
    const record = `${manifestKey(objectKey(damaged!)).slice(0, -'.json'.length)}.failed-20260301T143000Z.json`;
    expect([...aws.objects.keys()]).toEqual([...before, record]);
    const fields = { event: 'snapshot_damaged', destination: 'memory', key: damaged, code: 'archive_corrupt' };
    expect(scene.log.of('snapshot_damaged')).toMatchObject([{ level: 'error', fields }]);
    const view = viewOf(scene, destinations);
    expect(moved(view)).toMatchObject({ 'memory.verification failures': 1 });
    expect(view.destinations[0]?.verification).toMatchObject({ lastSuccessAt: undefined, trouble: { code: 'archive_corrupt' } });
    expect(view.destinations[0]?.verification.trouble).toMatchObject({ message: expect.stringContaining(damaged!), advice: expect.stringContaining('list') });
    await daemon.stop();
  });

  it('leaves it to the leader of the time', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const daemon = startVerifying(scene, [destinationOf(aws)]);
    await scene.clock.advance(2.5 * HOUR_MS - 1);
    scene.vault.leaderships = [STANDBY];
    await scene.clock.advance(25 * HOUR_MS);
    expect(verified(scene)).toEqual([]);
    // What nobody did meanwhile is made up for.
    scene.vault.leaderships = [LEADER];
    await scene.clock.advance(HOUR_MS);
    await daemon.stop();
    expect(verified(scene)).toHaveLength(1);
  });

  it('leaves it to the other agent, where all of them are taken for the leader', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const other = startVerifying({ ...scene, deps: { ...scene.deps, settings: { ...scene.deps.settings, node: 'vault-1' } } }, [destinationOf(aws)]);
    await scene.clock.advance(2 * HOUR_MS);
    await other.stop();
    scene.vault.leaderships = [{ role: 'leader', reason: 'behind a load balancer', isAssumed: true, appliedIndex: 40n }];
    const daemon = startVerifying(scene, [destinationOf(aws)]);
    await scene.clock.advance(HOUR_MS - 1);
    await daemon.stop();
    expect(verified(scene)).toEqual([]);
  });

  it('does it again neither after a new start nor after another node did, and makes up for what was slept through', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const first = startVerifying(scene, [destinationOf(aws)]);
    await scene.clock.advance(2.75 * HOUR_MS);
    await first.stop();
    const second = startVerifying(scene, [destinationOf(aws)]);
    await scene.clock.advance(20 * HOUR_MS);
    await second.stop();
    expect(records(aws)).toEqual(['20260301T143000Z']);
    scene.clock.pass(5 * HOUR_MS);
    const third = startVerifying(scene, [destinationOf(aws)]);
    await scene.clock.advance(MINUTE_MS);
    await third.stop();
    expect(records(aws)).toEqual(['20260301T143000Z', '20260302T154500Z']);
  });
});

describe('a round that is due', () => {
  it('goes first: what is read meanwhile is let go, and read after it', async () => {
    const scene = await aScene();
    const aws = new Slow();
    const daemon = startVerifying(scene, [destinationOf(aws)]);
    await scene.clock.advance(2.5 * HOUR_MS - 1);
    let begunAt = 0;
    aws.onChunk = () => {
      aws.onChunk = () => undefined;
      begunAt = aws.steps.length;
      scene.clock.pass(31 * MINUTE_MS);
    };
    await scene.clock.advance(40 * MINUTE_MS);
    await daemon.stop();
    expect(visible(aws)).toHaveLength(4);
    expect(verified(scene)).toEqual([{ destination: 'memory', name: visible(aws)[2]?.replace('raft_snapshots/', ''), code: undefined }]);
    const steps = aws.steps.slice(begunAt);
    const isRead = (step: string) => step === `read ${visible(aws)[2]}`;
    const committed = steps.indexOf(`commit ${visible(aws)[3]}`);
    expect(steps.slice(0, committed).filter(isRead)).toEqual([]);
    expect(steps.slice(committed).filter(isRead)).not.toEqual([]);
    expect(scene.log.of('snapshot_unread')).toEqual([]);
  });

  it('is told of, when there is never enough time before it', async () => {
    const scene = await aScene();
    const aws = new Slow();
    const daemon = startVerifying(scene, [destinationOf(aws)]);
    await scene.clock.advance(2.5 * HOUR_MS - 1);
    let cuts = 0;
    const cut = () => {
      cuts++;
      scene.clock.pass(HOUR_MS);
    };
    aws.onChunk = cut;
    await scene.clock.advance(4 * HOUR_MS);
    await daemon.stop();
    expect(cuts).toBe(3);
    expect(scene.log.of('snapshot_unread')).toMatchObject([{ level: 'warn', fields: { code: 'round_timeout', key: visible(aws)[2] } }]);
    expect(verified(scene)).toEqual([]);
  });
});

describe('a destination in trouble', () => {
  it('that hangs is given up for this time, holds up no other, and is read after the next round', async () => {
    const scene = await aScene({ stallTimeoutMs: 200 });
    const [aws, disk] = [new MemoryStorage({ name: 'aws' }), new MemoryStorage({ name: 'disk' })];
    const daemon = startVerifying(scene, [destinationOf(aws), destinationOf(disk)]);
    await scene.clock.advance(2.5 * HOUR_MS - 1);
    // The manifest is read in two steps: the third is the snapshot's first.
    aws.inject({ step: 'read', nth: 12, error: 'hang' });
    await scene.clock.advance(MINUTE_MS);
    expect(verified(scene).map(({ destination }) => destination)).toEqual(['disk']);
    expect(scene.log.of('snapshot_unread')).toMatchObject([{ level: 'warn', fields: { destination: 'aws', code: 'storage_unavailable' } }]);
    await scene.clock.advance(HOUR_MS);
    await daemon.stop();
    expect(verified(scene).map(({ destination }) => destination)).toEqual(['disk', 'aws']);
  });

  it('that refuses one snapshot is told of once, and the others are read', async () => {
    const scene = await aScene();
    const aws = new Slow();
    const daemon = startVerifying(scene, [destinationOf(aws)], { ...AT_HALF_PAST_TWO, samplePercent: 100 });
    await scene.clock.advance(2.5 * HOUR_MS - 1);
    aws.onChunk = () => {
      aws.onChunk = () => undefined;
      throw new SnapshotError('storage_denied', 'memory: archived');
    };
    await scene.clock.advance(25 * HOUR_MS);
    await daemon.stop();
    expect(scene.log.of('snapshot_unread')).toHaveLength(1);
    expect(moved(viewOf(scene, [destinationOf(aws)]))).not.toHaveProperty('memory.verification failures');
    expect(new Set(verified(scene).map(({ name }) => name)).size).toBe(visible(aws).length - 1);
  });

  it('that cannot be listed is asked again after the next round', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    const daemon = startVerifying(scene, [destinationOf(aws)]);
    await scene.clock.advance(2.5 * HOUR_MS - 1);
    aws.inject({ step: 'list' });
    await scene.clock.advance(MINUTE_MS);
    expect(scene.log.of('look_failed')).toHaveLength(1);
    expect(verified(scene)).toEqual([]);
    await scene.clock.advance(HOUR_MS);
    await daemon.stop();
    expect(verified(scene)).toHaveLength(1);
  });

  it('holds up no stop', async () => {
    const scene = await aScene();
    const aws = new Slow();
    const daemon = startVerifying(scene, [destinationOf(aws)]);
    await scene.clock.advance(2.5 * HOUR_MS - 1);
    const reading = Promise.withResolvers<void>();
    aws.onChunk = () => {
      aws.onChunk = () => undefined;
      aws.inject({ step: 'read', error: 'hang' });
      reading.resolve();
    };
    // Ends only when somebody waits for a time again, and nobody will.
    void scene.clock.advance(MINUTE_MS);
    await reading.promise;
    const from = aws.steps.length;
    await daemon.stop();
    expect(aws.steps.slice(from)).toEqual([]);
    expect(verified(scene)).toEqual([]);
    expect(records(aws)).toEqual([]);
    expect(scene.log.of('snapshot_unread')).toEqual([]);
  });
});
