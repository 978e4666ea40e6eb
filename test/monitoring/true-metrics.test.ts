import { describe, expect, it } from 'vitest';
import { SnapshotError } from '../../src/errors.ts';
import { buildArchive } from '../fakes/archive.ts';
import type { Fault, MemoryStorage } from '../fakes/memory-storage.ts';
import { aCluster, type Cluster, type Node } from './nodes.ts';
import { firing, risen } from './prometheus.ts';

const BROKEN = new SnapshotError('storage_misconfigured', 'bad: broken');
const TAKEN = ['snapshots_total{schedule=default,result=success}', 'uploads_total{destination=good,result=success}'];
const ALL_TAKEN = [...TAKEN, 'uploads_total{destination=bad,result=success}'];
const FAILED = 'snapshots_total{schedule=default,result=failure}';

interface Case {
  readonly what: string;
  /** What befalls a node, or what it works with. */
  readonly befalls: (node: Node, cluster: Cluster) => void;
  /** How long until somebody has to know. */
  readonly minutes: number;
  /** The counters of the leader that rise. */
  readonly rise: readonly string[];
  readonly fires: readonly string[];
  /** What it is right to know of a follower. */
  readonly ofFollower?: readonly string[];
}

function failedAt(stage: string): readonly string[] {
  return [FAILED, `snapshot_failures_total{stage=${stage}}`];
}

function missedAt(stage: string): readonly string[] {
  return [TAKEN[0]!, `snapshot_failures_total{stage=${stage}}`, 'uploads_total{destination=bad,result=failure}', TAKEN[1]!];
}

/** Whatever the destination does at that step goes wrong. */
function always(storage: MemoryStorage, fault: Fault): void {
  for (let nth = fault.nth ?? 1; nth < 100; nth += fault.nth ?? 1) storage.inject({ ...fault, nth, error: BROKEN });
}

function blind(code: 'vault_sealed' | 'vault_unreachable' | 'vault_no_leader', what: string): Case {
  const befalls = ({ vault }: Node) => {
    vault.leaderships = [new SnapshotError(code, 'vault: no')];
  };
  return { what, befalls, minutes: 20, rise: failedAt('leadership'), fires: ['NoLeader'] };
}

function badArchive(what: string, stage: string, befalls: Case['befalls'], also: readonly string[] = []): Case {
  return { what, befalls, minutes: 75, rise: failedAt(stage), fires: [...also, 'Failing at vault-0'].sort() };
}

function missed(fault: Fault, stage: string): Case {
  const befalls: Case['befalls'] = ({ vault }, { bad }) => {
    vault.onCall = (call) => {
      if (call === 'openSnapshot') bad.inject({ ...fault, error: BROKEN });
    };
  };
  const what = `a destination that fails at ${fault.step} ${fault.nth ?? 1}`;
  return { what, befalls, minutes: 70, rise: missedAt(stage), fires: ['DestinationFailing at vault-0'] };
}

const CASES: readonly Case[] = [
  { what: 'nothing', befalls: () => undefined, minutes: 75, rise: ALL_TAKEN, fires: [] },
  blind('vault_sealed', 'a sealed Vault'),
  blind('vault_unreachable', 'a Vault that is away'),
  blind('vault_no_leader', 'a cluster without a leader'),
  badArchive('a refused token', 'auth', ({ vault }) => {
    vault.archive = new SnapshotError('vault_denied', 'vault: 403');
  }),
  badArchive('a refused login', 'auth', ({ vault }) => {
    vault.archive = new SnapshotError('vault_login_failed', 'vault: 400');
  }),
  badArchive('a cut', 'drain', ({ vault }) => {
    vault.spoiled = { afterBytes: 9_000, by: new SnapshotError('vault_cut', 'vault: cut') };
  }),
  badArchive('a stall', 'drain', ({ vault }) => {
    vault.spoiled = { afterBytes: 9_000, by: new SnapshotError('vault_stalled', 'vault: silent') };
  }),
  badArchive(
    'a broken archive',
    'verify',
    ({ vault }) => {
      vault.archive = buildArchive({ sealed: Buffer.alloc(0) });
    },
    ['Corrupt at vault-0'],
  ),
  {
    ...badArchive('a full disk', 'spool', ({ disk }) => {
      disk.freeBytes = 10;
    }),
    minutes: 80,
    fires: ['Failing at vault-0', 'SpoolTooSmall at vault-0'],
    ofFollower: ['SpoolTooSmall at vault-1'],
  },
  missed({ step: 'open' }, 'upload'),
  missed({ step: 'write' }, 'upload'),
  missed({ step: 'commit' }, 'commit'),
  missed({ step: 'stat' }, 'readback'),
  missed({ step: 'open', nth: 2 }, 'manifest'),
  {
    what: 'a destination that is missed for hours',
    befalls: (_, { bad }) => always(bad, { step: 'commit' }),
    minutes: 130,
    rise: missedAt('commit'),
    fires: ['DestinationFailing at vault-0', 'DestinationStale'],
  },
  {
    what: 'every destination missed for hours',
    befalls: (_, { bad, good }) => {
      always(bad, { step: 'open' });
      always(good, { step: 'open' });
    },
    minutes: 130,
    rise: [...failedAt('upload'), 'uploads_total{destination=bad,result=failure}', 'uploads_total{destination=good,result=failure}'],
    fires: ['DestinationFailing at vault-0', 'DestinationStale', 'Failing at vault-0', 'Stale'],
  },
  {
    what: 'a list that is refused while pruning',
    befalls: ({ vault }, { bad }) => {
      vault.onCall = (call) => {
        if (call === 'openSnapshot') bad.inject({ step: 'list', error: BROKEN });
      };
    },
    minutes: 65,
    rise: [...ALL_TAKEN, 'retention_errors_total{destination=bad}'],
    fires: ['RetentionFailing at vault-0'],
  },
  {
    what: 'a stored copy that rots',
    befalls: (_, { bad }) => {
      for (const [key, held] of bad.objects)
        if (key.endsWith('.snap')) bad.objects.set(key, { ...held, bytes: Buffer.from(held.bytes.map((byte, at) => (at === 99 ? byte ^ 1 : byte))) });
    },
    minutes: 110,
    rise: [...ALL_TAKEN, 'verify_failures_total{destination=bad}'],
    fires: ['StoredCopyCorrupt at vault-0'],
  },
  {
    what: 'a canary that cannot be written',
    befalls: ({ vault }) => {
      vault.canary = new SnapshotError('vault_denied', 'vault: 403');
    },
    minutes: 65,
    rise: [...ALL_TAKEN, 'canary_failures_total'],
    fires: ['CanaryFailing at vault-0'],
  },
  {
    what: 'a token near its end',
    befalls: ({ token }) => {
      Object.assign(token, { expiresAt: new Date('2026-03-01T12:30:00Z'), lifetimeMs: 8 * 3_600_000 });
    },
    minutes: 10,
    rise: [],
    fires: ['TokenExpiring at vault-0'],
    ofFollower: ['TokenExpiring at vault-1'],
  },
  {
    what: 'a round that outlasts its interval',
    befalls: ({ vault }, { passes }) => {
      vault.onCall = (call) => {
        if (call === 'openSnapshot') passes(61 * 60_000);
      };
    },
    minutes: 65,
    rise: [...ALL_TAKEN, 'rounds_skipped_total{schedule=default}'],
    fires: ['RoundsSkipped at vault-0'],
  },
  {
    what: 'a configuration that is refused',
    befalls: ({ program }) => program.reloadRefused(),
    minutes: 10,
    rise: [],
    fires: ['ReloadRefused at vault-0'],
    ofFollower: ['ReloadRefused at vault-1'],
  },
];

/** Five minutes after the start it befalls all of them, or followers alone. */
async function meet({ befalls, minutes }: Case, isMet: (node: Node, at: number) => boolean) {
  const cluster = await aCluster(['vault-0', 'vault-1']);
  await cluster.pass(5);
  const before = cluster.nodes.map((node) => node.metrics());
  for (const [at, node] of cluster.nodes.entries()) if (isMet(node, at)) befalls(node, cluster);
  await cluster.pass(minutes);
  const rise = cluster.nodes.map((node, at) => risen(before[at]!, node.metrics()));
  await cluster.stop();
  return { rise, fires: await firing(cluster.scrapes) };
}

/** A fault of the places is everybody's: only the node itself can be ill alone. */
const OF_NODES = CASES.filter(({ befalls }) => befalls.length < 2);

describe('of a fault', () => {
  it.each(CASES)('the right counters rise and the right alerts fire: $what', async (one) => {
    const { rise, fires } = await meet(one, (_, at) => at === 0);
    expect({ rise: rise[0]?.toSorted(), fires }).toEqual({ rise: [...one.rise].sort(), fires: one.fires });
  });

  it.each(OF_NODES)('a follower raises no alarm that is not its own, and counts nothing: $what', async (one) => {
    const { rise, fires } = await meet(one, (_, at) => at === 1);
    expect(fires).toEqual(one.ofFollower ?? []);
    // Whoever cannot tell who leads might be the one who ought to.
    expect(rise[1]).toEqual(one.fires.includes('NoLeader') ? one.rise : []);
  });
});
