import type { Clock } from '../agent/clock.ts';
import { abortReason, SnapshotError } from '../errors.ts';
import type { Hidden, ServerHealth, Target } from './contract.ts';

const EVERY_MS = 1_000;
/** Autopilot tells nothing for some seconds after an election; longer than that, it is off. */
const AUTOPILOT_MS = 15_000;

/** One server after a restore. */
export interface NodeState {
  readonly name: string;
  readonly state: 'agrees' | 'sealed' | 'behind' | 'elsewhere' | 'silent';
}

export interface NodesDeps {
  readonly target: Target;
  readonly token: Hidden;
  /** The cluster has one server: there is nobody to catch up. */
  readonly isAlone: boolean;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Another server of the cluster, as clients reach it. */
  openNode(address: string): Target;
  warn(text: string): void;
}

/** Waits until every server of the cluster is unsealed, is of that cluster and has caught up with the leader. */
export async function untilAllAgree(clusterId: string, deps: NodesDeps, signal: AbortSignal): Promise<readonly NodeState[]> {
  const { target, token, clock, timeoutMs } = deps;
  const begunMs = clock.now().getTime();
  const { appliedIndex } = await target.leader(signal);
  const known = await unlessDenied(() => target.knownNodes(token, signal), 'sys/ha-status', deps);
  const mayAskHealth = !deps.isAlone && (await unlessDenied(() => target.serverHealth(token, signal), 'sys/storage/raft/autopilot/state', deps)) !== 'denied';
  const others = (known === 'denied' ? [] : (known ?? [])).filter(({ isActive }) => !isActive).map(({ apiAddress }) => deps.openNode(apiAddress));
  try {
    for (;;) {
      if (signal.aborted) throw abortReason(signal);
      const nowMs = clock.now().getTime();
      const nodes = await Promise.all([target, ...others].map((node) => stateOf(node, clusterId, signal)));
      const told = mayAskHealth ? await target.serverHealth(token, signal).catch(unlessSilent) : [];
      const isAutopilotOff = told === undefined && nowMs - begunMs >= AUTOPILOT_MS;
      const health = isAutopilotOff ? [] : told;
      const states = [...nodes, ...lagging(health, appliedIndex)];
      // Only what tells of every server counts: a server that nobody knows of may be the one that is missing.
      if (health !== undefined && states.every(({ state }) => state === 'agrees')) {
        if (isAutopilotOff && others.length > 0) deps.warn('autopilot is off: nobody tells whether every server has caught up with the leader');
        return nodes;
      }
      if (nowMs - begunMs >= timeoutMs) throw disagree(states, timeoutMs);
      await clock.waitUntil(new Date(nowMs + EVERY_MS), signal);
    }
  } finally {
    for (const node of others) node.close();
  }
}

async function stateOf(node: Target, clusterId: string, signal: AbortSignal): Promise<NodeState> {
  const status = await node.sealStatus(signal).catch(unlessSilent);
  if (status === undefined) return { name: node.address, state: 'silent' };
  if (status.isSealed) return { name: node.address, state: 'sealed' };
  return { name: node.address, state: status.clusterId === clusterId ? 'agrees' : 'elsewhere' };
}

/** By the names of raft, as the leader sees them. */
function lagging(health: readonly ServerHealth[] | undefined, index: bigint | undefined): readonly NodeState[] {
  const isBehind = ({ isHealthy, lastIndex }: ServerHealth) => !isHealthy || (index !== undefined && lastIndex !== undefined && lastIndex < index);
  return (health ?? []).filter(isBehind).map(({ id }) => ({ name: id, state: 'behind' }));
}

/** The policy of the snapshot may be an older one: what it does not allow is told, and is no failure of the restore. */
async function unlessDenied<Result>(ask: () => Promise<Result>, path: string, { warn }: NodesDeps): Promise<Result | 'denied' | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof SnapshotError) || error.code !== 'vault_denied') return unlessSilent(error);
    warn(`not every server could be looked at: the restored policy does not allow to read ${path}`);
    return 'denied';
  }
}

function unlessSilent(error: unknown): undefined {
  if (error instanceof SnapshotError && ['vault_unreachable', 'vault_error', 'vault_no_leader', 'vault_sealed'].includes(error.code)) return undefined;
  throw error;
}

function disagree(states: readonly NodeState[], timeoutMs: number): SnapshotError {
  const odd = states.filter(({ state }) => state !== 'agrees').map(({ name, state }) => `${name} is ${state}`);
  const what = odd.length === 0 ? 'nobody tells of the other servers' : odd.join(', ');
  const advice = 'the leader is restored; unseal or restart the servers named, and let them catch up before you trust the cluster';
  return new SnapshotError('restore_timeout', `nodes: not all agree within ${timeoutMs / 1000}s: ${what}`, { advice });
}
