import { type ClientOptions, clientOf, RecordingLog } from './client-of.ts';
import { type Reply, startHttpVault } from './http-vault.ts';
import { ManualClock } from './manual-clock.ts';

export const LEADER = { ha_enabled: true, is_self: true, leader_address: 'http://127.0.0.1:8200', performance_standby: false, raft_applied_index: 7 };
export const SEAL = {
  type: 'shamir',
  initialized: true,
  sealed: false,
  n: 5,
  t: 3,
  version: '1.21.0',
  build_date: '2025-11-21T08:52:42Z',
  cluster_name: 'vault-cluster-1',
  cluster_id: 'c-1',
  recovery_seal: false,
  storage_type: 'raft',
};

/** By path, without the query. */
export type Answers = Readonly<Record<string, Reply | (() => Reply)>>;

/** A Vault that answers by path and a client of it. */
export async function startAnsweringVault(answers: Answers, options: Partial<ClientOptions> = {}) {
  const server = await startHttpVault(({ path }) => {
    const reply = answers[path.replace(/\?.*/, '')] ?? { status: 404, json: { errors: [] } };
    return typeof reply === 'function' ? reply() : reply;
  });
  const clock = new ManualClock(new Date().toISOString());
  const log = new RecordingLog();
  const client = clientOf({ address: server.address, clock, log, ...options });
  const close = async () => {
    await client.close();
    await server.close();
  };
  return { client, server, clock, log, close };
}

export function ok(json: unknown): Reply {
  return { status: 200, json };
}
