import type { Clock } from '../agent/clock.ts';
import { SnapshotError } from '../errors.ts';
import type { Grant, Hidden, SealStatus, Sent, Target } from './contract.ts';
import type { Fetched } from './fetch.ts';
import { type Guard, isForeign, isRekeyed, judge, needsForce, type RestoreFlags, type SnapshotFacts } from './guards.ts';
import { nextSteps } from './next-steps.ts';
import { type NodeState, untilAllAgree } from './nodes.ts';
import type { Account } from './outcome.ts';
import { type Applied, pollApplied, type Sign } from './poll.ts';
import { askTarget, checkTarget, type TargetFacts, unlessKnown } from './target-facts.ts';
import { findToken, withToken } from './token.ts';
import { giveShares, untilServing } from './unseal.ts';

/** A token that is about to end by itself proves nothing. */
const TOKEN_MARGIN_MS = 15_000;
/** A restored server takes up its work, and the others follow, within minutes or not at all. */
const SETTLE_MS = 5 * 60_000;
/** What a listener lets an upload last, unless it is told otherwise. */
const READ_TIMEOUT_MS = 30_000;

/** The snapshot of the target from before the restore: the way back. */
export interface Safety {
  /** Where it lies, for people. */
  readonly place: string;
  readonly fingerprint: string | undefined;
  readonly bytes: number;
  readonly ms: number;
}

export interface RestoreDeps {
  readonly target: Target;
  readonly clock: Clock;
  readonly account: Account;
  readonly stallTimeoutMs: number;
  readonly timeoutMs: number;
  /** Of the unseal keys of a cluster, as its newest known snapshot has it. */
  findFingerprint(clusterId: string): Promise<string | undefined>;
  /** Hears what will be done, before anything is. */
  showPlan(facts: TargetFacts, guards: readonly Guard[], fingerprint: string | undefined): void;
  /** Rejects unless the operator means it. */
  confirm(facts: TargetFacts): Promise<void>;
  /** Undefined: the operator wants none. */
  readonly takeSafety: ((facts: TargetFacts) => Promise<Safety>) | undefined;
  /** Undefined: people unseal. */
  readonly shares: (() => Promise<readonly Hidden[]>) | undefined;
  /** Undefined: not wanted. */
  readonly checkCanary: ((token: Hidden, signal: AbortSignal) => Promise<void>) | undefined;
  openNode(address: string): Target;
  onUpload(bytes: number, total: number): void;
  onSilence(what: string): void;
}

/** What is known so far; it is told whatever the end is. */
export interface RestoreRecord {
  before: TargetFacts | undefined;
  /** Of the target's own unseal keys before the restore. */
  fingerprint: string | undefined;
  guards: readonly Guard[];
  safety: Safety | undefined;
  sent: Sent | undefined;
  applied: Applied | undefined;
  nodes: readonly NodeState[];
  after: SealStatus | undefined;
  nextSteps: readonly string[];
}

export function emptyRecord(): RestoreRecord {
  return {
    before: undefined,
    fingerprint: undefined,
    guards: [],
    safety: undefined,
    sent: undefined,
    applied: undefined,
    nodes: [],
    after: undefined,
    nextSteps: [],
  };
}

interface Job {
  readonly fetched: Fetched;
  readonly snapshot: SnapshotFacts;
  readonly flags: RestoreFlags;
  readonly deps: RestoreDeps;
  readonly record: RestoreRecord;
}

/** Asks the target, and judges. Ends here for a dry run; nothing was touched. */
export async function planRestore(job: Job, signal: AbortSignal): Promise<TargetFacts> {
  const { deps, snapshot, flags, record } = job;
  const { target, account } = deps;
  const facts = await account.step('ask', async () => {
    const { clusterId } = await checkTarget(target, signal);
    const grant = await target.login(signal).catch((error: unknown) => Promise.reject(unlessKnown(error, { clusterId, wanted: snapshot.clusterId })));
    return await withToken(grant, target, account, ({ token }) => askTarget(target, token, signal));
  });
  record.before = facts;
  record.fingerprint = await account.step('compare', () => deps.findFingerprint(facts.cluster.clusterId));
  record.guards = judge({ snapshot, target: facts, flags, fingerprint: record.fingerprint, now: deps.clock.now() });
  deps.showPlan(facts, record.guards, record.fingerprint);
  await account.step('guards', async () => refuseUnless(record.guards));
  return facts;
}

/** From the confirmation to the last server that agrees. */
export async function carryOut(job: Job, facts: TargetFacts, signal: AbortSignal): Promise<void> {
  const { deps, record, snapshot } = job;
  const { account, target } = deps;
  await account.step('confirm', () => deps.confirm(facts));
  await account.step('safety', () => secure(job, facts));
  // Now, so that it is younger than the snapshot and lives through the upload.
  const grant = await account.step('login', () => target.login(signal));
  const witness = grant.isFresh ? grant : await target.createToken(grant.token, signal).catch(unlessRefused);
  const bornAt = deps.clock.now();
  const applied = await withToken(witness ?? grant, target, account, async () => {
    const sign = await chooseSign(job, facts, witness, bornAt, signal);
    const sent = await account.step('send', () => send(job, facts, grant, signal));
    record.sent = sent;
    if (sent === 'unanswered') account.warnings.push('the server has not answered the upload: it is watched as if it had accepted it');
    return await account.step('apply', async () => {
      const applied = await pollApplied(sign, { ...deps, sent }, signal);
      // Another cluster's snapshot seals the server by its other keys; our own does not, so something went wrong.
      return applied.outcome === 'sealed' && !isForeign(snapshot, facts) ? await findOut(job, facts, sign, signal) : applied;
    });
  });
  record.applied = applied;
  account.level = 'installed';
  const hasOtherKeys = isRekeyed({ snapshot, target: facts, fingerprint: record.fingerprint });
  record.nextSteps = nextSteps({ snapshot, target: facts, applied, hasOtherKeys, safety: record.safety?.place });
  if (applied.outcome === 'serving' && applied.proof === 'weak') {
    account.warnings.push('nothing but its calm shows that the snapshot was applied: look for something that was written after it');
  }
  if (applied.outcome === 'sealed') await account.step('unseal', () => unseal(job, facts, signal));
  account.level = 'unsealed';
  await lookAfterwards(job, facts, signal);
}

async function secure({ deps, record, snapshot, flags, fetched }: Job, facts: TargetFacts): Promise<void> {
  if (deps.takeSafety === undefined) return;
  record.safety = await deps.takeSafety(facts);
  const { place, fingerprint, bytes, ms } = record.safety;
  deps.account.leftBehind.push(`safety snapshot: ${place}`);
  const uploadMs = bytes === 0 ? 0 : (ms * fetched.proof.bytes) / bytes;
  if (uploadMs > READ_TIMEOUT_MS) {
    deps.account.warnings.push(`the upload may take ${Math.round(uploadMs / 1000)} s: "http_read_timeout" of the listener, 30s if not set, must be longer`);
  }
  if (isForeign(snapshot, facts)) return;
  // What stood in the plan was that of an older snapshot; this one is of now.
  record.fingerprint = fingerprint;
  refuseUnless(judge({ snapshot, target: facts, flags, fingerprint, now: deps.clock.now() }).filter(({ name }) => name === 'unseal keys'));
}

/** A token of our own that the snapshot cannot know is the one sure sign; a child does where the token was given to us. */
async function chooseSign({ deps, snapshot }: Job, facts: TargetFacts, witness: Grant | undefined, bornAt: Date, signal: AbortSignal): Promise<Sign> {
  if (isForeign(snapshot, facts) && snapshot.clusterId !== undefined) return { kind: 'cluster_id', clusterId: snapshot.clusterId };
  if (witness?.lifeMs === undefined || !(await deps.target.isAlive(witness.token, signal))) return { kind: 'calm' };
  return { kind: 'token', token: witness.token, until: new Date(bornAt.getTime() + witness.lifeMs - TOKEN_MARGIN_MS) };
}

async function send({ deps, snapshot, flags, fetched }: Job, facts: TargetFacts, grant: Grant, signal: AbortSignal): Promise<Sent> {
  const { bytes } = fetched.proof;
  const isForced = needsForce({ snapshot, target: facts, flags });
  const { stallTimeoutMs } = deps;
  const onProgress = (sent: number) => deps.onUpload(sent, bytes);
  return await deps.target.sendSnapshot(fetched.read(signal), { token: grant.token, bytes, isForced, stallTimeoutMs, onProgress }, signal);
}

/** What became of a server that failed, or was started anew, while it applied a snapshot of its own cluster. Only opened does it tell. */
async function findOut({ deps, record }: Job, facts: TargetFacts, sign: Sign, signal: AbortSignal): Promise<Applied> {
  const { target, account, clock, shares, timeoutMs } = deps;
  const what = `${facts.address}: is sealed since it applied the snapshot, or was about to`;
  if (shares === undefined) {
    record.nextSteps = [`unseal ${facts.address}, and look whether what was written after the snapshot is gone: if not, nothing was restored`];
    throw new SnapshotError('target_lost', `apply: ${what}: nobody knows which state it holds`, { advice: 'its log tells why; unseal it and look' });
  }
  await account.step('unseal', async () => {
    await giveShares(target, await shares(), signal);
    await untilServing(target, clock, timeoutMs, signal);
  });
  if (sign.kind !== 'token') return { outcome: 'serving', proof: 'weak' };
  if (!(await target.isAlive(sign.token, signal))) return { outcome: 'serving', proof: 'token' };
  throw new SnapshotError('target_lost', `apply: ${what}: opened, it holds the state of before`, {
    advice: 'nothing was restored: its log tells why; run it again',
  });
}

async function unseal({ deps }: Job, facts: TargetFacts, signal: AbortSignal): Promise<void> {
  const { target, clock, shares } = deps;
  if (shares === undefined)
    throw new SnapshotError('level_installed', `unseal: ${facts.address}: the snapshot is in place, and the server is sealed until people give its shares`);
  await giveShares(target, await shares(), signal);
  await untilServing(target, clock, SETTLE_MS, signal);
}

/** With an identity that the snapshot knows: ours of before is gone. */
async function lookAfterwards({ deps, record, snapshot }: Job, facts: TargetFacts, signal: AbortSignal): Promise<void> {
  const { target, account, clock, shares } = deps;
  record.after = await account.step('look', () => target.sealStatus(signal));
  const given = shares === undefined ? [] : await shares();
  const grant = await findToken(target, given, account, signal).catch((error: unknown) => {
    if (!(error instanceof SnapshotError && error.code === 'no_token')) throw error;
    account.warnings.push(`nobody could look at the restored cluster: ${error.message}`);
    return undefined;
  });
  if (grant === undefined) {
    if (deps.checkCanary) throw new SnapshotError('level_unsealed', 'canary: there is no token to read it with');
    return;
  }
  await withToken(grant, target, account, async ({ token }) => {
    const warn = (text: string) => void account.warnings.push(text);
    const nodes = { target, token, isAlone: facts.servers.length === 1, clock, timeoutMs: SETTLE_MS, openNode: deps.openNode, warn };
    const clusterId = snapshot.clusterId ?? facts.cluster.clusterId;
    record.nodes = await account.step('nodes', () => untilAllAgree(clusterId, nodes, signal));
    const { checkCanary } = deps;
    if (checkCanary === undefined) return;
    await account.step('canary', () => checkCanary(token, signal));
    account.level = 'canary-read';
  });
}

function refuseUnless(guards: readonly Guard[]): void {
  const failed = guards.filter(({ ok }) => !ok);
  const [first] = failed;
  if (first === undefined) return;
  const message = failed.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
  throw new SnapshotError(first.code, message, { advice: failed.map(({ advice }) => advice).join('; ') });
}

function unlessRefused(error: unknown): undefined {
  if (error instanceof SnapshotError && error.code.startsWith('vault_')) return undefined;
  throw error;
}
