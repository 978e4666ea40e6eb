import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { createLog } from '../../src/observability/log.ts';
import { STANDBY } from '../fakes/fake-vault.ts';
import { MemoryStorage } from '../fakes/memory-storage.ts';
import { aScene, destinationOf, KEEP_ALL, round, type Scene, startAgent } from './scene.ts';

const KEY = 'raft_snapshots/raft_snapshot-1772366400000000000.snap';
const OLD = 'raft_snapshots/raft_snapshot-1772362800000000000.snap';
const KINDS = ['local', 'aws', 'gcp', 'azure'] as const;
const DENIED = new SnapshotError('storage_denied', 'no such right');

/** A scene whose lines are written as under journald. */
async function journaled(): Promise<{ readonly scene: Scene; readonly lines: string[] }> {
  const scene = await aScene();
  const lines: string[] = [];
  const log = createLog({ level: 'info', format: 'text', isJournal: true, write: (text) => lines.push(text) });
  return { scene: { ...scene, deps: { ...scene.deps, log } }, lines };
}

describe("the ancestor's lines, word for word", () => {
  it.each(KINDS)('tell a snapshot delivered to %s', async (kind) => {
    const { scene, lines } = await journaled();
    await round(scene, [destinationOf(new MemoryStorage({ name: 'here', kind }))]);
    expect(lines[0]).toMatch(new RegExp(`^<6>Successfully created ${kind} snapshot to memory://here/${KEY} event=snapshot_delivered destination=here `));
  });

  it.each(KINDS)('tell a snapshot that %s did not take', async (kind) => {
    const { scene, lines } = await journaled();
    const storage = new MemoryStorage({ name: 'here', kind });
    storage.inject({ step: 'open', error: DENIED });
    await round(scene, [destinationOf(storage)]);
    expect(lines[0]).toMatch(new RegExp(`^<3>Failed to generate ${kind} snapshot to memory://here/${KEY}: no such right event=destination_missed `));
  });

  it.each([
    { leadership: STANDBY, line: '<6>Not running on leader node, skipping. event=standby reason="another node leads"\n' },
    {
      leadership: new SnapshotError('vault_sealed', 'vault: sealed'),
      line: '<3>Unable to determine leader instance.  The snapshot agent will only run on the leader node.  Are you running this daemon on a Vault instance? event=round_failed stage=leadership code=vault_sealed error="vault: sealed" advice="unseal Vault"\n',
    },
  ])('tell who leads: $line', async ({ leadership, line }) => {
    const { scene, lines } = await journaled();
    scene.vault.leaderships = [leadership];
    const agent = startAgent(scene, [destinationOf(new MemoryStorage())]);
    await scene.clock.untilAsleep(1);
    await agent.stop();
    expect(lines).toEqual([line]);
  });

  it('tell a snapshot that Vault did not give', async () => {
    const { scene, lines } = await journaled();
    scene.vault.archive = new SnapshotError('vault_denied', 'vault: permission denied');
    const agent = startAgent(scene, [destinationOf(new MemoryStorage())]);
    await scene.clock.untilAsleep(1);
    await agent.stop();
    expect(lines.join('')).toMatch(/^<3>Unable to generate snapshot vault: permission denied event=round_failed stage=auth code=vault_denied /);
  });

  it.each([
    { step: 'list', line: 'Error when retrieving existing snapshots for delete action. ' },
    { step: 'delete', line: `Error when deleting snapshot ${OLD} ` },
  ] as const)('tell what went wrong at pruning: $step', async ({ step, line }) => {
    const { scene, lines } = await journaled();
    const storage = new MemoryStorage({ name: 'here' });
    storage.objects.set(OLD, { bytes: Buffer.from('old'), modifiedAt: new Date(0) });
    storage.inject({ step, error: DENIED });
    await round(scene, [destinationOf(storage, { retain: { ...KEEP_ALL, last: 1 } })]);
    expect(lines.filter((text) => text.startsWith('<4>'))).toEqual([expect.stringContaining(`<4>${line}event=prune_failed destination=here `)]);
  });
});
