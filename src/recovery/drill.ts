import { type Clock, elapsedMs } from '../agent/clock.ts';
import { SnapshotError } from '../errors.ts';
import type { Hidden, SealStatus, ServerFacts, Target } from './contract.ts';
import { type Checked, type Contents, checkContents, type FoundCanary, judgeAge, proveCanary, refuseMissing, rewriteCanary } from './drill-checks.ts';
import { type Installing, install } from './drill-install.ts';
import type { Fetched } from './fetch.ts';
import { isOlder, type SnapshotFacts } from './guards.ts';
import type { Account, Level } from './outcome.ts';
import type { Throwaway, ThrowawayPlace } from './throwaway.ts';
import { type Found, findToken, type Told, withToken } from './token.ts';
import { giveShares, untilServing } from './unseal.ts';

/** An unsealed server takes up its work within minutes or not at all. */
const SETTLE_MS = 5 * 60_000;
const END_MS = 1_000;

export type DrillLevel = Exclude<Level, 'none'>;

export interface DrillDeps {
  readonly place: ThrowawayPlace;
  readonly clock: Clock;
  readonly account: Account;
  readonly stallTimeoutMs: number;
  readonly timeoutMs: number;
  /** Of the source; none where nobody may open the snapshot here. */
  readonly shares: readonly Hidden[];
  /** Whether an identity of the snapshot is configured. */
  readonly hasLogin: boolean;
  onUpload(bytes: number, total: number): void;
}

export interface DrillWish {
  readonly level: DrillLevel;
  readonly contents: Contents;
  readonly maxAgeMs: number;
  /** Into the copy, once the old one was found. */
  readonly isCanaryRewritten: boolean;
}

/** What is known so far; it is told whatever the end is. */
export interface DrillRecord {
  isIsolated: boolean;
  server: ServerFacts | undefined;
  seal: (Pick<SealStatus, 'type' | 'shares' | 'threshold'> & { readonly fingerprint: string | undefined }) | undefined;
  proof: Installing['proof'];
  tokenWay: Found['way'] | undefined;
  canary: FoundCanary | undefined;
  checks: readonly Checked[];
  /** From the first question to the level that was reached last. */
  rtoSeconds: number | undefined;
}

export interface DrillJob {
  readonly fetched: Fetched;
  readonly snapshot: SnapshotFacts;
  readonly wish: DrillWish;
  readonly deps: DrillDeps;
  readonly record: DrillRecord;
  readonly begunAt: Date;
}

export function emptyDrillRecord(): DrillRecord {
  return {
    isIsolated: false,
    server: undefined,
    seal: undefined,
    proof: undefined,
    tokenWay: undefined,
    canary: undefined,
    checks: [],
    rtoSeconds: undefined,
  };
}

/** Whether it could be done here; nothing of the snapshot has left the spool. */
export async function prepareDrill({ deps, snapshot, record }: DrillJob, signal: AbortSignal): Promise<void> {
  const { place, account } = deps;
  record.server = await account.step('server', async () => {
    const server = await place.describe(signal);
    refuseOlder(server, snapshot);
    refuseOtherSeal(server.sealType, snapshot);
    return server;
  });
  const swept = await account.step('place', () => place.prepare(snapshot.proof.stateBytes));
  account.warnings.push(...swept.map((what) => `removed what a killed drill left: ${what}`));
  await account.step('isolation', () => place.checkIsolation(signal));
}

function refuseOlder({ product, version }: ServerFacts, { manifest }: SnapshotFacts): void {
  if (manifest === undefined) return;
  const wanted = `${manifest.product} ${manifest.server_version}`;
  const isOther = product !== undefined && product !== manifest.product;
  if (isOther || isOlder(version, manifest.server_version)) {
    throw new SnapshotError('server_too_old', `server: is ${product ?? ''} ${version}, the snapshot is of ${wanted}`);
  }
}

/** It would take the snapshot, and never open it. */
function refuseOtherSeal(sealType: string | undefined, { manifest, proof }: SnapshotFacts): void {
  const wanted = manifest?.seal_type ?? proof.seal?.type;
  if (sealType === undefined || wanted === undefined || sealType === wanted) return;
  const advice =
    wanted === 'shamir'
      ? 'leave "drill.seal_file" out: this snapshot is opened with shares'
      : 'give the server the seal of the cluster and the way to its KMS: "drill": {"isolation": "external", "seal_file": …}; --level verified needs no server';
  throw new SnapshotError('refused', `server: would be sealed with ${sealType}, the snapshot was sealed with ${wanted}`, { advice });
}

/** Restores the snapshot into an empty server and looks how far it carries; ends at the wanted level. */
export async function runDrill(job: DrillJob, signal: AbortSignal): Promise<void> {
  const { deps, snapshot, record } = job;
  const { place, account } = deps;
  const nodeId = snapshot.proof.meta.servers.find(({ voter }) => voter)?.id ?? 'node';
  const throwaway = await account.step('start', () => place.start(nodeId, signal));
  record.isIsolated = place.isIsolated;
  const alive = AbortSignal.any([signal, throwaway.lost]);
  try {
    await climb(job, throwaway, alive);
  } catch (error) {
    signal.throwIfAborted();
    // That it ended is the reason of whatever failed then; its last connection ends a little before itself.
    if (isSilence(error)) await deps.clock.waitUntil(new Date(deps.clock.now().getTime() + END_MS), alive);
    throwaway.lost.throwIfAborted();
    throw error;
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof SnapshotError && (error.code === 'vault_unreachable' || isSilence(error.cause));
}

async function climb(job: DrillJob, throwaway: Throwaway, signal: AbortSignal): Promise<void> {
  const { deps, wish, record, snapshot, fetched } = job;
  const { account } = deps;
  const { status, proof } = await install({ fetched, snapshot, throwaway, deps }, signal);
  record.proof = proof;
  record.seal = { type: status.type, shares: status.shares, threshold: status.threshold, fingerprint: snapshot.proof.sealFingerprint };
  reach(job, 'installed');
  if (wish.level === 'installed') return judgeAge(snapshot.takenAt, wish.maxAgeMs, deps.clock.now());
  await account.step('unseal', () => open(job, throwaway.target, signal));
  reach(job, 'unsealed');
  if (wish.level === 'unsealed') return judgeAge(snapshot.takenAt, wish.maxAgeMs, deps.clock.now());
  await look(job, throwaway, signal);
  reach(job, 'canary-read');
}

export function reach({ deps: { account, clock }, record, begunAt }: DrillJob, level: DrillLevel): void {
  account.level = level;
  record.rtoSeconds = elapsedMs(begunAt, clock) / 1000;
}

async function open({ deps, snapshot }: DrillJob, target: Target, signal: AbortSignal): Promise<void> {
  const { shares, clock } = deps;
  const status = await target.sealStatus(signal);
  if (status.isSealed && shares.length === 0)
    throw new SnapshotError('level_installed', 'unseal: the snapshot is in place, and no shares are given to open it');
  await giveShares(target, shares, signal).catch((error: unknown) => {
    throw named(error, snapshot);
  });
  await untilServing(target, clock, SETTLE_MS, signal);
  const { clusterId } = await target.describe(signal);
  if (snapshot.clusterId !== undefined && clusterId !== snapshot.clusterId) {
    throw new SnapshotError('seal_config_differs', `unseal: what was restored is the cluster ${clusterId}, the snapshot is of ${snapshot.clusterId}`);
  }
}

/** Which shares would be the right ones. */
function named(error: unknown, { proof, manifest }: SnapshotFacts): unknown {
  if (!(error instanceof SnapshotError) || error.code !== 'wrong_unseal_keys' || proof.sealFingerprint === undefined) return error;
  const since = manifest?.key_era ? `, in use since ${manifest.key_era.slice(0, 10)}` : '';
  const advice = `this snapshot needs the shares of the fingerprint ${proof.sealFingerprint.slice(0, 12)}${since}`;
  return new SnapshotError(error.code, error.message, { cause: error, advice });
}

async function look({ deps, wish, record, snapshot }: DrillJob, { target, restart }: Throwaway, signal: AbortSignal): Promise<void> {
  const { account, shares, hasLogin, clock } = deps;
  // On a server of our own every token dies with the copy.
  const told: Told = restart === undefined ? account : { warnings: [], leftBehind: [] };
  const grant = await account.step('token', async () => {
    if (!hasLogin && shares.length === 0) throw new SnapshotError('level_unsealed', 'token: neither a login nor shares are given to get one');
    return await findToken(target, shares, told, signal);
  });
  record.tokenWay = grant.way;
  if (hasLogin && grant.way === 'shares') account.warnings.push(`the login led nowhere, and a root token was made from the shares: ${grant.tried.join('; ')}`);
  await withToken(grant, target, told, async ({ token }) => {
    await account.step('checks', async () => {
      record.checks = await checkContents(wish.contents, target, token, signal);
      refuseMissing(record.checks);
    });
    const found = (canary: FoundCanary) => {
      record.canary = canary;
    };
    const { manifest, takenAt } = snapshot;
    const question = { manifest, takenAt, maxAgeMs: wish.maxAgeMs, now: clock.now(), found };
    await account.step('canary', () => proveCanary(question, target, token, signal));
    const { canary } = manifest ?? {};
    if (wish.isCanaryRewritten && canary) await account.step('write', () => rewriteCanary(canary, target, token, clock.now(), signal));
  });
}
