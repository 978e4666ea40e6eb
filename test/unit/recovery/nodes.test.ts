import { describe, expect, it } from 'vitest';
import type { Target } from '../../../src/recovery/contract.ts';
import { untilAllAgree } from '../../../src/recovery/nodes.ts';
import { failureOf } from '../../fakes/vault/client-of.ts';
import type { Reply } from '../../fakes/vault/http-vault.ts';
import { HurriedClock, NEVER, scriptedTarget, sealStatus, TOKEN } from './some-target.ts';

const DENIED: Reply = { status: 403, json: { errors: ['permission denied'] } };

interface Cluster {
  /** By how often the other server was asked. */
  other(asked: number): Reply;
  /** The index of the other server, by the same count. */
  index?(asked: number): number;
  readonly isDenied?: boolean;
  readonly hasAutopilot?: boolean;
  readonly isAlone?: boolean;
}

async function watch({ other, index = () => 50, isDenied = false, hasAutopilot = true, isAlone = false }: Cluster) {
  let asked = 0;
  const follower = await scriptedTarget(() => other(++asked));
  const servers = () => ({ a: { id: 'a', healthy: true, last_index: 50 }, b: { id: 'b', healthy: true, last_index: index(asked) } });
  const leader = await scriptedTarget(({ path }) => {
    if (path === 'sys/leader') return { status: 200, json: { is_self: true, raft_applied_index: 50 } };
    if (path === 'sys/seal-status') return sealStatus();
    if (isDenied) return DENIED;
    if (path === 'sys/storage/raft/autopilot/state' && !hasAutopilot) return { status: 404, json: { errors: [] } };
    if (path === 'sys/storage/raft/autopilot/state') return { status: 200, json: { data: { servers: servers() } } };
    return {
      status: 200,
      json: {
        data: {
          nodes: [
            { api_address: 'leader', active_node: true },
            { api_address: 'follower', active_node: false },
          ],
        },
      },
    };
  });
  const warnings: string[] = [];
  const openNode = (): Target => follower.target;
  const deps = {
    target: leader.target,
    token: TOKEN,
    isAlone,
    clock: new HurriedClock(),
    timeoutMs: 30_000,
    openNode,
    warn: (text: string) => void warnings.push(text),
  };
  return { states: (await untilAllAgree('id-1', deps, NEVER)).map(({ state }) => state), warnings, asked };
}

describe('watching the servers of a restored cluster', () => {
  it('waits for one that is silent, one that is behind, until all agree', async () => {
    const other = (asked: number): Reply => (asked < 4 ? { status: 503, json: { errors: ['away'] } } : sealStatus());
    expect(await watch({ other, index: (asked) => (asked < 8 ? 49 : 50) })).toEqual({ states: ['agrees', 'agrees'], warnings: [], asked: 8 });
  });

  it.each([
    { state: 'sealed', other: () => sealStatus({ sealed: true }) },
    { state: 'elsewhere', other: () => sealStatus({ cluster_id: 'id-2' }) },
    { state: 'silent', other: (): Reply => ({ status: 500, json: { errors: ['no'] } }) },
  ])('names the server that is $state in the end', async ({ state, other }) => {
    const error = await failureOf(watch({ other }));
    expect(error).toMatchObject({ code: 'restore_timeout' });
    expect(error.message).toContain(`is ${state}`);
  });

  it('does without autopilot where that is off, and says so', async () => {
    const told = await watch({ other: (asked) => sealStatus({ sealed: asked < 3 }), hasAutopilot: false });
    expect(told).toEqual({ states: ['agrees', 'agrees'], warnings: [expect.stringContaining('autopilot is off')], asked: 16 });
  });

  it('asks no autopilot about a server that is alone', async () => {
    expect(await watch({ other: () => sealStatus(), hasAutopilot: false, isAlone: true })).toEqual({ states: ['agrees', 'agrees'], warnings: [], asked: 1 });
  });

  it('names the server that does not catch up', async () => {
    expect((await failureOf(watch({ other: () => sealStatus(), index: () => 49 }))).message).toContain('b is behind');
  });

  it('is satisfied with the leader, and says so, where the restored policy is an older one', async () => {
    const { states, warnings } = await watch({ other: () => sealStatus(), isDenied: true });
    expect(states).toEqual(['agrees']);
    expect(warnings).toHaveLength(2);
  });
});
