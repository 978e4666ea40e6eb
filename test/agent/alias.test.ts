import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { buildArchive } from '../fakes/archive.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { aScene, destinationOf, KEEP_ALL, manifestAt, round, startAgent, visible } from './scene.ts';

const KEY = 'raft_snapshots/raft_snapshot-1772366400000000000.snap';
const ALIAS = 'raft_snapshots/latest.snap';
const OLD = { bytes: Buffer.from('older'), modifiedAt: new Date(0) };
const LAST_1 = { ...KEEP_ALL, last: 1 };

describe('an alias', () => {
  it('holds the newest snapshot, once that one is delivered itself', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    aws.objects.set(ALIAS, OLD);
    expect(await round(scene, [destinationOf(aws, { alias: 'latest', retain: LAST_1 })])).toMatchObject({ outcome: 'taken', delivered: [{ key: KEY }] });
    expect(aws.objects.get(ALIAS)?.bytes).toEqual(buildArchive());
    const commits = aws.steps.filter((step) => step.startsWith('commit '));
    expect(commits).toEqual([`commit ${KEY}`, expect.stringContaining('/manifests/'), `commit ${ALIAS}`]);
    expect(visible(aws)).toEqual([ALIAS, KEY]);
  });

  it('that cannot be replaced keeps what it held, and costs no snapshot', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage({ name: 'aws' });
    aws.objects.set(ALIAS, OLD);
    aws.inject({ step: 'commit', nth: 3, error: new SnapshotError('storage_denied', 'aws: no such right') });
    expect(await round(scene, [destinationOf(aws, { alias: 'latest' })])).toMatchObject({ outcome: 'taken', missed: [] });
    expect(aws.objects.get(ALIAS)?.bytes).toEqual(OLD.bytes);
    expect(scene.log.of('alias_failed')).toMatchObject([{ level: 'error', fields: { destination: 'aws', key: ALIAS, code: 'storage_denied' } }]);
  });
});

describe("the ancestor's static name", () => {
  it('is all there is: replaced each time, with its manifest, and nothing is pruned', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    aws.objects.set(KEY, OLD);
    const destination = destinationOf(aws, { alias: 'latest', keepsHistory: false, retain: LAST_1 });
    for (const index of [50n, 60n]) {
      scene.vault.archive = buildArchive({ index });
      expect(await round(scene, [destination])).toMatchObject({ outcome: 'taken', delivered: [{ key: ALIAS }], pruned: [] });
      expect(aws.objects.get(ALIAS)?.bytes).toEqual(buildArchive({ index }));
      expect(manifestAt(aws, ALIAS)?.raft_index).toBe(Number(index));
    }
    expect(visible(aws)).toEqual([ALIAS, KEY]);
  });

  it('is known again after a start', async () => {
    const scene = await aScene();
    const aws = new MemoryStorage();
    await round(scene, [destinationOf(aws, { alias: 'latest', keepsHistory: false })]);
    const agent = startAgent(scene, [destinationOf(aws, { alias: 'latest', keepsHistory: false })]);
    await scene.clock.advance(1);
    await agent.stop();
    expect(scene.log.of('snapshot_delivered')).toHaveLength(1);
  });
});
