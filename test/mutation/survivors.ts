// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are lines of code.
import { ARCHIVE_SURVIVORS } from './archive-survivors.ts';
import { STATE_SURVIVORS } from './state-survivors.ts';
import type { Survivors } from './survivor.ts';

/** What may survive, and why no test can tell, or none should. A run fails on any other survivor, and on one of these that was killed. */
export const SURVIVORS: readonly Survivors[] = [
  {
    file: 'src/retention/plan.ts',
    reason: 'one place holds no two objects of the same key',
    changes: [
      [
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 1 : -1));',
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key <= b.key ? 1 : -1));',
      ],
    ],
  },
  {
    file: 'src/retention/plan.ts',
    reason: 'sorting asks only whether the answer is below zero',
    changes: [
      [
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 1 : -1));',
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 2 : -1));',
      ],
      [
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 1 : -1));',
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 0 : -1));',
      ],
      [
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 1 : -1));',
        'const newestFirst = snapshots.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || (a.key < b.key ? 1 : -2));',
      ],
    ],
  },
  {
    file: 'src/retention/plan.ts',
    reason: 'nobody keeps snapshots for a single millisecond',
    changes: [
      [
        'const within = policy.withinMs > 0 ? [`within ${duration(policy.withinMs)}`] : [];',
        'const within = policy.withinMs > 1 ? [`within ${duration(policy.withinMs)}`] : [];',
      ],
      [
        'if (policy.withinMs > 0 && now.getTime() - snapshot.takenAt.getTime() <= policy.withinMs) because(snapshot, `not older than ${duration(policy.withinMs)}`);',
        'if (policy.withinMs > 1 && now.getTime() - snapshot.takenAt.getTime() <= policy.withinMs) because(snapshot, `not older than ${duration(policy.withinMs)}`);',
      ],
    ],
  },
  {
    file: 'src/retention/plan.ts',
    reason: 'a reason that belongs to no snapshot is asked for by none',
    changes: [["if (newestProved) because(newestProved, 'the newest proved one');", "if (true) because(newestProved, 'the newest proved one');"]],
  },
  {
    file: 'src/vault/leadership.ts',
    reason: 'only which of two addresses of this host the reason names',
    changes: [
      [
        'const match = facts.leaderHosts.find((host) => isHere(host, facts.ownAddresses));',
        'const match = facts.leaderHosts.findLast((host) => isHere(host, facts.ownAddresses));',
      ],
      [
        'const own = facts.peers.find((peer) => isHere(peer, facts.ownAddresses));',
        'const own = facts.peers.findLast((peer) => isHere(peer, facts.ownAddresses));',
      ],
    ],
  },
  ...ARCHIVE_SURVIVORS,
  ...STATE_SURVIVORS,
];
