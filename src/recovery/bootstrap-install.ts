import type { Clock } from '../agent/clock.ts';
import { SnapshotError } from '../errors.ts';
import type { Claim } from './bootstrap-lease.ts';
import { type Marked, type Marker, markOf, type Phase, signOf } from './bootstrap-marker.ts';
import { refuseRival } from './bootstrap-peers.ts';
import type { GoodSnapshot } from './bootstrap-source.ts';
import type { InitKeys, SealStatus, Target } from './contract.ts';
import type { Account } from './outcome.ts';
import { pollApplied } from './poll.ts';
import { giveShares, untilLeading } from './unseal.ts';

export interface InstallDeps {
  readonly target: Target;
  readonly peers: readonly Target[];
  readonly marker: Marker;
  /** Asked right before each step that cannot be taken back. */
  readonly claim: Claim;
  readonly clock: Clock;
  readonly account: Account;
  readonly stallTimeoutMs: number;
  /** How long the server may take to apply the snapshot. */
  readonly timeoutMs: number;
  onPhase(phase: Phase): void;
  onUpload(bytes: number, total: number): void;
  onSilence(what: string): void;
}

/** Fills an empty server. Its keys of until then live in memory only; the marker tells at each instant what a crash would leave. */
export async function installSnapshot(good: GoodSnapshot, status: SealStatus, deps: InstallDeps, signal: AbortSignal): Promise<Marked> {
  const { target, account, clock, claim } = deps;
  const marked = markOf(good.manifest, { run_id: account.runId, address: target.address, destination: good.destination });
  const isShamir = status.type === 'shamir';
  await account.step('claim', () => claim.confirm(signal));
  await mark(marked, 'initialising', deps);
  const keys = await account.step('init', () => init(marked, !isShamir, deps, signal));
  await mark(marked, 'initialised', deps);
  await account.step('lead', async () => {
    if (isShamir) await giveShares(target, keys.shares, signal);
    await untilLeading(target, clock, signal);
    await leaveSign(marked, keys, target, signal);
    await refuseWrongServer(good, keys, target, signal);
    await refuseRival(deps.peers, target, signal);
    await claim.confirm(signal);
  });
  await mark(marked, 'restore_sent', deps);
  const sent = await account.step('send', () => send(good, keys, marked, deps, signal));
  const sign = { kind: 'cluster_id', clusterId: marked.cluster_id } as const;
  await account.step('apply', () => pollApplied(sign, { ...deps, sent }, signal).catch((error: unknown) => takeBack(error, marked, deps)));
  return await mark(marked, 'restored', deps);
}

export async function mark(marked: Marked, phase: Phase, { marker, onPhase }: Pick<InstallDeps, 'marker' | 'onPhase'>): Promise<Marked> {
  const next = { ...marked, phase };
  await marker.write(next);
  onPhase(phase);
  return next;
}

async function init(
  { seal_shares: shares, seal_threshold: threshold }: Marked,
  areRecoveryKeys: boolean,
  deps: InstallDeps,
  signal: AbortSignal,
): Promise<InitKeys> {
  try {
    return await deps.target.init({ shares, threshold, areRecoveryKeys }, signal);
  } catch (error) {
    // Somebody else was quicker: what is there is theirs, and must never be taken for our leavings.
    if (error instanceof SnapshotError && error.code === 'server_refused') await deps.marker.remove();
    throw error;
  }
}

/** Shows whoever is to empty it that this is the cluster nobody has the keys of. The snapshot takes it away with all the rest. */
async function leaveSign(marked: Marked, { rootToken }: InitKeys, target: Target, signal: AbortSignal): Promise<void> {
  const policy = '# the keys of this cluster are lost: it was to be filled by vault-snapshotd';
  await target.write(`sys/policies/acl/${signOf(marked)}`, { policy }, { token: rootToken }, signal);
}

/** What only an unsealed server tells. Nothing was sent yet. */
async function refuseWrongServer({ manifest, fetched }: GoodSnapshot, { rootToken }: InitKeys, target: Target, signal: AbortSignal): Promise<void> {
  const refuse = (what: string, advice: string) =>
    new SnapshotError('refused', `vault: ${target.address}: ${what}`, {
      advice: `${advice}; then empty it, for it is initialised by now: bootstrap --clean --data-dir DIR`,
    });
  const { product } = await target.describe(signal);
  if (product !== manifest.product) throw refuse(`is ${product}, the snapshot is of ${manifest.product}`, `start ${manifest.product} in its place`);
  const servers = await target.raftServers(rootToken, signal);
  if (servers.length !== 1) {
    throw refuse(`has ${servers.length} raft servers already`, 'let the others join only after this one is restored: without retry_join, or not running yet');
  }
  const known = fetched.proof.meta.servers.map(({ id }) => id);
  const nodeId = servers[0]?.id ?? '';
  if (product === 'openbao' || known.includes(nodeId)) return;
  throw refuse(
    `its node_id is ${nodeId}, which the snapshot does not know: it would find itself removed from its cluster, and seal itself`,
    `set "node_id" of its storage to one of ${known.join(', ')}`,
  );
}

async function send({ fetched }: GoodSnapshot, { rootToken }: InitKeys, marked: Marked, deps: InstallDeps, signal: AbortSignal) {
  const { target, stallTimeoutMs, onUpload } = deps;
  const { bytes } = fetched.proof;
  const sending = { token: rootToken, bytes, isForced: true, stallTimeoutMs, onProgress: (sent: number) => onUpload(sent, bytes) };
  try {
    return await target.sendSnapshot(fetched.read(signal), sending, signal);
  } catch (error) {
    // Nothing was changed: what is there is the empty server of before, whose keys end with us.
    await mark(marked, 'initialised', deps);
    throw error;
  }
}

async function takeBack(error: unknown, marked: Marked, deps: InstallDeps): Promise<never> {
  if (error instanceof SnapshotError && error.code === 'upload_cut') await mark(marked, 'initialised', deps);
  throw error;
}
