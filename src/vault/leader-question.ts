import type { Clock } from '../agent/clock.ts';
import type { VaultConfig } from '../config/config.ts';
import { SnapshotError } from '../errors.ts';
import type { Answer, VaultApi } from './api.ts';
import type { Leadership } from './contract.ts';
import { isRefusal, leaderHosts, type Resolve, readAppliedIndex, readPeers, resolveHost } from './host-facts.ts';
import { decideLeadership, type LeadershipDecision, type LeadershipFacts } from './leadership.ts';
import type { Session } from './session.ts';
import type { Endpoint } from './transport.ts';

/** An election takes seconds; longer than these together, and the cluster has no leader. */
const PAUSES_MS = [0, 1000, 2000, 3000, 4000];

export interface LeaderQuestionDeps {
  readonly endpoint: Endpoint;
  readonly check: VaultConfig['leaderCheck'];
  readonly api: VaultApi;
  readonly session: Session;
  readonly clock: Clock;
  readonly interfaces: () => readonly string[];
  readonly resolve: Resolve;
}

/** Asks what the decision needs, and no more: the raft configuration costs a token. */
export async function askLeadership(deps: LeaderQuestionDeps, signal: AbortSignal): Promise<Leadership> {
  for (const pauseMs of PAUSES_MS) {
    if (pauseMs > 0) await deps.clock.waitUntil(new Date(deps.clock.now().getTime() + pauseMs), signal);
    signal.throwIfAborted();
    const answer = await askLeader(deps.api, signal);
    const decision = await decide(deps, answer, signal);
    if (decision.role === 'leader') return { ...decision, appliedIndex: readAppliedIndex(answer.text) };
    if (decision.role === 'standby') return decision;
  }
  throw new SnapshotError('vault_no_leader', `vault: ${deps.endpoint.address}: no leader is known or heard`, {
    advice: 'look at the other servers; if this one only hides addresses (redact_addresses), set "leader_check": "is_self"',
  });
}

async function decide(deps: LeaderQuestionDeps, answer: Answer, signal: AbortSignal): Promise<LeadershipDecision> {
  const facts = await gather(deps, answer, signal);
  const decision = decideLeadership(facts);
  if (decision.role !== 'undecided' || decision.lacking !== 'peers') return decision;
  return decideLeadership({ ...facts, peers: await askPeers(deps, signal) });
}

async function gather(deps: LeaderQuestionDeps, answer: Answer, signal: AbortSignal): Promise<LeadershipFacts> {
  const { endpoint, check, resolve } = deps;
  const hosts = await leaderHosts(answer, resolve, signal);
  const isUnixSocket = endpoint.socketPath !== undefined;
  const asked = isUnixSocket ? { text: endpoint.address, addresses: [] } : await resolveHost(endpoint.address, resolve, signal);
  const isSelf = answer.json.is_self === true || (answer.json.ha_enabled === false && (await isActive(deps.api, signal)));
  return {
    check,
    asked: { ...asked, isUnixSocket },
    ownAddresses: deps.interfaces(),
    isSelf,
    leaderHosts: hosts,
    contact: isSelf ? 'good' : await askContact(deps.api, signal),
    peers: 'unasked',
  };
}

async function askLeader(api: VaultApi, signal: AbortSignal): Promise<Answer> {
  try {
    return await api.call({ method: 'GET', path: 'sys/leader' }, signal);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    if (error.code === 'vault_sealed' && !(await isInitialized(api, signal))) {
      throw new SnapshotError('vault_uninitialized', 'vault: sys/leader: Vault is not initialised', { cause: error });
    }
    // A rate limit counts sys/leader but not sys/health, which tells as much about the server asked.
    if (error.code !== 'vault_rate_limited' || !(await isActive(api, signal))) throw error;
    return { json: { ha_enabled: true, is_self: true }, text: '' };
  }
}

async function isInitialized(api: VaultApi, signal: AbortSignal): Promise<boolean> {
  return (await api.call({ method: 'GET', path: 'sys/seal-status' }, signal)).json.initialized !== false;
}

/** Asked so that every state of Vault is a 200. */
const HEALTH =
  'sys/health?standbyok=true&perfstandbyok=true&sealedcode=200&uninitcode=200&drsecondarycode=200&performancestandbycode=200&haunhealthycode=200&removedcode=200';

async function isActive(api: VaultApi, signal: AbortSignal): Promise<boolean> {
  const { json } = await api.call({ method: 'GET', path: HEALTH }, signal);
  const isSecondary = json.replication_dr_mode === 'secondary' || json.performance_standby === true;
  return json.initialized === true && json.sealed === false && json.standby === false && !isSecondary;
}

/** Vault says so after ten seconds of silence; OpenBao and older Vaults say nothing. */
async function askContact(api: VaultApi, signal: AbortSignal): Promise<LeadershipFacts['contact']> {
  const healthy = (await api.call({ method: 'GET', path: HEALTH }, signal)).json.ha_connection_healthy;
  if (typeof healthy !== 'boolean') return 'unknown';
  return healthy ? 'good' : 'lost';
}

async function askPeers({ api, session, resolve }: LeaderQuestionDeps, signal: AbortSignal): Promise<LeadershipFacts['peers']> {
  try {
    const call = { method: 'GET', path: 'sys/storage/raft/configuration' } as const;
    const answer = await session.withToken((token) => api.call({ ...call, token }, signal), signal);
    return await readPeers(answer, resolve, signal);
  } catch (error) {
    if (isRefusal(error)) return 'unreadable';
    throw error;
  }
}
